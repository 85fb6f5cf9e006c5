/**
 * One run: starts everything, pushes images and disturbs the parts, ends all faults, asks every process, checks.
 * All processes are ended and all folders are removed when it returns, also after an error.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openRandom } from '../../src/local/simulator/random.ts';
import { runInRealTime } from '../../src/local/simulator/real-scheduler.ts';
import { secret } from '../support/app.ts';
import { check, findUnsettled } from './check.ts';
import { createDelivery } from './delivery.ts';
import { disturb } from './disturb.ts';
import type { Attempt, Evidence, Violation } from './evidence.ts';
import { countFigures } from './figures.ts';
import { createFinalAnswers } from './final-answers.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { startIdentity } from './identity.ts';
import { type Pushed, planLoad } from './load.ts';
import type { ChaosOptions } from './options.ts';
import { watchOwnLag } from './own-lag.ts';
import { planDisturbances } from './plan.ts';
import { listTagKeys, startRegistry } from './registry.ts';
import type { Figures } from './report.ts';
import { startSampler } from './samples.ts';
import { startStorage } from './storage.ts';
import { startFaultyTopic } from './topic.ts';
import { createWaiters } from './waiters.ts';

export interface Outcome {
  readonly figures: Figures;
  readonly violations: readonly Violation[];
  readonly evidence: Evidence;
}

const allRegions = ['australiaeast', 'eastus', 'japaneast', 'southeastasia', 'westeurope'];
/** Replication, held webhooks and the last try of each end earlier: each of them is bounded. */
const maxTailMs = 60_000;
const waitersSettleMs = 30_000;

/** @param log is called with one line for each thing that happens */
export async function runChaos(
  options: ChaosOptions,
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<Outcome> {
  const { seed } = options;
  const ending: (() => unknown)[] = [];
  const scheduler = runInRealTime();
  const ownLag = watchOwnLag();
  const attempts: Attempt[] = [];
  try {
    ending.push(scheduler.stop, ownLag.stop);
    const folder = await mkdtemp(join(tmpdir(), 'acr-replication-chaos-'));
    ending.push(() => rm(folder, { recursive: true, force: true }));
    const storage = await startStorage(openRandom(seed, 'storage answers'));
    ending.push(storage.stop);
    const topic = await startFaultyTopic();
    ending.push(topic.stop);
    const identity = await startIdentity();
    ending.push(identity.stop);
    let fleet: Fleet | undefined;
    const post = createDelivery({
      get members() {
        return fleet?.members ?? [];
      },
      random: openRandom(seed, 'balancer'),
      isDisturbed: (...span) => fleet?.isDisturbed(...span) ?? true,
      lagBetween: ownLag.between,
      onAttempt: (attempt) => void attempts.push(attempt),
    });
    const registry = await startRegistry({ seed, scheduler, post, regions: allRegions.slice(0, options.regions) });
    ending.push(registry.stop);
    const { world } = registry;
    fleet = createFleet({
      ...{ processes: options.processes, storage: storage.connectionString, topic, folder },
      settings: { REGISTRIES: registry.setting, PROBE_AFTER_SECONDS: '3', ...identity.settings },
    });
    ending.push(fleet.stopAll);
    await fleet.startAll();
    const { members } = fleet;
    log(`${members.length} processes at ${members.map(({ url }) => url).join(', ')}`);
    signal.throwIfAborted();

    const waiters = createWaiters(members, seed);
    ending.push(waiters.stop);
    const onPush = ({ index, key, isKept }: Pushed) => {
      if (isKept && index % 5 === 0) waiters.start(index % 25 === 0 ? 'command' : 'request', key);
    };
    const images = planLoad(world, scheduler, { ...options }, onPush);
    const plan = planDisturbances(seed, options.seconds * 1_000, options.processes, options.regions);
    log(`seed ${seed}: ${images} pushes and ${plan.length} disturbances in ${options.seconds} s`);
    const sampler = startSampler(world, members, seed);
    ending.push(sampler.stop);
    const counts = await disturb({ fleet, storage, topic, registry }, plan, signal, log);
    signal.throwIfAborted();

    log('all faults have ended; waiting for the last webhooks');
    await Promise.race([scheduler.idle(), pause(maxTailMs, undefined, { ref: false })]);
    await sampler.stop();
    await storage.restart(async () => undefined, options.skipsDelays ? 'all' : 'dequeued');
    const finalAnswers = createFinalAnswers(members, signal);
    const evidence = (): Evidence => ({
      ...{
        truth: world.truth,
        families: world.families,
        tagMoves: registry.tagMoves(),
        resolveTag: registry.resolveTag,
        attempts,
      },
      ...{
        published: topic.published,
        samples: sampler.samples,
        answers: finalAnswers.answers(),
        listings: finalAnswers.listings(),
      },
      ...{ waiters: waiters.waiters, log: fleet?.log ?? [], crashes: fleet?.crashes ?? [] },
      storageFaults: storage.faults,
      secrets: [secret, topic.key, identity.token, /AccountKey=([^;]+)/.exec(storage.connectionString)?.[1] ?? secret],
    });
    const subjects = [...world.truth.keys(), ...listTagKeys(world)];
    log(`asking ${members.length} processes about ${subjects.length} images and tags`);
    const settledAfterSeconds = await finalAnswers.settle(
      subjects,
      () => findUnsettled(evidence()),
      options.settleSeconds,
    );
    await waiters.settled(waitersSettleMs);
    signal.throwIfAborted();

    const seen = evidence();
    const violations = check(seen);
    const { worstMs } = ownLag;
    const figures = countFigures({
      ...{ options, registry, counts, violations, settledAfterSeconds, evidence: seen },
      ...{ topicFailures: topic.failures, ownLagMs: worstMs },
    });
    return { figures, violations, evidence: seen };
  } finally {
    for (const end of ending.reverse()) {
      await Promise.resolve(end()).catch((failure: unknown) => log(`could not be stopped: ${String(failure)}`));
    }
  }
}
