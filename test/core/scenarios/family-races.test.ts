/**
 * Two instances that share one storage, every call of which ends in an order drawn at random, and reports of a family that
 * come to either of them in any order. The rules are the contract's: no claim before the last member is in the last
 * region, one event for all replicas, one at most that it is late.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryImageStore } from '../../../src/adapters/memory.ts';
import type { CloudEvent } from '../../../src/core/image/cloud-event.ts';
import type { Digest } from '../../../src/core/model/digest.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ImageStore } from '../../../src/core/ports.ts';
import { regionOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { indexOf, indexType, manifestType, memoryManifests, platformOf } from '../../support/index-of.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';

const registry = registryOf();
const repository = repositoryOf('team/app');
const platforms = [platformOf(1), platformOf(2), platformOf(3)];
const index = indexOf(...platforms);
const family = [...platforms.map(({ digest }) => digest), index.digest];
const regions = ['eastus', 'westeurope'];
const reports = family.flatMap((digest) => regions.map((region) => ({ digest, region })));
const runs = Number(process.env.FAMILY_RUNS ?? 100);

interface Plan {
  readonly order: readonly { readonly digest: Digest; readonly region: string }[];
  /** Which instance receives each, and for how long the test waits before the next. */
  readonly instances: readonly number[];
  readonly pauses: readonly number[];
  /** Delays of calls of the storage, before and after their effect; used again from the start. */
  readonly delays: readonly number[];
  /** A report is deleted and pushed again, or sent twice. */
  readonly again: readonly ('once' | 'twice' | 'anew')[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  order: fc.shuffledSubarray(reports, { minLength: reports.length }),
  instances: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 8, maxLength: 8 }),
  pauses: fc.array(fc.constantFrom(0, 0, 1, 5, 40, 12_000), { minLength: 8, maxLength: 8 }),
  delays: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 5, maxLength: 40 }),
  again: fc.array(fc.constantFrom('once', 'once', 'twice', 'anew'), { minLength: 8, maxLength: 8 }),
});

function slow(store: ImageStore, pause: () => Promise<void>): ImageStore {
  const slowed =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await pause();
      const result = await call(...args);
      await pause();
      return result;
    };
  return {
    read: slowed(store.read),
    commit: slowed(store.commit),
    noteAccepted: slowed(store.noteAccepted),
    publishedSince: store.publishedSince,
  };
}

async function run({ order, instances, pauses, delays, again }: Plan): Promise<void> {
  const clock = manualClock();
  let calls = 0;
  const pause = () => clock.sleep(delays[calls++ % delays.length] ?? 0);
  const store = slow(memoryImageStore(), pause);
  const manifests = memoryManifests(index);
  const first = memoryTracker({ clock, policy: { delayedAfterMs: 30_000 }, ports: { store, manifests } });
  const { lists, tags, timer, publisher } = first;
  const second = memoryTracker({
    clock,
    policy: { delayedAfterMs: 30_000 },
    ports: { store, manifests, lists, tags, timer, publisher },
  });
  const trackers = [first.tracker, second.tracker];
  await clock.settle();

  /** Reports that were handed over: before all of them were, nothing may be claimed. */
  const sent = new Set<string>();
  const isWhole = () => sent.size === reports.length;
  const ask = async () => {
    const question = { registry, repository, digest: index.digest, tag: undefined };
    const answer = trackers[0]?.answer(question, defaultRequirement(replicaSetOf()));
    await clock.advance(200);
    return answer;
  };
  const send = (i: number, digest: Digest, region: string, kind: 'push' | 'delete') => {
    const now = clock.now();
    const mediaType = digest === index.digest ? indexType : manifestType;
    return trackers[instances[i] ?? 0]?.process({
      name: { registry: registry.name, repository, digest },
      fact: {
        kind,
        region: regionOf(region),
        eventTime: toEventTime(now),
        receivedAt: now,
        evidence: 'webhook',
        tag: undefined,
        mediaType: kind === 'push' ? mediaType : undefined,
      },
    });
  };

  const handled: (Promise<unknown> | undefined)[] = [];
  /** As `passTime`, but for timers whose work is slow. */
  const pass = async (milliseconds: number, stepMs: number) => {
    for (const until = clock.now() + milliseconds; clock.now() < until; ) {
      await clock.advance(Math.min(stepMs, until - clock.now()));
      const due = timer.set.filter(({ at }) => at <= clock.now());
      timer.set.splice(0, timer.set.length, ...timer.set.filter(({ at }) => at > clock.now()));
      handled.push(...due.map(({ name, at }, i) => trackers[i % 2]?.reconcile(name, at)));
    }
  };

  const all = () => publisher.published.filter(({ type }) => type.endsWith('AvailableInAllReplicas'));
  const ofIndex = () => all().filter(({ subject }) => subject.endsWith(index.digest));
  for (const [i, { digest, region }] of order.entries()) {
    expect(ofIndex()).toEqual([]);
    // In time, or it would rightly be published in between.
    const isLast = i === order.length - 1;
    if (again[i] === 'anew' && !isLast) {
      handled.push(send(i, digest, region, 'push'));
      await clock.advance(1);
      handled.push(send(i, digest, region, 'delete'));
      await clock.advance(1);
    }
    sent.add(`${digest} ${region}`);
    handled.push(send(i, digest, region, 'push'));
    if (again[i] === 'twice') handled.push(send(1 - i, digest, region, 'push'));
    await pass(pauses[i] ?? 0, 3_000);
    if (!isWhole()) expect((await ask())?.satisfied).toBe(false);
  }
  await pass(92_000, 4_000);
  await Promise.all(handled);

  expect(await ask()).toMatchObject({ satisfied: true, state: 'available', membersKnown: true });
  expect(new Set(ofIndex().map(({ id }) => id)).size).toBe(1);
  // A member that was late before its index was known is published by itself.
  const isLate = ({ type, subject }: CloudEvent) =>
    type.endsWith('ReplicationDelayed') && subject.endsWith(index.digest);
  const late = publisher.published.filter(isLate);
  expect(new Set(late.map(({ id }) => id)).size).toBeLessThanOrEqual(1);
}

test('two instances lose no completion, and claim none early', { timeout: 600_000 }, async () => {
  await fc.assert(fc.asyncProperty(plans, run), { numRuns: runs });
});
