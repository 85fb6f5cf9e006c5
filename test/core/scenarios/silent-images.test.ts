/**
 * A hundred images whose webhooks of one region were lost, while that replica throttles all requests. Throttling does not mean
 * "absent": the replica gets the pauses that it asks for, nothing counts as deleted, and everything is found in the end.
 */
import { describe, expect, test } from 'vitest';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ManifestProbe } from '../../../src/core/ports.ts';
import { defaultBudget } from '../../../src/core/replicas/prober.ts';
import { digestOf, pushOf, registryOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const images = 100;
const minute = 60_000;
const throttledMs = 10 * minute;
const retryAfterMs = 30_000;
const names = Array.from({ length: images }, (_, i) => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(i + 1),
}));

/** One replica throttles at first; each question is noted with its time. */
function setUp(throttle: { readonly forMs: number; readonly retryAfterMs: number | undefined }) {
  const clock = manualClock();
  const startedAt = clock.now();
  const asked: { readonly region: string; readonly at: number; readonly isThrottled: boolean }[] = [];
  const probe: ManifestProbe = {
    async ask(_registry, region, _repository, reference) {
      const isThrottled = clock.now() < startedAt + throttle.forMs;
      asked.push({ region, at: clock.now() - startedAt, isThrottled });
      if (isThrottled) return { kind: 'unclear', reason: '429 for the manifest', retryAfterMs: throttle.retryAfterMs };
      const digest = names.map((name) => name.digest).find((one) => one === reference);
      return digest === undefined
        ? { kind: 'absent' }
        : { kind: 'present', digest, mediaType: undefined, isWhole: false };
    },
  };
  const registries = [registryOf({ regionalEndpoints: true })];
  const memory = memoryTracker({ registries, clock, probe, policy: { probeAfterMs: minute } });
  return { memory, asked, startedAt };
}

async function report({ tracker }: MemoryTracker): Promise<void> {
  for (const name of names) await tracker.receive({ name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') });
}

/** How many of them are answered as being in that state. */
async function count({ tracker }: MemoryTracker, state: 'replicating' | 'available'): Promise<number> {
  const [registry] = tracker.registries;
  if (registry === undefined) throw new Error('the tracker has a registry');
  const requirement = defaultRequirement(tracker.replicaSet(registry));
  const documents = await Promise.all(
    names.map(({ repository, digest }) =>
      tracker.answer({ registry, repository, digest, tag: undefined }, requirement),
    ),
  );
  return documents.filter((document) => document.state === state).length;
}

function publishedOf({ publisher }: MemoryTracker, type: string) {
  return publisher.published.filter((event) => event.type === `AcrReplication.${type}`);
}

/** Most questions in any span of that length. */
function maxWithin(times: readonly number[], spanMs: number): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + spanMs).length));
}

describe('a hundred images that one region reports and the other gives no clear answer about', () => {
  test('leave a replica that throttles alone for as long as it asks', async () => {
    const { memory, asked } = setUp({ forMs: throttledMs, retryAfterMs });
    await report(memory);
    await passTime(memory, throttledMs - 1_000);
    const times = asked.map(({ at }) => at);
    expect(asked.every(({ region, isThrottled }) => region === 'westeurope' && isThrottled)).toBe(true);
    expect(asked.length).toBeGreaterThan(1);
    // A few at once find out together; after that one pause, the same few again.
    expect(maxWithin(times, retryAfterMs)).toBeLessThanOrEqual(defaultBudget.atOnce);
    expect(asked.length).toBeLessThanOrEqual((defaultBudget.atOnce * throttledMs) / retryAfterMs);
  });

  test('leave it alone for longer and longer when it does not say for how long', async () => {
    const { memory, asked } = setUp({ forMs: throttledMs, retryAfterMs: undefined });
    await report(memory);
    await passTime(memory, throttledMs - 1_000);
    const turns = [...new Set(asked.map(({ at }) => at))];
    const pauses = turns.slice(1).map((at, i) => at - (turns[i] ?? 0));
    expect(pauses.length).toBeGreaterThan(1);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(asked.length).toBeLessThanOrEqual(40);
  });

  test('are missing there meanwhile, and never deleted', async () => {
    const { memory } = setUp({ forMs: throttledMs, retryAfterMs });
    await report(memory);
    await passTime(memory, throttledMs - 1_000);
    expect(await count(memory, 'replicating')).toBe(images);
    for (const name of names) {
      const stored = await memory.store.read(name);
      expect(Object.keys(stored?.record.arrivals ?? {})).toEqual(['eastus']);
    }
    expect(new Set(memory.publisher.published.map(({ type }) => type))).toEqual(
      new Set(['AcrReplication.ImageAvailableInRegion']),
    );
    expect(publishedOf(memory, 'ImageAvailableInRegion')).toHaveLength(images);
  });

  test('are all available, each published once, soon after it recovers', async () => {
    const { memory, asked } = setUp({ forMs: throttledMs, retryAfterMs });
    await report(memory);
    await passTime(memory, throttledMs - 1_000);
    await passTime(memory, 3 * minute);
    expect(await count(memory, 'available')).toBe(images);
    await passTime(memory, 60 * minute, 10_000);
    const complete = publishedOf(memory, 'ImageAvailableInAllReplicas');
    expect(complete).toHaveLength(images);
    expect(new Set(complete.map(({ data }) => data.digest)).size).toBe(images);
    expect(publishedOf(memory, 'ImageAvailableInRegion')).toHaveLength(2 * images);
    expect(memory.publisher.published).toHaveLength(3 * images);
    // One clear answer each was enough, and the region that had reported was not asked.
    const clear = asked.filter(({ isThrottled }) => !isThrottled);
    expect(clear.map(({ region }) => region)).toEqual(Array.from({ length: images }, () => 'westeurope'));
  });
});
