/** An event named an image and no region: the replicas are probed until one gives a clear answer, and for a day at most. */
import { describe, expect, test } from 'vitest';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ManifestProbe, ProbeAnswer } from '../../../src/core/ports.ts';
import { digestOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const minute = 60_000;
const hour = 60 * minute;
const registry = registryOf({ regionalEndpoints: true });
const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const question = { registry, repository: name.repository, digest: name.digest, tag: undefined };
const present: ProbeAnswer = { kind: 'present', digest: digestOf(1), mediaType: undefined, isWhole: true };
const absent: ProbeAnswer = { kind: 'absent' };
const throttled: ProbeAnswer = { kind: 'unclear', reason: '429', retryAfterMs: 20_000 };

/** All replicas answer the same. */
function setUp(answer: (sinceMs: number) => ProbeAnswer) {
  const askedAt: number[] = [];
  const probe: ManifestProbe = {
    async ask() {
      const sinceMs = memory.clock.now() - startedAt;
      askedAt.push(sinceMs);
      return answer(sinceMs);
    },
  };
  const memory = memoryTracker({ registries: [registry], probe, policy: { probeAfterMs: minute } });
  const startedAt = memory.clock.now();
  const state = async () => (await memory.tracker.answer(question, defaultRequirement(replicaSetOf(registry)))).state;
  return { memory, askedAt, state };
}

describe('an image that an event named', () => {
  test.each([
    ['gave no clear answer', throttled],
    ['did not have it yet', absent],
  ])('is found although its replicas %s when they were asked first', async (_what, first) => {
    const { memory, state } = setUp((sinceMs) => (sinceMs < 10 * minute ? first : present));
    await memory.tracker.trackUnseen(name);
    await passTime(memory, 10 * minute, 5_000);
    expect(await state()).toBe('unknown');
    expect(await memory.store.read(name)).toBeUndefined();
    await passTime(memory, 10 * minute, 5_000);
    expect(await state()).toBe('available');
  });

  test.each([
    ['gave no clear answer', throttled],
    ['never had it', absent],
  ])('stays unknown where its replicas %s, and is given up after a day of growing pauses', async (_what, answer) => {
    const { memory, askedAt, state } = setUp(() => answer);
    await memory.tracker.trackUnseen(name);
    await passTime(memory, 48 * hour, minute);
    expect(await state()).toBe('unknown');
    expect(memory.publisher.published).toEqual([]);
    expect(memory.timer.set).toEqual([]);
    const turns = [...new Set(askedAt)];
    const pauses = turns.slice(1).map((at, i) => at - (turns[i] ?? 0));
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(turns.length).toBeLessThanOrEqual(12);
    expect(turns.at(-1)).toBeGreaterThan(12 * hour);
    expect(turns.at(-1)).toBeLessThanOrEqual(24 * hour + minute);
  });
});
