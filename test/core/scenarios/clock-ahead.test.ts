/** Replicas are asked by an instance whose clock is a minute ahead of the registry's, or behind; what follows still counts. */
import { describe, expect, test } from 'vitest';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ManifestProbe, ProbeAnswer } from '../../../src/core/ports.ts';
import { seenAt } from '../../../src/core/replicas/prober.ts';
import { deleteOf, digestOf, pushOf, registryOf, replicaSetOf, repositoryOf, tagOf } from '../../support/build.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';

const minute = 60_000;
const registry = registryOf({ regionalEndpoints: true });
const requirement = defaultRequirement(replicaSetOf(registry));
const regions = ['eastus', 'westeurope'];
const nameOf = (i: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(i) });
const iso = (milliseconds: number) => new Date(milliseconds).toISOString();

/** A tracker by a clock of its own, and replicas that all have the first image, or nothing. */
function setUp(aheadMs: number) {
  const real = manualClock();
  const clock: ManualClock = { ...real, now: () => real.now() + aheadMs };
  const replicas = { have: true };
  const probe: ManifestProbe = {
    async ask(): Promise<ProbeAnswer> {
      const answeredAt = Math.floor(real.now() / 1_000) * 1_000;
      return replicas.have
        ? { kind: 'present', digest: digestOf(1), mediaType: undefined, isWhole: true, answeredAt }
        : { kind: 'absent', answeredAt };
    },
  };
  const memory = memoryTracker({ registries: [registry], clock, probe, policy: { probeAfterMs: minute } });
  /** As the registry's clock has it. */
  const happened = () => ({ eventTime: iso(real.now()) });
  return { memory, real, replicas, happened, receivedAt: () => iso(clock.now()) };
}

describe.each([minute, 0, -minute])('by a clock that is %i ms ahead', (aheadMs) => {
  test('an image seen there and deleted half a minute later is deleted', async () => {
    const { memory, real, happened, receivedAt } = setUp(aheadMs);
    const question = { registry, repository: nameOf(1).repository, digest: digestOf(1), tag: undefined };
    const waiting = memory.tracker.wait(question, requirement, 20_000);
    await real.advance(1_000);
    expect((await waiting).outcome).toBe('satisfied');
    await real.advance(30_000);
    for (const region of regions) {
      const fact = deleteOf(region, receivedAt(), happened());
      expect(await memory.tracker.receive({ name: nameOf(1), fact })).toBe('recorded');
    }
    expect((await memory.tracker.answer(question, requirement)).state).toBe('deleted');
  });

  test('a tag seen there that moves on half a minute later has moved on', async () => {
    const { memory, real, happened, receivedAt } = setUp(aheadMs);
    const question = { registry, repository: nameOf(1).repository, digest: undefined, tag: tagOf('prod') };
    const waiting = memory.tracker.wait(question, requirement, 20_000);
    await real.advance(1_000);
    expect((await waiting).document.digest).toBe(digestOf(1));
    await real.advance(30_000);
    for (const region of regions) {
      await memory.tracker.receive({
        name: nameOf(2),
        fact: pushOf(region, receivedAt(), { tag: 'prod', ...happened() }),
      });
    }
    expect(await memory.tracker.answer(question, requirement)).toMatchObject({ digest: digestOf(2), satisfied: true });
  });

  test('a tag that was seen gone and is pushed again half a minute later is back', async () => {
    const { memory, real, replicas, happened, receivedAt } = setUp(aheadMs);
    const push = async (region: string) => {
      const fact = pushOf(region, receivedAt(), { tag: 'prod', ...happened() });
      await memory.tracker.receive({ name: nameOf(1), fact });
    };
    const question = { registry, repository: nameOf(1).repository, digest: undefined, tag: tagOf('prod') };
    const isAnywhere = async () =>
      (await memory.tracker.answer(question, { ...requirement, require: 'any', needed: 1 })).satisfied;
    await push('eastus');
    expect(await isAnywhere()).toBe(true);
    replicas.have = false;
    const waiting = memory.tracker.wait(question, requirement, 3 * minute);
    await real.advance(3 * minute);
    expect((await waiting).outcome).toBe('waiting');
    expect(await isAnywhere()).toBe(false);
    await real.advance(30_000);
    for (const region of regions) await push(region);
    expect((await memory.tracker.answer(question, requirement)).satisfied).toBe(true);
  });
});

test.each<[string, number | undefined, number]>([
  ['by the replica’s clock where ours is ahead', 940_000, 940_000],
  ['by ours where the replica answers late, or its clock is ahead', 1_007_000, 1_000_500],
  ['by ours where the replica does not say', undefined, 1_000_500],
])('an answer counts from its time, %s', (_what, answeredAt, time) => {
  const askedAt = 1_000_500;
  expect(seenAt({ kind: 'absent', answeredAt }, askedAt)).toBe(toEventTime(time));
  const present: ProbeAnswer = {
    kind: 'present',
    digest: digestOf(1),
    mediaType: undefined,
    isWhole: true,
    answeredAt,
  };
  expect(seenAt(present, askedAt)).toBe(toEventTime(time));
});
