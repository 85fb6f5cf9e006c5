/** Questions while Azure Resource Manager has never answered: nothing is wrong with them, and asked again they are answered. */
import { describe, expect, test } from 'vitest';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { withObservedOnly } from '../../src/core/model/replica-set.ts';
import { availabilityFunction } from '../../src/functions/api/availability.ts';
import { availabilityOfImagesFunction } from '../../src/functions/api/availability-of-images.ts';
import { putReleaseFunction } from '../../src/functions/api/put-release.ts';
import { releaseFunction } from '../../src/functions/api/release.ts';
import { waitFunction } from '../../src/functions/api/wait.ts';
import { waitForImagesFunction } from '../../src/functions/api/wait-for-images.ts';
import { waitForReleaseFunction } from '../../src/functions/api/wait-for-release.ts';
import { digestOf, regionsOf, registryOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import type { ReleaseInstance } from '../support/memory-releases.ts';
import { releaseInstance, releaseWorld } from '../support/memory-releases.ts';

const image = `contoso.azurecr.io/team/app@${digestOf(1)}`;
const body = JSON.stringify({ images: [image], timeout: 0 });
const name = { params: { name: 'shop' } };

/** An instance that knows of no region but those that its settings name, and the release that another one has made. */
async function instanceThatKnows(observedOnly: string[], refreshedAt = 0) {
  const world = releaseWorld();
  await releaseInstance(world).releases.put('shop', { images: [image], regions: null, require: 'all' });
  const registry = registryOf({ regions: undefined, observedOnly: regionsOf(...observedOnly) });
  const nothing: ReplicaSet = { replicas: [], source: 'remembered', refreshedAt, verify: 'missing' };
  return releaseInstance(world, {}, { registries: [registry], replicaSet: () => withObservedOnly(registry, nothing) });
}

type Ask = (instance: ReleaseInstance) => ReturnType<typeof call>;
const questions: [string, Ask][] = [
  ...['', '&regions=eastus', '&require=2'].flatMap((required): [string, Ask][] => [
    [
      `availability${required}`,
      ({ memory }) => call(availabilityFunction(memory.tracker), { path: `availability?image=${image}${required}` }),
    ],
    [
      `wait${required}`,
      ({ memory }) => call(waitFunction(memory.tracker), { path: `wait?image=${image}&timeout=0${required}` }),
    ],
  ]),
  [
    'availability of several',
    ({ memory }) =>
      call(availabilityOfImagesFunction(memory.tracker), {
        path: 'availability',
        body: JSON.stringify({ images: [image] }),
      }),
  ],
  ['a wait for several', ({ memory }) => call(waitForImagesFunction(memory.tracker), { path: 'wait', body })],
  [
    'a new release',
    ({ memory, releases }) =>
      call(putReleaseFunction(memory.tracker, releases), {
        path: 'releases/shop',
        body: JSON.stringify({ images: [image] }),
        ...name,
      }),
  ],
  ['a release', ({ releases }) => call(releaseFunction(releases), { path: 'releases/shop', ...name })],
  [
    'a wait for a release',
    ({ releases }) => call(waitForReleaseFunction(releases), { path: 'releases/shop/wait?timeout=0', ...name }),
  ],
];

describe.each([
  ['no region', []],
  ['a region that is only observed', ['japaneast']],
])('where the settings name %s', (_what, observedOnly) => {
  test.each(questions)('%s is answered 503, with the reason and when to ask again', async (_question, ask) => {
    const answer = await ask(await instanceThatKnows(observedOnly));
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'retry-after': '10' },
      body: { detail: expect.stringContaining('The replicas of contoso.azurecr.io are not known yet') },
    });
  });
});

test('where all regions that ARM has named are only observed, the answer names the setting', async () => {
  const { memory } = await instanceThatKnows(['japaneast'], Date.parse('2026-06-01T10:00:00Z'));
  const answer = await call(availabilityFunction(memory.tracker), { path: `availability?image=${image}` });
  expect(answer).toMatchObject({ status: 503, body: { detail: expect.stringContaining('Correct observedOnly') } });
});
