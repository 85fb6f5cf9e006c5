/**
 * What is disturbed when, and for how long. The seed determines this plan and the load. It does not determine a run:
 * processes and the clock are real, so a disturbance never comes at exactly the same instruction twice.
 */
import { drawBetween, drawFrom, openRandom } from '../../src/local/simulator/random.ts';
import type { TopicFault } from './topic.ts';
import { topicFaults } from './topic.ts';

export type ReplicaFault = 'throttled' | 'unavailable' | 'refusing' | 'hanging' | 'rubbish';

export type Disturbance =
  | { readonly kind: 'kill'; readonly process: number; readonly port: 'same' | 'fresh' }
  | { readonly kind: 'end'; readonly process: number; readonly port: 'same' | 'fresh' }
  | { readonly kind: 'killAll' }
  | { readonly kind: 'pause'; readonly process: number }
  | { readonly kind: 'restartStorage' }
  | { readonly kind: 'pauseStorage' }
  | { readonly kind: 'loseStorageAnswers'; readonly share: number }
  | { readonly kind: 'topic'; readonly fault: TopicFault }
  | { readonly kind: 'replica'; readonly region: number; readonly fault: ReplicaFault }
  | { readonly kind: 'region'; readonly region: number };

export interface Planned {
  /** Milliseconds after the start. */
  readonly at: number;
  /** How long it durations. */
  readonly forMs: number;
  readonly disturbance: Disturbance;
}

type Kind = Disturbance['kind'];

/** Each round has these in random order, so that a short run has every kind. */
const kindsOfRound: readonly Kind[] = [
  ...(['kill', 'kill', 'kill', 'pause', 'pause', 'end', 'killAll'] as const),
  ...(['restartStorage', 'pauseStorage', 'loseStorageAnswers'] as const),
  ...(['topic', 'topic', 'topic', 'replica', 'replica', 'region'] as const),
];

const durations: Record<Kind, readonly [low: number, high: number]> = {
  kill: [100, 1_500],
  end: [100, 1_500],
  killAll: [300, 1_500],
  // The registry gives up after 5 s: some pauses are longer than that.
  pause: [1_000, 8_000],
  restartStorage: [200, 3_000],
  pauseStorage: [1_000, 8_000],
  loseStorageAnswers: [1_000, 4_000],
  topic: [1_500, 8_000],
  replica: [2_000, 8_000],
  region: [2_000, 8_000],
};

/** Between two disturbances, on average. Less in a run that is too short for a whole round. */
const usualPauseMs = 3_000;
/** Nothing is disturbed before, so that images are pushed by then. */
const quietMs = 1_500;

export function planDisturbances(seed: number, durationMs: number, processes: number, regions: number): Planned[] {
  const random = openRandom(seed, 'disturbances');
  const pauseMs = Math.min(usualPauseMs, (durationMs - quietMs) / (kindsOfRound.length + 1));
  const planned: Planned[] = [];
  // With short pauses between them each is shorter; otherwise no request would ever succeed.
  const pace = Math.min(1, Math.max(0.4, pauseMs / (usualPauseMs / 2)));
  let left: Kind[] = [];
  let topicTurn = Math.floor(random() * topicFaults.length);
  for (let at = quietMs; at < durationMs; at += pauseMs * drawBetween(random, 0.4, 1.6)) {
    if (left.length === 0) left = shuffle(random, kindsOfRound);
    const kind = left.pop() ?? 'kill';
    const [low, high] = durations[kind];
    // All faults end with the run at the latest.
    const forMs = Math.min(drawBetween(random, low, high) * pace, durationMs - at);
    if (kind === 'topic') topicTurn += 1;
    planned.push({ at, forMs, disturbance: draw(kind) });
  }
  return planned;

  function draw(kind: Kind): Disturbance {
    const process = Math.floor(random() * processes);
    const region = Math.floor(random() * regions);
    switch (kind) {
      case 'kill':
      case 'end':
        // The commands that wait ask at the address of the first process.
        return { kind, process, port: process === 0 ? 'same' : drawFrom(random, ['same', 'fresh'] as const) };
      case 'pause':
        return { kind, process };
      case 'loseStorageAnswers':
        return { kind, share: drawBetween(random, 0.1, 0.5) };
      case 'topic':
        return { kind, fault: topicFaults[topicTurn % topicFaults.length] ?? 'unavailable' };
      case 'replica': {
        const faults = ['throttled', 'unavailable', 'refusing', 'hanging', 'rubbish'] as const;
        return { kind, region, fault: drawFrom(random, faults) };
      }
      case 'region':
        return { kind, region };
      default:
        return { kind };
    }
  }
}

function shuffle<Item>(random: () => number, items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((one, other) => one.order - other.order)
    .map(({ item }) => item);
}

/** For the log of `--verbose`. */
export function describeDisturbance({ disturbance: one, forMs }: Planned): string {
  const seconds = `${(forMs / 1_000).toFixed(1)} s`;
  switch (one.kind) {
    case 'kill':
    case 'end':
      return `${one.kind} process ${one.process + 1}, back after ${seconds} on ${one.port === 'same' ? 'its' : 'another'} port`;
    case 'killAll':
      return `kill all processes, back after ${seconds}`;
    case 'pause':
      return `pause process ${one.process + 1} for ${seconds}`;
    case 'restartStorage':
      return `stop the storage, back after ${seconds}`;
    case 'pauseStorage':
      return `pause the storage for ${seconds}`;
    case 'loseStorageAnswers':
      return `lose ${Math.round(one.share * 100)} % of the storage's answers for ${seconds}`;
    case 'topic':
      return `topic ${one.fault} for ${seconds}`;
    case 'replica':
      return `replica ${one.region + 1} ${one.fault} for ${seconds}`;
    case 'region':
      return `region ${one.region + 1} cut off for ${seconds}`;
  }
}
