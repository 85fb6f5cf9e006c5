/** The replicas on the page: the worst first, and a sentence on what is wrong. */
import { describe, expect, test } from 'vitest';
import type { RegionReport } from '../../src/core/query/replica-report.ts';
import { imagesThere, replicaHeadline, roleNotes, worstFirst } from '../../src/ui/replica-words.ts';

function replicaOf(region: string, changes: object = {}): RegionReport {
  return {
    ...{ region, expected: true, observedOnly: false, globalRouting: true, missingImages: 0 },
    ...{ lag: { p50Seconds: 1, p95Seconds: 5, count: 9 }, webhook: { status: 'ok', reason: null, checkedAt: null } },
    ...changes,
  } as unknown as RegionReport;
}
const slow = (p95Seconds: number | null) => ({ lag: { p50Seconds: 1, p95Seconds, count: 9 } });
const wrong = (status: string) => ({ webhook: { status, reason: null, checkedAt: null } });

test('what lacks most comes first, then what is slowest, then by name; what nobody waits for is last', () => {
  const replicas = [
    replicaOf('observed', { expected: false, observedOnly: true, missingImages: 9 }),
    replicaOf('unmeasured', slow(null)),
    replicaOf('b'),
    replicaOf('a'),
    replicaOf('slow', slow(60)),
    replicaOf('lacking', { missingImages: 1, ...slow(2) }),
  ];
  const names = replicas.toSorted(worstFirst).map(({ region }) => region);
  expect(names).toEqual(['lacking', 'slow', 'a', 'b', 'unmeasured', 'observed']);
});

describe('in one sentence', () => {
  test.each<[string, RegionReport[]]>([
    ['No region is expected to have images.', []],
    ['No region is expected to have images.', [replicaOf('a', { expected: false })]],
    ['a is behind: 2 images missing there now.', [replicaOf('a', { missingImages: 2 }), replicaOf('b')]],
    ['No image is missing in any region.', [replicaOf('a', slow(null)), replicaOf('b', slow(null))]],
    ['No image is missing in any region.', [replicaOf('a')]],
    [
      'No image is missing in any region. The slowest is a: 95 of 100 images are there within 5.0 s.',
      [replicaOf('a'), replicaOf('b')],
    ],
    [
      'No image is missing in any region. Webhooks to correct: a (missing), b (disabled).',
      [replicaOf('a', { ...slow(null), ...wrong('missing') }), replicaOf('b', wrong('disabled'))],
    ],
    [
      'Images missing now: a 1, b 1 and 2 more regions. Webhooks to correct: a (missing), b (missing) and 2 more.',
      ['a', 'b', 'c', 'd'].map((name) => replicaOf(name, { missingImages: 1, ...wrong('missing') })),
    ],
    ['No image is missing in any region.', [replicaOf('a', { ...slow(null), ...wrong('unknown') })]],
  ])('%s', (sentence, replicas) => {
    expect(replicaHeadline(replicas)).toBe(sentence);
  });
});

test('how many of the drawn images a region has; else how many the tracker has counted', () => {
  expect(imagesThere(replicaOf('a'), [])).toBe('9');
  const points = [1, null, 2].map((lag, at) => ({ at, lag }));
  expect(imagesThere(replicaOf('a'), points)).toBe('2 of 3');
});

test.each<[string[], object]>([
  [[], {}],
  [['observed only'], { observedOnly: true, expected: false }],
  [['not waited for', 'no global routing'], { expected: false, globalRouting: false }],
])('%j', (notes, changes) => {
  expect(roleNotes(replicaOf('a', changes))).toEqual(notes);
});
