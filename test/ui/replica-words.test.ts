/** The replicas on the page: the worst first, and a sentence on what is wrong. */
import { describe, expect, test } from 'vitest';
import type { RegionReport } from '../../src/core/query/replica-report.ts';
import { imagesThere, replicaHeadline, roleNotes, sortWorstFirst } from '../../src/ui/replica-words.ts';

function replicaOf(region: string, changes: object = {}): RegionReport {
  return {
    ...{ region, expected: true, observedOnly: false, globalRouting: true, missingImages: 0, health: 'healthy' },
    ...{ lag: { p50Seconds: 1, p95Seconds: 5, count: 9 }, webhook: { status: 'ok', reason: null, checkedAt: null } },
    ...{ lastWebhookAt: null, silent: false },
    ...changes,
  } as unknown as RegionReport;
}
const slow = (p95Seconds: number | null) => ({ lag: { p50Seconds: 1, p95Seconds, count: 9 } });
const wrong = (status: string) => ({ webhook: { status, reason: null, checkedAt: null } });

test('silent and unhealthy regions come first, then wrong webhooks, missing images, lag and name', () => {
  const replicas = [
    replicaOf('observed', { expected: false, observedOnly: true, missingImages: 9 }),
    replicaOf('unmeasured', slow(null)),
    replicaOf('b'),
    replicaOf('a'),
    replicaOf('slow', slow(60)),
    replicaOf('lacking', { missingImages: 14, ...slow(2) }),
    replicaOf('misconfigured', { missingImages: 4, ...wrong('misconfigured') }),
    replicaOf('unhealthy', { health: 'unhealthy' }),
    replicaOf('disabled', { silent: true, ...wrong('disabled') }),
  ];
  const names = sortWorstFirst(replicas).map(({ region }) => region);
  const others = ['lacking', 'slow', 'a', 'b', 'unmeasured', 'observed'];
  expect(names).toEqual(['disabled', 'unhealthy', 'misconfigured', ...others]);
});

describe('in one sentence', () => {
  test.each<[string, RegionReport[]]>([
    ['No region is expected to have images.', []],
    ['No region is expected to have images.', [replicaOf('a', { expected: false })]],
    [
      'a is behind: 2 images missing there now. The slowest is a: 95 of 100 images are there within 5.0 s.',
      [replicaOf('a', { missingImages: 2 }), replicaOf('b')],
    ],
    ['No image is missing in any region.', [replicaOf('a', slow(null)), replicaOf('b', slow(null))]],
    ['No image is missing in any region.', [replicaOf('a')]],
    [
      'No image is missing in any region. The slowest is b: 95 of 100 images are there within 7.0 s.',
      [replicaOf('a'), replicaOf('b', slow(7))],
    ],
    [
      'Unhealthy: b. Silent: a (4 images not reported). Images missing now: c 3, a 1. Webhooks to correct: a (disabled). The slowest is a: 95 of 100 images are there within 5.0 s.',
      [
        replicaOf('a', { silent: true, unreportedImages: 4, missingImages: 1, ...wrong('disabled') }),
        replicaOf('b', { health: 'unhealthy' }),
        replicaOf('c', { missingImages: 3 }),
      ],
    ],
    [
      'No image is missing in any region. Webhooks to correct: a (missing), b (disabled).',
      [replicaOf('a', { ...slow(null), ...wrong('missing') }), replicaOf('b', { ...slow(null), ...wrong('disabled') })],
    ],
    [
      'Images missing now: a 1, b 1 and 2 more regions. Webhooks to correct: a (missing), b (missing) and 2 more. The slowest is a: 95 of 100 images are there within 5.0 s.',
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
