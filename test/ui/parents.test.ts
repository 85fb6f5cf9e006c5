/** A platform or an artifact is shown with what it belongs to, and its state agrees with that of its index. */
import { expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { asPart, kindOf, readParents } from '../../src/ui/parents.ts';
import { Unanswered } from '../../src/ui/tracker.ts';
import { shownState } from '../../src/ui/words.ts';
import { digestOf } from '../support/build.ts';

const [own, index, other] = [digestOf(1), digestOf(2), digestOf(3)];
const place = { registry: 'contoso.azurecr.io', repository: 'team/app' };

function documentOf(more: object): AvailabilityDocument {
  return { ...place, digest: own, mediaType: null, state: 'replicating', delayed: false, tags: [], ...more } as never;
}

/** @param known by digest; of the others there is no answer */
const askOf =
  (known: Readonly<Record<string, object>>) =>
  async <T>(_: string, { image = '' }: Readonly<Record<string, string | undefined>>) => {
    const answer = known[image.replace(/^.*@/, '')];
    if (answer === undefined) throw new Unanswered('away', 'no answer');
    return answer as T;
  };

const platform = { digest: own, kind: 'platform', platform: 'linux/arm64', missing: ['westeurope'] };

test.each([
  ['delayed', { state: 'replicating', delayed: true }],
  ['replicating', { state: 'replicating', delayed: false }],
  // The index is gone; the platform is still on its way.
  ['replicating', { state: 'deleted', delayed: true }],
])('a platform that is missing is %s if its index is %j', async (state, of) => {
  const document = documentOf({ memberOf: [index] });
  const parents = await readParents(askOf({ [index]: { ...of, members: [platform] } }), document);
  expect(shownState(asPart(document, parents))).toBe(state);
  expect(parents).toEqual([
    {
      digest: index,
      isIndex: true,
      state: of.delayed && of.state !== 'deleted' ? 'delayed' : of.state,
      listed: 'platform linux/arm64',
    },
  ]);
});

test('a platform that is everywhere is available, however late its index', async () => {
  const document = documentOf({ memberOf: [index], state: 'available' });
  const parents = await readParents(askOf({ [index]: { state: 'replicating', delayed: true } }), document);
  expect(shownState(asPart(document, parents))).toBe('available');
});

test('an artifact is not delayed with its image, which does not wait for it', async () => {
  const document = documentOf({ subject: other });
  const parents = await readParents(askOf({ [other]: { state: 'replicating', delayed: true } }), document);
  expect(parents).toMatchObject([{ digest: other, isIndex: false, state: 'delayed' }]);
  expect(shownState(asPart(document, parents))).toBe('replicating');
});

test('without an answer about it, its index is named all the same', async () => {
  const document = documentOf({ memberOf: [index] });
  expect(await readParents(askOf({}), document)).toEqual([
    { digest: index, isIndex: true, state: undefined, listed: undefined },
  ]);
});

const image = 'application/vnd.oci.image.manifest.v1+json';
test.each([
  ['image', { mediaType: image }],
  ['multi-platform', { mediaType: 'application/vnd.oci.image.index.v1+json' }],
  ['not known', {}],
  ['platform linux/arm64', { mediaType: image, memberOf: [index] }],
  ['part of an index', { mediaType: image, memberOf: [other] }],
  ['attached artifact', { mediaType: image, subject: other }],
  ['signature', { mediaType: image, tags: [`${own.replace(':', '-')}.sig`] }],
  ['SBOM', { mediaType: image, tags: [`${own.replace(':', '-')}.sbom`] }],
])('its kind is %s', async (kind, more) => {
  const document = documentOf(more);
  const known = { [index]: { state: 'available', members: [platform] }, [other]: { state: 'available' } };
  expect(kindOf(document, await readParents(askOf(known), document))).toBe(kind);
});
