/** A release in words, in the list and on its own screen. */
import { describe, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/core/releases/release-document.ts';
import { progressOf, releaseHeadline, releaseState } from '../../src/ui/release-words.ts';
import { digestOf } from '../support/build.ts';

const nameOf = (n: number) => `contoso.azurecr.io/team/app@${digestOf(n)}`;

/** @param lacking by image `n`, the regions that lack it */
function releaseOf(images: number, lacking: Record<number, readonly string[]> = {}, more: object = {}) {
  const missing = Object.entries(lacking).map(([n, regions]) => ({ image: nameOf(Number(n)), regions }));
  return {
    satisfied: missing.length === 0,
    images: Array.from({ length: images }, (_, n) => ({ satisfied: lacking[n] === undefined })),
    missing,
    ended: [],
    ...more,
  } as unknown as ReleaseDocument;
}

describe('who lacks what, in one sentence', () => {
  const west = ['westeurope'];
  test.each<[string, ReleaseDocument]>([
    ['All 3 images are where they must be.', releaseOf(3)],
    ['Its one image is where it must be.', releaseOf(1)],
    [
      `2 of 3 images complete: team/app ${digestOf(1).slice(0, 15)}… missing in uksouth, westeurope.`,
      releaseOf(3, { 1: ['uksouth', 'westeurope'] }),
    ],
    [
      `0 of 1 image complete: team/app ${digestOf(0).slice(0, 15)}… deleted. What is deleted comes only if it is pushed again.`,
      releaseOf(1, { 0: ['a', 'b', 'c', 'd'] }, { ended: [{ image: nameOf(0), outcome: 'deleted' }] }),
    ],
  ])('%s', (sentence, release) => {
    expect(releaseHeadline(release)).toBe(sentence);
  });

  test('says which image does not list a platform that the release requires', () => {
    const listing = (n: number, ...platforms: (string | null)[]) => ({
      ...{ image: nameOf(n), repository: 'team/app', tag: { name: `v${n}`, regions: [] }, satisfied: n === 0 },
      ...{ state: 'available', membersKnown: true, regions: [{ region: 'westeurope', state: 'available' }] },
      missing: n === 0 ? [] : west,
      members: platforms.map((platform) => ({ kind: 'platform', platform, missing: [] })),
    });
    const images = [listing(0, 'linux/amd64', 'linux/arm64/v8'), listing(1, 'linux/amd64')];
    const release = releaseOf(2, { 1: west }, { images, platforms: ['linux/amd64', 'linux/arm64'] });
    expect(releaseHeadline(release)).toMatch(/\. team\/app:v1 does not list linux\/arm64\./);
    expect(releaseHeadline(release)).not.toContain('team/app:v0');
  });

  test('names an image by the tag that was asked for, and apart from the others what no region has reported', () => {
    const worker = 'contoso.azurecr.io/team/worker:v2';
    const images = [
      { image: nameOf(0), satisfied: true, state: 'available' },
      {
        image: nameOf(1),
        satisfied: false,
        state: 'replicating',
        repository: 'team/app',
        tag: { name: 'v2' },
        regions: [],
      },
      { image: worker, satisfied: false, state: 'unknown' },
    ];
    const missing = [
      { image: nameOf(1), regions: west },
      { image: worker, regions: ['uksouth', 'westeurope'] },
    ];
    expect(releaseHeadline(releaseOf(3, {}, { satisfied: false, images, missing }))).toBe(
      '1 of 3 images complete: team/app:v2 missing in westeurope; team/worker:v2 not reported by any region.',
    );
  });
});

describe('an image that is there, but not with all that the release requires', () => {
  const regions = ['uksouth', 'westeurope'].map((region) => ({ region, state: 'available' }));
  const unsigned = { artifacts: [{ kind: 'signature', known: true, missing: west() }] };
  const split = ['amd64', 'arm64'].map((name) => ({
    ...{ kind: 'platform', platform: `linux/${name}`, missing: name === 'arm64' ? west() : [] },
  }));
  const elsewhere = { tag: { name: 'prod', regions: [{ region: 'westeurope', digest: digestOf(9) }] } };

  function west() {
    return ['westeurope'];
  }

  /** @param more what the documents of the images have */
  function headlineOf(...more: readonly object[]) {
    const images = more.map((one, n) => ({
      ...{
        image: nameOf(n),
        satisfied: false,
        state: 'available',
        repository: 'team/app',
        tag: { name: 'prod', regions: [] },
      },
      ...{ regions, missing: west(), ...one },
    }));
    const missing = images.map(({ image }) => ({ image, regions: west() }));
    return releaseHeadline(releaseOf(0, {}, { satisfied: false, images, missing }));
  }

  test.each<[string, object[]]>([
    ['team/app:prod with no signature in westeurope.', [unsigned]],
    ['team/app with another prod in westeurope.', [elsewhere]],
    ['team/app:prod with no prod in westeurope.', [{}]],
    ['team/app:prod missing linux/arm64 in westeurope.', [{ regions: [], members: split }]],
  ])('%s', (end, more) => {
    expect(headlineOf(...more)).toContain(end);
  });
});

/** A document of a release as the tracker answers it. */
function documentOf(...images: readonly { name: string; missing: readonly string[]; state?: string }[]) {
  const documents = images.map(({ name, missing, state = 'replicating' }) => ({
    ...{ image: `contoso.azurecr.io/team/${name}@${digestOf(1)}`, repository: `team/${name}`, missing, state },
    ...{ satisfied: missing.length === 0, tag: { name: 'v1', regions: [] }, regions: [] },
  }));
  return releaseOf(
    0,
    {},
    {
      ...{ satisfied: false, state: 'replicating', images: documents },
      missing: documents
        .filter(({ satisfied }) => !satisfied)
        .map(({ image, missing: regions }) => ({ image, regions })),
      ended: documents.flatMap(({ image, state }) => (state === 'deleted' ? [{ image, outcome: state }] : [])),
    },
  );
}

test('the list says of a release what its sentence says: every image that is not complete, and why', () => {
  const release = documentOf(
    { name: 'cart', missing: [] },
    { name: 'pay', missing: ['westus'] },
    { name: 'app', missing: ['westus'] },
    { name: 'old', missing: ['eastus', 'westus'], state: 'deleted' },
    { name: 'new', missing: ['eastus', 'westus'], state: 'unknown' },
  );
  const { complete, of, incomplete } = progressOf(release);
  expect([complete, of]).toEqual([1, 5]);
  expect(incomplete).toBe(
    'team/pay:v1, team/app:v1 missing in westus; team/old:v1 deleted; team/new:v1 not reported by any region',
  );
  expect(releaseHeadline(release)).toContain(`1 of 5 images complete: ${incomplete}. `);
  expect(releaseState({ availableAt: null, delayed: true, state: 'deleted' })).toBe('deleted');
});

test('an image that is being deleted is not one that is late', () => {
  const release = documentOf({ name: 'app', missing: ['b', 'c'], state: 'deleting' });
  const region = (name: string, state: string) => ({ region: name, state });
  const regions = [region('a', 'available'), region('b', 'deleted'), region('c', 'deleted')];
  const [app] = release.images.map((one) => ({ ...one, regions }));
  const deleting = { ...release, state: 'deleting', delayed: true, images: [app] } as unknown as ReleaseDocument;
  expect(releaseHeadline(deleting)).toBe(
    '0 of 1 image complete: team/app:v1 being deleted: deleted in 2 regions, still in 1. What is deleted comes only if it is pushed again.',
  );
  for (const state of ['deleting', 'unknown'] as const) {
    const { state: together } = progressOf({ ...deleting, state });
    expect(releaseState({ availableAt: null, delayed: true, state: together })).toBe('deleting');
  }
});

test('an image that is complete is not named, although some region lacks it', () => {
  const release = documentOf({ name: 'app', missing: ['westus'] }, { name: 'pay', missing: ['westus'] });
  const images = release.images.map((one, n) => ({ ...one, satisfied: n === 0 }));
  expect(progressOf({ ...release, images }).incomplete).toBe('team/pay:v1 missing in westus');
});

test('of many images, those that lack the same are counted together', () => {
  const names = (start: string, count: number) => Array.from({ length: count }, (_, n) => `${start}${n}`);
  const same = names('same', 40).map((name) => ({ name, missing: ['westus'] }));
  expect(progressOf(documentOf(...same)).incomplete).toBe('team/same0:v1, team/same1:v1 and 38 more missing in westus');
  const other = names('other', 8).map((name) => ({ name, missing: [name, 'b', 'c', 'd'] }));
  const { incomplete } = progressOf(documentOf(...other));
  expect(incomplete).toMatch(/^team\/other0:v1 missing in other0, b and 2 more; .*; 3 more incomplete$/);
});

test.each([
  ['available', '2026-06-01T12:00:00.000Z', true],
  ['delayed', null, true],
  ['replicating', null, false],
] as const)('%s', (state, availableAt, delayed) => {
  expect(releaseState({ availableAt, delayed })).toBe(state);
});
