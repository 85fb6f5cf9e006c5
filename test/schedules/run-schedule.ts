/**
 * One schedule from its first step to its last: the world is built, the plan is carried out, all faults end, time passes
 * until everything must have settled, and then everything is asked and judged.
 */
import {
  memoryForwardQueue,
  memoryImageIndex,
  memoryImageStore,
  memoryPublisher,
  memoryReplicaSetStore,
  memoryReviewLog,
  memoryTagIndex,
  memoryWebhookLog,
} from '../../src/adapters/memory.ts';
import type { ReplicaSet } from '../../src/core/replica-set.ts';
import { expectedRegions } from '../../src/core/replica-set.ts';
import type { Case, Violation } from './case.ts';
import { caseOf, clockText, start } from './case.ts';
import { choices as choicesOf, hash } from './choices.ts';
import type { Counters } from './counters.ts';
import { effects } from './effects.ts';
import type { Instance, Saboteur, SetListener, SharedPorts } from './instance.ts';
import { startInstance } from './instance.ts';
import { judgeDocuments, judgeEnd } from './judge-end.ts';
import { judgeTimers } from './judge-timers.ts';
import { mailbox } from './mailbox.ts';
import { network } from './network.ts';
import { outside } from './outside.ts';
import { planOf } from './plan.ts';
import { questions } from './questions.ts';
import { scheduler as schedulerOf } from './scheduler.ts';

/** What is left of a schedule that was made smaller. */
export interface Kept {
  /** Places in the plan. */
  readonly commands: ReadonlySet<number>;
  readonly choices: ReadonlySet<string>;
}

export interface RunOptions {
  /** All of the schedule without. */
  readonly kept?: Kept | undefined;
  readonly trace?: ((line: string) => void) | undefined;
  readonly sabotage?: Saboteur | undefined;
}

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly counters: Counters;
  readonly steps: number;
  /** Equal for schedules whose calls took effect in the same order. */
  readonly interleaving: number;
  /** Names of all that was decided other than plainly. */
  readonly taken: ReadonlySet<string>;
  readonly commands: number;
}

/** Many times what the longest of ten thousand took. */
const mostSteps = 20_000;
const refreshEveryMs = 150_000;
/** Long enough for everything that waits for a timer: the delay, growing pauses, a replica set read anew. */
const settleMs = 500_000;
const judgingMs = 60_000;

export async function runSchedule(
  seed: number,
  { kept, trace: say, sabotage = {} }: RunOptions = {},
): Promise<Outcome> {
  const plan = planOf(seed);
  const choices = choicesOf(seed, kept?.choices);
  const scheduler = schedulerOf(start, mostSteps);
  const trace = (line: () => string) => say?.(`${clockText(scheduler.now()).padStart(12)}  ${line()}`);
  const on = caseOf(plan, scheduler, choices, trace);
  const box = mailbox(on, choices);
  const follow = effects(on, box);
  let interleaving = 0;
  const net = network(on, choices, (effect) => {
    interleaving = hash(`${effect.caller.label}.${effect.port}.${effect.method}`, interleaving);
    follow(effect);
  });
  const good = goodPorts(on);
  const shared = sabotage.ports?.(good) ?? good;

  function startOne(): void {
    const label = String.fromCharCode(97 + on.instances.length);
    const onSet: SetListener = (by, set) => noteSet(on, by, set);
    on.instances.push(startInstance(label, { on, choices, network: net, shared, sabotage, onSet }));
  }

  function kill(instance: Instance): void {
    if (instance.isDead) return;
    trace(() => `${instance.label} dies`);
    on.counters.count('kills', 'instances');
    instance.kill();
    box.died(instance);
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
  });
  const calmAt = at + choices.choose('calm', 5_000, (random) => Math.floor(random() * 30_000));
  const endAt = calmAt + settleMs;
  for (let time = start + refreshEveryMs; time < endAt; time += refreshEveryMs) {
    scheduler.at(time, () => void on.living()[0]?.tracker.refreshReplicas(on.settings));
  }
  try {
    await scheduler.run(calmAt);
    trace(() => 'all faults end');
    net.calm();
    if (on.living().length === 0) startOne();
    await scheduler.run(endAt);
    asked.judgeWaiting();
    judgeTimers(on, calmAt);
    await judgeAll(on);
  } catch (error) {
    on.violate('work comes to an end', error instanceof Error ? (error.stack ?? error.message) : String(error));
    judgeTimers(on, calmAt);
  }
  for (const instance of on.instances) instance.kill();
  const { violations, counters } = on;
  return { violations, counters, steps: scheduler.steps, interleaving, taken: choices.taken, commands };
}

/** Every instance is asked about every image, and one of them about all there is to ask. */
async function judgeAll(on: Case): Promise<void> {
  const { scheduler } = on;
  const living = on.living();
  // A set that was stored elsewhere is read by the first question, and in use from the next.
  for (const { tracker } of living) tracker.replicaSet(on.settings);
  await scheduler.run(scheduler.now() + judgingMs);
  let open = 0;
  const judging = (work: Promise<void>) => {
    open++;
    work.then(
      () => open--,
      (error: unknown) => on.violate('work comes to an end', `a question at the end failed: ${String(error)}`),
    );
  };
  living.forEach((instance, i) => {
    judging(i === 0 ? judgeEnd(on, instance) : judgeDocuments(on, instance));
  });
  await scheduler.run(scheduler.now() + judgingMs);
  if (open > 0) on.violate('work comes to an end', 'questions at the end are not answered');
}

function goodPorts(on: Case): SharedPorts {
  const nothing = async () => undefined;
  return {
    store: memoryImageStore(),
    index: memoryImageIndex(),
    tags: memoryTagIndex(),
    webhooks: memoryWebhookLog(),
    sets: memoryReplicaSetStore(),
    reviews: memoryReviewLog(),
    forwards: memoryForwardQueue(),
    publisher: memoryPublisher(),
    // What is put on these two goes to the mailbox when it takes effect.
    timer: { wake: nothing },
    queue: { defer: nothing },
    directory: on.plan.world.set === 'arm' ? on.registry.directory : undefined,
    probe: on.plan.world.probing === 'off' ? undefined : on.registry.probe,
  };
}

const keys = new WeakMap<ReplicaSet, string>();

/** Decisions made for a set nobody ever told of would be wrong, however right they come out. */
function noteSet(on: Case, { label, clock }: Parameters<SetListener>[0], set: ReplicaSet): void {
  // Sets are made seldom, and asked for all the time.
  const key = keys.get(set) ?? expectedRegions(set).join();
  keys.set(set, key);
  const now = clock.now();
  const used = on.setsUsed.get(now) ?? new Set<string>();
  on.setsUsed.set(now, used.add(key));
  if (key !== '' && !on.registry.everySet.has(key))
    on.violate('the replica set is one that was told', `${label} uses ${key}`);
}
