/** A release in words, in the list and on its own screen. */
import { describe, expect, test } from 'vitest';
import type { ReleaseDocument } from '../../src/core/releases/release-document.ts';
import {
  incompleteText,
  lackingText,
  openRelease,
  progressOf,
  releaseHeadline,
  releaseState,
} from '../../src/ui/release-words.ts';
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
      `2 of 3 images are where they must be: team/app ${digestOf(1).slice(0, 15)}… is missing in uksouth, westeurope.`,
      releaseOf(3, { 1: ['uksouth', 'westeurope'] }),
    ],
    [
      '1 of 4 images is where they must be. Images missing: westeurope 3, uksouth 1.',
      releaseOf(4, { 1: west, 2: west, 3: ['uksouth', 'westeurope'] }),
    ],
    [
      '0 of 3 images are where they must be. Images missing: a 3, b 2 and 2 more regions.',
      releaseOf(3, { 0: ['a', 'b', 'c'], 1: ['a', 'b'], 2: ['a', 'd'] }),
    ],
    [
      `0 of 1 image are where they must be. team/app ${digestOf(0).slice(0, 15)}… was deleted: it comes only if it is pushed again.`,
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
    expect(releaseHeadline(release)).toContain('. team/app:v1 does not list linux/arm64.');
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
      '1 of 3 images is where they must be: team/app:v2 is missing in westeurope. No region has reported team/worker:v2.',
    );
  });
});

describe('an image that is there, but not with all that the release requires', () => {
  const regions = ['uksouth', 'westeurope'].map((region) => ({ region, state: 'available' }));
  const unsigned = { artifacts: [{ kind: 'signature', known: true, missing: west() }] };
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
    ['team/app:prod has no signature in westeurope.', [unsigned]],
    ['team/app has another prod in westeurope.', [elsewhere]],
    ['team/app:prod has no prod in westeurope.', [{}]],
    ['Images with no signature: westeurope 2. Images missing: westeurope 1.', [unsigned, unsigned, { regions: [] }]],
  ])('%s', (end, more) => {
    expect(headlineOf(...more)).toContain(end);
  });
});

test('the region that lacks most comes first, and those that lack as many by name', () => {
  const progress = progressOf(releaseOf(3, { 0: ['b', 'a'], 1: ['c', 'b', 'a'], 2: ['c', 'a'] }));
  expect(progress).toEqual({
    complete: 0,
    of: 3,
    lacking: [
      ['a', 3],
      ['b', 2],
      ['c', 2],
    ],
  });
  expect(lackingText(progress)).toBe('a 3, b 2, c 2');
  expect(lackingText({ lacking: [] })).toBe('');
});

test('a deleted image is named, and is not counted as missing in every region', () => {
  const ended = [{ image: nameOf(1), outcome: 'deleted' }];
  const gone = `team/app ${digestOf(1).slice(0, 15)}… was deleted`;
  const lacking = { 0: ['westeurope'], 1: ['eastus', 'westeurope'] };
  expect(incompleteText(openRelease(releaseOf(3, lacking, { ended })))).toBe(`westeurope 1; ${gone}`);
  const alone = openRelease(releaseOf(2, { 1: ['eastus', 'westeurope'] }, { ended, state: 'deleted' }));
  expect(incompleteText(alone)).toBe(gone);
  expect(releaseState({ availableAt: null, delayed: true, state: alone.state })).toBe('deleted');
  const two = [...ended, { image: nameOf(0), outcome: 'superseded' }];
  expect(incompleteText(openRelease(releaseOf(3, lacking, { ended: two })))).toBe(
    `${gone} and 1 more image cannot come`,
  );
});

test.each([
  ['available', '2026-06-01T12:00:00.000Z', true],
  ['delayed', null, true],
  ['replicating', null, false],
] as const)('%s', (state, availableAt, delayed) => {
  expect(releaseState({ availableAt, delayed })).toBe(state);
});
