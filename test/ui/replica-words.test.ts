/** The replicas on the page: the worst first, and a sentence on what is wrong. */
import { describe, expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { ReplicaState } from '../../src/ui/replica-words.ts';
import { imagesThere, isSilent, replicaHeadline, roleNotes, sortWorstFirst } from '../../src/ui/replica-words.ts';

function replicaOf(region: string, changes: object = {}): ReplicaState {
  return {
    ...{ region, expected: true, observedOnly: false, globalRouting: true, missingImages: 0, health: 'healthy' },
    ...{ lag: { p50Seconds: 1, p95Seconds: 5, count: 9 }, webhook: { status: 'ok', reason: null, checkedAt: null } },
    ...{ lastWebhookAt: null, isSilent: false },
    ...changes,
  } as unknown as ReplicaState;
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
    replicaOf('disabled', { isSilent: true, ...wrong('disabled') }),
  ];
  const names = sortWorstFirst(replicas).map(({ region }) => region);
  const others = ['lacking', 'slow', 'a', 'b', 'unmeasured', 'observed'];
  expect(names).toEqual(['disabled', 'unhealthy', 'misconfigured', ...others]);
});

describe('a region is silent', () => {
  const now = Date.parse('2026-06-01T12:10:00Z');
  const reported = (region: string, since: string, evidence = 'webhook') =>
    ({
      regions: [{ region, since: `2026-06-01T12:${since}:00.000Z`, evidence: [evidence] }],
    }) as unknown as AvailabilityDocument;

  test.each<[string, boolean, object, AvailabilityDocument[]]>([
    ['without any webhook', true, {}, [reported('eastus', '07')]],
    [
      'without one since the last of another',
      true,
      { lastWebhookAt: '2026-06-01T12:05:00.000Z' },
      [reported('eastus', '07')],
    ],
    ['not while it has time', false, {}, [reported('eastus', '09')]],
    ['not after a webhook', false, { lastWebhookAt: '2026-06-01T12:07:30.000Z' }, [reported('eastus', '07')]],
    ['not because of itself', false, {}, [reported('uksouth', '07')]],
    ['not because of a probe', false, {}, [reported('eastus', '07', 'probe')]],
    ['not where it is only observed', false, { expected: false }, [reported('eastus', '07')]],
  ])('%s', (_title, silent, changes, images) => {
    expect(isSilent(replicaOf('uksouth', changes), images, now)).toBe(silent);
  });
});

describe('in one sentence', () => {
  test.each<[string, ReplicaState[]]>([
    ['No region is expected to have images.', []],
    ['No region is expected to have images.', [replicaOf('a', { expected: false })]],
    ['a is behind: 2 images missing there now.', [replicaOf('a', { missingImages: 2 }), replicaOf('b')]],
    ['No image is missing in any region.', [replicaOf('a', slow(null)), replicaOf('b', slow(null))]],
    ['No image is missing in any region.', [replicaOf('a')]],
    [
      'No image is missing in any region. The slowest is b: 95 of 100 images are there within 7.0 s.',
      [replicaOf('a'), replicaOf('b', slow(7))],
    ],
    [
      'Unhealthy: b. No webhooks from a while other regions send some. Images missing now: c 3, a 1. Webhooks to correct: a (disabled).',
      [
        replicaOf('a', { isSilent: true, missingImages: 1, ...wrong('disabled') }),
        replicaOf('b', { health: 'unhealthy' }),
        replicaOf('c', { missingImages: 3 }),
      ],
    ],
    [
      'No image is missing in any region. Webhooks to correct: a (missing), b (disabled).',
      [replicaOf('a', { ...slow(null), ...wrong('missing') }), replicaOf('b', { ...slow(null), ...wrong('disabled') })],
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
