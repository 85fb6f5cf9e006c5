/**
 * Instances of the checks that share their storage and a clock that the test moves, with a tracker each, and a receiver
 * that waits for verdicts and answers as the test sets.
 */
import { memoryCheckQueue, memoryCheckStore } from '../../src/adapters/memory-checks.ts';
import type { CheckRequest, Verdict } from '../../src/core/checks/check.ts';
import type { Checks } from '../../src/core/checks/checks.ts';
import { checks } from '../../src/core/checks/checks.ts';
import type { EvaluationDeps } from '../../src/core/checks/evaluate-check.ts';
import type { CheckQueue, CheckStore, VerdictReply, VerdictSender } from '../../src/core/checks/ports.ts';
import { tokenCipher } from '../../src/core/checks/token-encryption.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import type { Telemetry } from '../../src/core/runtime/telemetry.ts';
import { digestOf, pushOf, repositoryOf } from './build.ts';
import type { ManualClock } from './manual-clock.ts';
import { manualClock } from './manual-clock.ts';
import { memoryTracker } from './memory-tracker.ts';

export type Answered = VerdictReply | Error | Promise<VerdictReply>;

export interface Waiting extends VerdictSender {
  readonly lines: string[];
  readonly verdicts: { readonly callback: string; readonly verdict: Verdict; readonly at: number }[];
  /** By attempt, from 0. */
  answer: (attempt: number) => Answered;
  answerLine: () => Promise<void>;
  maxLines: number;
}

export interface InstanceInput {
  readonly store?: CheckStore;
  readonly queue?: CheckQueue;
  readonly replicaSet?: (registry: Registry) => ReplicaSet;
  readonly key?: Uint8Array;
  readonly registries?: readonly Registry[];
  readonly telemetry?: Telemetry;
  /** By default there are none. */
  readonly releases?: EvaluationDeps['releases'];
  /** How far its clock is ahead. */
  readonly aheadMs?: number;
}

export const image = `contoso.azurecr.io/team/app@${digestOf(1)}`;

export function requestOf(changes: Partial<CheckRequest> = {}): CheckRequest {
  return {
    id: 'a'.repeat(40),
    kind: 'azurePipelines',
    images: [image],
    regions: undefined,
    require: undefined,
    timeoutMs: 3_600_000,
    callback: 'the-callback-with-its-token',
    ...changes,
  };
}

export function checkWorld() {
  const clock: ManualClock = manualClock();
  const store = memoryCheckStore();
  const queue = memoryCheckQueue();
  const lines: string[] = [];
  const first = memoryTracker({ clock });
  const warnings: string[] = [];
  const note = (message: string, fields: object = {}) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const warn = (message: string, fields: object = {}) => {
    note(message, fields);
    warnings.push(`${message} ${JSON.stringify(fields)}`);
  };

  const waiting: Waiting = {
    maxLines: 10,
    lines: [],
    verdicts: [],
    answer: () => 'delivered',
    answerLine: async () => undefined,
    async progress(_callback, line) {
      waiting.lines.push(line);
      await waiting.answerLine();
    },
    async verdict(callback, verdict) {
      const answer = waiting.answer(waiting.verdicts.length);
      waiting.verdicts.push({ callback, verdict, at: clock.now() });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };

  /** @returns an instance beside the others; all images are in one storage */
  function instance(input: InstanceInput = {}): Checks {
    const { replicaSet, registries, aheadMs = 0 } = input;
    const own: ManualClock = { ...clock, now: () => clock.now() + aheadMs };
    // Rows have the time of the test's clock, as rows of the table are read by its clock.
    const ownQueue: CheckQueue = {
      add: (id, sequence, at, ownAheadMs) => queue.add(id, sequence, at - aheadMs, ownAheadMs - aheadMs),
    };
    const { tracker } = memoryTracker({
      clock: own,
      ports: { store: first.store, lists: first.lists, tags: first.tags, timer: first.timer },
      ...(replicaSet === undefined ? {} : { replicaSet }),
      ...(registries === undefined ? {} : { registries }),
    });
    let nonces = 0;
    const all = checks({
      tracker,
      releases: input.releases ?? { wait: async () => ({ kind: 'unknown' }) },
      store: input.store ?? store,
      queue: input.queue ?? ownQueue,
      senders: { azurePipelines: waiting, github: waiting },
      tokenCipher: tokenCipher(input.key ?? new Uint8Array(32), (bytes) => new Uint8Array(bytes).fill(++nonces)),
      clock: own,
      random: () => 0.5,
      log: { info: note, warn },
      ...(input.telemetry === undefined ? {} : { telemetry: input.telemetry }),
    });
    return { ...all, resume: (id, sequence, worldAheadMs) => all.resume(id, sequence, worldAheadMs + aheadMs) };
  }

  /** A webhook reports that it is there. */
  async function push(region: string, tag?: string, digest = digestOf(1)): Promise<void> {
    const receivedAt = new Date(clock.now()).toISOString();
    const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest };
    await first.tracker.receive({ name, fact: pushOf(region, receivedAt, tag === undefined ? {} : { tag }) });
    await clock.settle();
  }

  /** Lets time pass, and has one of these instances run each row when it is due. */
  async function pass(milliseconds: number, instances: readonly Checks[], stepMs = 1_000): Promise<void> {
    let runs = 0;
    for (const until = clock.now() + milliseconds; clock.now() < until; ) {
      await clock.advance(Math.min(stepMs, until - clock.now()));
      const due = queue.rows.filter(({ at }) => at <= clock.now());
      queue.rows.splice(0, queue.rows.length, ...queue.rows.filter(({ at }) => at > clock.now()));
      for (const row of due) void instances[runs++ % instances.length]?.resume(row.id, row.sequence, row.aheadMs);
      await clock.settle();
    }
  }

  const stored = async (id = requestOf().id) => (await store.read(id))?.check;
  return { clock, store, queue, lines, warnings, waiting, first, instance, push, pass, stored };
}
