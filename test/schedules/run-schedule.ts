/**
 * One schedule from the first step to the last: builds the world, carries out the plan, ends all faults, lets time pass
 * until everything must have settled, then asks every instance and judges the answers.
 */
import {
  memoryCheckpointStore,
  memoryForwardQueue,
  memoryImageLists,
  memoryImageStore,
  memoryReplicaSetStore,
  memoryTagDigests,
  memoryWebhookLog,
} from '../../src/adapters/memory.ts';
import { memoryDueWork } from '../../src/adapters/memory-due-work.ts';
import { memoryReleaseStore } from '../../src/adapters/memory-releases.ts';
import { tableCatalogue } from '../../src/adapters/table-storage/catalogue-store.ts';
import { memoryTable } from '../../src/adapters/table-storage/memory-table.ts';
import { rowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import { sweepEveryMs } from '../../src/core/due-work/due-work.ts';
import { expectedRegions } from '../../src/core/model/replica-set.ts';
import type { Case, Violation } from './case.ts';
import { caseOf, clockText, start } from './case.ts';
import type { Choices } from './choices.ts';
import { between, choices as choicesOf, hash } from './choices.ts';
import type { Counters } from './counters.ts';
import { effects } from './effects.ts';
import type { Instance, Replacements, SetListener, SharedPorts } from './instance.ts';
import { startInstance } from './instance.ts';
import { judgeDocuments, judgeEnd } from './judge-end.ts';
import { foundBy } from './judge-family-end.ts';
import { noteSet } from './judge-sets.ts';
import { judgeTimers, judgeTopicOutage } from './judge-timers.ts';
import { manifestReader } from './manifest-reader.ts';
import { messageQueue } from './message-queue.ts';
import { network } from './network.ts';
import { outside } from './outside.ts';
import { planOf } from './plan.ts';
import { questions } from './questions.ts';
import { scheduler as schedulerOf } from './scheduler.ts';
import { topic } from './topic.ts';

/** The parts that stay in a schedule that was made smaller. */
export interface Kept {
  /** Places in the plan. */
  readonly commands: ReadonlySet<number>;
  readonly choices: ReadonlySet<string>;
}

export interface RunOptions {
  /** All of the schedule without. */
  readonly kept?: Kept | undefined;
  readonly trace?: ((line: string) => void) | undefined;
  readonly replacements?: Replacements | undefined;
}

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly counters: Counters;
  readonly steps: number;
  /** Equal for schedules whose calls took effect in the same order. */
  readonly interleaving: number;
  /** Names of all decisions that differ from the default. */
  readonly taken: ReadonlySet<string>;
  readonly commands: number;
}

/** Many times the steps of the longest of ten thousand. */
const maxSteps = 60_000;
const refreshEveryMs = 150_000;
/**
 * Long enough for everything that waits for a timer: the delay, growing pauses of ten minutes, a replica set that is
 * read again.
 */
const settleMs = 700_000;
/** For the last to be refused, and sent again an hour later. */
const maxEndMs = 7_200_000;
const judgingMs = 60_000;
const maxMissMs = 200_000;

