/** One row of the list in words. */
import { describe, expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { describeImage } from '../../src/core/image/availability.ts';
import {
  delayedText,
  deletedAt,
  divergedText,
  divergedTip,
  namesText,
  partText,
  stateNote,
} from '../../src/ui/image-words.ts';
import { at, deleteOf, digestOf, pushOf, recordOf, registryOf, replicaSetOf } from '../support/build.ts';

const now = at('2026-06-01T13:00:00Z');
const pushes = [pushOf('eastus', '2026-06-01T12:00:00Z'), pushOf('westeurope', '2026-06-01T12:00:04Z')];

function imageOf(facts: typeof pushes): AvailabilityDocument {
  const set = replicaSetOf();
  return describeImage(recordOf(digestOf(1), facts, set), registryOf(), set, now);
}

test.each([
  [['a'], 'a'],
  [['a', 'b', 'c'], 'a, b, c'],
  [['a', 'b', 'c', 'd'], 'a, b and 2 more'],
])('%j is %s', (names, text) => {
  expect(namesText(names)).toBe(text);
});

describe('a diverged tag', () => {
  test.each([
    [[], ''],
    [[{ tag: 'prod', regions: ['australiaeast', 'uksouth'] }], 'prod: another digest in australiaeast, uksouth'],
    [[{ tag: 'prod', regions: ['a', 'b', 'c', 'd'] }], 'prod: another digest in a, b and 2 more'],
    [[{ tag: 'prod', regions: [] }], 'prod: not the same everywhere'],
    [
      ['a', 'b', 'c'].map((tag) => ({ tag, regions: ['uksouth'] })),
      'a: another digest in uksouth; b: another digest in uksouth and 1 more tag',
    ],
  ])('%j is %s', (tags, text) => {
    expect(divergedText(tags)).toBe(text);
  });

  test('is named with all its regions in the tool tip', () => {
    expect(divergedTip([{ tag: 'prod', regions: ['a', 'b', 'c', 'd'] }])).toBe('prod, a, b, c, d');
  });
});

describe('beside the state', () => {
  const gone = deleteOf('eastus', '2026-06-01T12:30:00Z');

  test('is how many regions have the image, or how long it took', () => {
    expect(stateNote(imageOf(pushes.slice(0, 1)))).toBe('1 of 2');
    expect(stateNote(imageOf(pushes))).toBe('in 4.0 s');
    expect(stateNote(imageOf([...pushes, gone]))).toBe('still in 1 of 2');
  });

  test('is when the last region deleted it', () => {
    const both = imageOf([...pushes, gone, deleteOf('westeurope', '2026-06-01T12:31:00Z')]);
    expect([both.state, stateNote(both), deletedAt(both)]).toEqual(['deleted', '', '2026-06-01T12:31:00.000Z']);
    expect(deletedAt(imageOf([...pushes, gone]))).toBeNull();
  });
});

test('the regions that delay an image are named', () => {
  const [there] = [imageOf(pushes.slice(0, 1))];
  expect(delayedText(there)).toBe('');
  expect(delayedText({ ...there, delayed: true })).toBe('missing in westeurope');
});

test('a member names its platform and its index', () => {
  const index = `sha256:${'e46f7d74'.repeat(8)}`;
  expect(partText({ index, platform: 'linux/arm64' })).toBe('linux/arm64 of the index sha256:e46f7d74…');
  expect(partText({ index, platform: null })).toBe('part of the index sha256:e46f7d74…');
});
