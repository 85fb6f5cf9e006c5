/**
 * Who is disturbed when, and for how long. The seed fixes this plan and the load; it does not fix a run, because real
 * processes on a real clock never meet a disturbance in quite the same instruction twice. The same seed gives the same
 * kind of bad day, not the same day.
 */
import { drawBetween, drawFrom, openRandom } from '../../src/local/simulator/random.ts';
import type { TopicAilment } from './topic.ts';
import { topicAilments } from './topic.ts';

export type ReplicaAilment = 'throttled' | 'unavailable' | 'refusing' | 'hanging' | 'rubbish';

export type Disturbance =
  | { readonly kind: 'kill'; readonly process: number; readonly port: 'same' | 'fresh' }
  | { readonly kind: 'end'; readonly process: number; readonly port: 'same' | 'fresh' }
  | { readonly kind: 'killAll' }
  | { readonly kind: 'pause'; readonly process: number }
  | { readonly kind: 'restartStorage' }
  | { readonly kind: 'pauseStorage' }
  | { readonly kind: 'loseStorageAnswers'; readonly share: number }
  | { readonly kind: 'topic'; readonly ailment: TopicAilment }
  | { readonly kind: 'replica'; readonly region: number; readonly ailment: ReplicaAilment }
  | { readonly kind: 'region'; readonly region: number };

export interface Planned {
  /** Milliseconds after the start. */
  readonly at: number;
  /** How long it lasts. */
  readonly forMs: number;
  readonly disturbance: Disturbance;
}

type Kind = Disturbance['kind'];

/** How often each comes before all have come; dealt like cards, so that a short run meets every kind. */
const deck: readonly Kind[] = [
  ...(['kill', 'kill', 'kill', 'pause', 'pause', 'end', 'killAll'] as const),
  ...(['restartStorage', 'pauseStorage', 'loseStorageAnswers'] as const),
  ...(['topic', 'topic', 'topic', 'replica', 'replica', 'region'] as const),
];

const lasts: Record<Kind, readonly [low: number, high: number]> = {
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

/** Between two disturbances, on average. In a run that is too short for all of the deck, less. */
const usualPauseMs = 3_000;
/** Nothing is disturbed before, so that there is something to disturb. */
const quietMs = 1_500;

export function planDisturbances(seed: number, durationMs: number, processes: number, regions: number): Planned[] {
  const random = openRandom(seed, 'disturbances');
  const pauseMs = Math.min(usualPauseMs, (durationMs - quietMs) / (deck.length + 1));
  const planned: Planned[] = [];
  // Where one follows hard upon the other, each is shorter, or nothing would ever get through.
  const pace = Math.min(1, Math.max(0.4, pauseMs / (usualPauseMs / 2)));
  let cards: Kind[] = [];
  let topicTurn = Math.floor(random() * topicAilments.length);
  for (let at = quietMs; at < durationMs; at += pauseMs * drawBetween(random, 0.4, 1.6)) {
    if (cards.length === 0) cards = shuffle(random, deck);
    const kind = cards.pop() ?? 'kill';
    const [low, high] = lasts[kind];
    // A run ends well: what is still disturbed then is set right.
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
        // Somebody waits at the first one's address.
        return { kind, process, port: process === 0 ? 'same' : drawFrom(random, ['same', 'fresh'] as const) };
      case 'pause':
        return { kind, process };
      case 'loseStorageAnswers':
        return { kind, share: drawBetween(random, 0.1, 0.5) };
      case 'topic':
        return { kind, ailment: topicAilments[topicTurn % topicAilments.length] ?? 'unavailable' };
      case 'replica': {
        const ailments = ['throttled', 'unavailable', 'refusing', 'hanging', 'rubbish'] as const;
        return { kind, region, ailment: drawFrom(random, ailments) };
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

/** For people. */
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
      return `topic ${one.ailment} for ${seconds}`;
    case 'replica':
      return `replica ${one.region + 1} ${one.ailment} for ${seconds}`;
    case 'region':
      return `region ${one.region + 1} cut off for ${seconds}`;
  }
}
