/**
 * What happens in a schedule: the world, and the commands from outside. The seed alone determines it, so that it stays
 * the same when the tracker changes. How the steps interleave and what fails is decided during the run.
 */
import fc from 'fast-check';
import { withArtifacts } from './artifact-scenes.ts';
import type { AskedFor } from './attached.ts';
import { hash, randomFrom } from './choices.ts';
import { withFamily } from './family-scenes.ts';
import { withReleases } from './release-scenes.ts';
import { withScenes } from './scenes.ts';

/** An index with two or four members; two indexes that share one; an index in an index. */
export type FamilyShape = 'two' | 'four' | 'shared' | 'nested';

export interface World {
  readonly instances: number;
  /** Regions that may report; how many of them are replicas at first. */
  readonly regions: number;
  readonly replicas: number;
  readonly images: number;
  /** Where the replica set comes from. */
  readonly set: 'settings' | 'arm';
  /** Whether replicas can be probed, and whether a report counts only once they confirm it. */
  readonly probing: 'off' | 'missing' | 'confirm';
  readonly forwards: boolean;
  readonly cachedImages: number;
  /** How many calls in a hundred fail at random. */
  readonly faultsPercent: number;
  /** How long a request and an answer are under way at most, milliseconds. */
  readonly paceMs: number;
  /** Which images are indexes and members of them; none without. */
  readonly family?: FamilyShape;
  readonly releases?: true;
  /** Whether images are counted and kept in orders. */
  readonly catalogue?: true;
  /** The image that artifacts are attached to; there are none without. */
  readonly signed?: number;
}

/** Parts of the world that can be out for a while. */
export const outageParts = ['tables', 'queues', 'topic', 'arm', 'replicas'] as const;
export type OutagePart = (typeof outageParts)[number];

/** What a question is about: a digest, a tag, or both. */
export interface Subject extends AskedFor {
  readonly image: number | undefined;
  readonly tag: number | undefined;
}

/** Milliseconds from the event to each delivery of its webhook; empty if the webhook is lost. */
export type DeliveryDelays = readonly number[];

export type Command = { readonly gapMs: number } & (
  | {
      readonly kind: 'push';
      readonly image: number;
      readonly region: number;
      readonly tag: number | undefined;
      readonly deliveryDelays: DeliveryDelays;
    }
  | {
      readonly kind: 'pushEverywhere';
      readonly image: number;
      readonly tag: number | undefined;
      readonly deliveryDelays: readonly DeliveryDelays[];
    }
  | {
      readonly kind: 'delete';
      readonly image: number;
      readonly region: number;
      readonly deliveryDelays: DeliveryDelays;
    }
  | { readonly kind: 'deleteEverywhere'; readonly image: number; readonly deliveryDelays: readonly DeliveryDelays[] }
  | { readonly kind: 'replicas'; readonly count: number; readonly isSeeding: boolean }
  | { readonly kind: 'kill'; readonly instance: number; readonly restartMs: number | undefined }
  | { readonly kind: 'stop'; readonly instance: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'outage'; readonly of: OutagePart; readonly forMs: number }
  /** For long; and how much of that passes until the next command. */
  | { readonly kind: 'topicOutage'; readonly forMs: number; readonly passing: number }
  | {
      readonly kind: 'wait';
      readonly instance: number;
      readonly about: Subject;
      readonly require: 'all' | 'any';
      readonly region: number | undefined;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'answer'; readonly instance: number; readonly about: Subject }
  | { readonly kind: 'deliveryLog' }
  | { readonly kind: 'refresh'; readonly instance: number }
  | { readonly kind: 'notice'; readonly instance: number; readonly image: number }
  | { readonly kind: 'time' }
  /** Pushed in one region, and in each of the others some time later: never before what came before it. */
  | {
      readonly kind: 'spread';
      readonly image: number;
      readonly tag: number | undefined;
      readonly delays: readonly number[];
      readonly deliveryDelays: readonly DeliveryDelays[];
    }
  /** All that the repository has in a region; or with a tag, that tag. No digest is named. */
  | {
      readonly kind: 'unnamedDelete';
      readonly region: number;
      readonly tag?: number;
      readonly deliveryDelays: DeliveryDelays;
    }
  /** One instance cannot reach the tables. */
  | { readonly kind: 'cut'; readonly instance: number; readonly forMs: number }
  /** One instance cannot read manifests. */
  | { readonly kind: 'manifestsUnreadable'; readonly instance: number; readonly forMs: number }
  | ({ readonly kind: 'putRelease'; readonly instance: number } & PutRelease)
  | { readonly kind: 'deleteRelease' | 'readRelease'; readonly instance: number; readonly name: number }
  | { readonly kind: 'waitForRelease'; readonly instance: number; readonly name: number; readonly timeoutMs: number }
  /** Something else answers in the place of a replica. */
  | { readonly kind: 'foreign'; readonly region: number; readonly forMs: number }
  | { readonly kind: 'leap'; readonly days: number }
  | { readonly kind: 'expire'; readonly instance: number }
  /** Pushed with one tag after the other, all of which point there. */
  | { readonly kind: 'manyTags'; readonly image: number; readonly region: number; readonly count: number }
  /** Reported by regions that are not configured. */
  | { readonly kind: 'manyRegions'; readonly image: number; readonly count: number }
);

export interface PutRelease extends AskedFor {
  readonly name: number;
  readonly images: readonly number[];
  readonly require: 'all' | 'any';
}

export interface Plan {
  readonly world: World;
  readonly commands: readonly Command[];
}

export const maxCommands = 25;