export async function runSchedule(
  seed: number,
  { kept, trace: print, replacements = {} }: RunOptions = {},
): Promise<Outcome> {
  const plan = planOf(seed);
  const choices = choicesOf(seed, kept?.choices);
  const scheduler = schedulerOf(start, maxSteps);
  const trace = (line: () => string) => print?.(`${clockText(scheduler.now()).padStart(12)}  ${line()}`);
  const on = caseOf(plan, scheduler, choices, trace);
  const messages = messageQueue(on, choices);
  const follow = effects(on, messages);
  let interleaving = 0;
  let isCalm = false;
  const net = network(on, choices, (effect) => {
    interleaving = hash(`${effect.caller.label}.${effect.port}.${effect.method}`, interleaving);
    follow(effect);
  });
  const good = goodPorts(on, choices);
  const shared = replacements.ports?.(good) ?? good;

  function startOne(): void {
    const label = String.fromCharCode(97 + on.instances.length);
    const onSet: SetListener = (by, set) => noteSet(on, by, set);
    const instance = startInstance(label, { on, choices, network: net, shared, replacements, onSet });
    on.instances.push(instance);
    messages.instanceStarted();
    sweepOn(instance, 1);
  }

  /** Each instance by itself: sometimes several at once, and sometimes none for a long time. */
  function sweepOn(instance: Instance, nth: number): void {
    const name = `${instance.label} sweep ${nth}`;
    const missedMs = isCalm
      ? 0
      : choices.choose(`${name} missed`, 0, (random) => (random() < 0.1 ? between(random, 0, maxMissMs) : 0));
    const pauseMs = choices.choose(`${name} pause`, sweepEveryMs, (random) => between(random, 1, 2 * sweepEveryMs));
    scheduler.at(scheduler.now() + missedMs + pauseMs, () => {
      if (instance.isKilled || instance.isStopping) return;
      on.counters.count('sweeps', instance.label);
      instance.sweeper
        .sweep()
        .catch((error: unknown) => trace(() => `${instance.label} cannot sweep: ${String(error)}`))
        .finally(() => sweepOn(instance, nth + 1));
    });
  }

  function kill(instance: Instance): void {
    if (instance.isKilled) return;
    trace(() => `${instance.label} is killed`);
    on.counters.count('kills', 'instances');
    instance.kill();
    on.familyWrites.instanceKilled(instance.label);
    messages.instanceKilled(instance);
  }

  const asked = questions(on);
  const world = outside({ on, choices, network: net, questions: asked, start: startOne, kill });
  for (let i = 0; i < plan.world.instances; i++) startOne();
  let at = start;
  let commands = 0;
  plan.commands.forEach((command, index) => {
    at += command.gapMs;
    if (kept !== undefined && !kept.commands.has(index)) return;
    commands++;
    scheduler.at(at, () => world.carryOut(command, index));
    if (command.kind === 'topicOutage') at += command.forMs * command.passing;
  });
  const calmAt = at + choices.choose('calm', 5_000, (random) => Math.floor(random() * 30_000));
  const endAt = calmAt + settleMs;
  for (let time = start + refreshEveryMs; time < endAt + maxEndMs; time += refreshEveryMs) {
    scheduler.at(time, () => void on.runningInstances()[0]?.tracker.refreshReplicas(on.settings));
  }
  try {
    await scheduler.run(calmAt);
    trace(() => 'all faults end');
    net.calm();
    on.registry.calm();
    isCalm = true;
    if (on.runningInstances().length === 0) startOne();
    await scheduler.run(endAt + scheduler.leapt);
    on.sentAgainBy = Math.max(on.sentAgainBy, foundBy(on));
    while (scheduler.now() < on.sentAgainBy) await scheduler.run(on.sentAgainBy);
    asked.judgeWaiting();
    judgeTimers(on, calmAt + scheduler.leapt);
    judgeTopicOutage(on, calmAt + scheduler.leapt);
    await judgeAll(on);
  } catch (error) {
    on.violate('all work ends', error instanceof Error ? (error.stack ?? error.message) : String(error));
    judgeTimers(on, calmAt + scheduler.leapt);
  }
  for (const instance of on.instances) instance.kill();
  for (const [kind, times] of on.registry.arm.wrongAnswers) on.counters.count('wrong answers of ARM', kind, times);
  const { violations, counters } = on;
  return { violations, counters, steps: scheduler.steps, interleaving, taken: choices.taken, commands };
}

/** Every instance is asked about every image, and one of them everything else as well. */
async function judgeAll(on: Case): Promise<void> {
  const { scheduler } = on;
  const running = on.runningInstances();
  // A set that was stored elsewhere is read by the first question, and in use from the next.
  for (const { tracker } of running) tracker.replicaSet(on.settings);
  await scheduler.run(scheduler.now() + judgingMs);
  for (const { tracker, label } of running) {
    const [inUse, there] = [expectedRegions(tracker.replicaSet(on.settings)).join(), on.registry.replicas.join()];
    if (inUse !== there)
      on.violate(
        'the replica set is one that ARM returned',
        `${label} uses ${inUse} in the end, and there are ${there}`,
      );
  }
  let open = 0;
  const judging = (work: Promise<void>) => {
    open++;
    work.then(
      () => open--,
      (error: unknown) => on.violate('all work ends', `a question at the end failed: ${String(error)}`),
    );
  };
  running.forEach((instance, i) => {
    judging(i === 0 ? judgeEnd(on, instance) : judgeDocuments(on, instance));
  });
  await scheduler.run(scheduler.now() + judgingMs);
  if (open > 0) on.violate('all work ends', 'questions at the end are not answered');
}

function hasManifests({ plan: { world } }: Case): boolean {
  return world.family !== undefined || world.signed !== undefined;
}

function goodPorts(on: Case, choices: Choices): SharedPorts {
  const nothing = async () => undefined;
  const countedIn = memoryTable();
  return {
    store: memoryImageStore(),
    lists: memoryImageLists(),
    tags: memoryTagDigests(),
    webhooks: memoryWebhookLog(),
    sets: memoryReplicaSetStore(),
    checkpoints: memoryCheckpointStore(),
    forwards: memoryForwardQueue(),
    publisher: topic(on, choices),
    dueWork: memoryDueWork(),
    // The message is put on the queue when the call takes effect.
    queue: { defer: nothing },
    directory: on.plan.world.set === 'arm' ? on.registry.arm.directory : undefined,
    probe: on.plan.world.probing === 'off' ? undefined : on.registry.probe,
    manifests: hasManifests(on) ? manifestReader(on, choices) : undefined,
    releases: memoryReleaseStore(),
    catalogue: on.plan.world.catalogue && (() => tableCatalogue(countedIn, rowBatches(countedIn))),
  };
}