const upTo = (most: number) => fc.integer({ min: 0, max: most });
const kind = <K extends string>(name: K) => fc.constant(name);

const gapMs = fc.oneof(
  { weight: 10, arbitrary: upTo(6) },
  { weight: 4, arbitrary: upTo(300) },
  { weight: 3, arbitrary: upTo(6_000) },
  { weight: 1, arbitrary: upTo(90_000) },
);
const delayMs = fc.oneof(
  { weight: 12, arbitrary: upTo(6) },
  { weight: 3, arbitrary: upTo(400) },
  { weight: 2, arbitrary: upTo(30_000) },
  { weight: 1, arbitrary: upTo(200_000) },
);
const deliveryDelays: fc.Arbitrary<DeliveryDelays> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(delayMs) },
  { weight: 3, arbitrary: fc.tuple(delayMs, delayMs) },
  { weight: 1, arbitrary: fc.constant([]) },
);
const image = upTo(2);
const region = upTo(3);
const tag = fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 5, arbitrary: upTo(1) });
const instance = upTo(3);
const everywhere = fc.tuple(deliveryDelays, deliveryDelays, deliveryDelays, deliveryDelays);
const about: fc.Arbitrary<Subject> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ image, tag: fc.constant(undefined) }) },
  { weight: 2, arbitrary: fc.record({ image: fc.constant(undefined), tag: upTo(1) }) },
  { weight: 1, arbitrary: fc.record({ image, tag: upTo(1) }) },
);

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ gapMs, kind: kind('push'), image, region, tag, deliveryDelays }) },
  { weight: 5, arbitrary: fc.record({ gapMs, kind: kind('pushEverywhere'), image, tag, deliveryDelays: everywhere }) },
  { weight: 3, arbitrary: fc.record({ gapMs, kind: kind('delete'), image, region, deliveryDelays }) },
  { weight: 1, arbitrary: fc.record({ gapMs, kind: kind('deleteEverywhere'), image, deliveryDelays: everywhere }) },
  {
    weight: 2,
    arbitrary: fc.record({
      gapMs,
      kind: kind('replicas'),
      count: fc.integer({ min: 1, max: 4 }),
      isSeeding: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      gapMs,
      kind: kind('kill'),
      instance,
      restartMs: fc.constantFrom(undefined, 0, 500, 20_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ gapMs, kind: kind('stop'), instance }) },
  { weight: 1, arbitrary: fc.record({ gapMs, kind: kind('start') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      gapMs,
      kind: kind('outage'),
      of: fc.constantFrom(...outageParts),
      forMs: fc.constantFrom(20, 2_000, 20_000, 90_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      gapMs,
      kind: kind('topicOutage'),
      forMs: fc.constantFrom(900_000, 1_800_000),
      passing: fc.constantFrom(0.2, 1, 1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      gapMs,
      kind: kind('wait'),
      instance,
      about,
      require: fc.constantFrom('all', 'any'),
      region: fc.oneof(fc.constant(undefined), region),
      timeoutMs: fc.constantFrom(0, 1_000, 2_000, 5_000, 20_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ gapMs, kind: kind('answer'), instance, about }) },
  { weight: 1, arbitrary: fc.record({ gapMs, kind: kind('deliveryLog') }) },
  { weight: 1, arbitrary: fc.record({ gapMs, kind: kind('refresh'), instance }) },
  { weight: 1, arbitrary: fc.record({ gapMs, kind: kind('notice'), instance, image }) },
  { weight: 1, arbitrary: fc.record({ gapMs: fc.integer({ min: 1_000, max: 200_000 }), kind: kind('time') }) },
);

const world: fc.Arbitrary<World> = fc.record({
  instances: fc.integer({ min: 2, max: 4 }),
  regions: fc.integer({ min: 2, max: 4 }),
  replicas: fc.integer({ min: 1, max: 4 }),
  images: fc.integer({ min: 1, max: 3 }),
  set: fc.constantFrom('settings', 'arm'),
  probing: fc.constantFrom('off', 'off', 'missing', 'confirm'),
  forwards: fc.boolean(),
  cachedImages: fc.constantFrom(1, 2, 100),
  faultsPercent: fc.constantFrom(0, 1, 4, 12, 30),
  paceMs: fc.constantFrom(1, 4, 20, 80),
});

/** With more faults, timers that were set twice multiply faster than they merge. */
const maxFaultsForLong = 12;

const plan: fc.Arbitrary<Plan> = fc
  .record({
    world: world.map((made) => ({ ...made, replicas: Math.min(made.replicas, made.regions) })),
    commands: fc.array(command, { minLength: 1, maxLength: maxCommands, size: 'max' }),
  })
  .map((made) => {
    const isFit = ({ kind: of }: Command) => of !== 'topicOutage' || made.world.faultsPercent <= maxFaultsForLong;
    return { ...made, commands: made.commands.filter(isFit) };
  });

export function planOf(seed: number): Plan {
  const [made] = fc.sample(plan, { seed, numRuns: 1 });
  if (made === undefined) throw new Error('fast-check makes as many as it is asked for');
  const commands = withScenes(made.commands, seed, made.world.images);
  return withCatalogue(withArtifacts(withReleases(withFamily({ ...made, commands }, seed), seed), seed), seed);
}

/** Not in all: counting takes nearly half as much time again as everything else. */
const cataloguePercent = 45;

function withCatalogue(made: Plan, seed: number): Plan {
  if (randomFrom(hash('catalogue', seed))() * 100 >= cataloguePercent) return made;
  return { ...made, world: { ...made.world, catalogue: true } };
}
