/**
 * Short sequences that random single commands would rarely produce, each inserted as a whole at a random place. Drawn
 * from a seed of their own, so that a schedule without any stays the same.
 */
import type { Random } from './choices.ts';
import { between, hash, pick, randomFrom } from './choices.ts';
import type { Command, DeliveryDelays } from './plan.ts';

/** @param images how many there are */
type Scene = (random: Random, images: number) => readonly Command[];

/** Longer than anything is under way. */
const quietMs = 280_000;

export const soon = (random: Random): DeliveryDelays => [between(random, 0, 6)];
export const late = (random: Random): DeliveryDelays =>
  pick(random, [[between(random, 0, 400)], [between(random, 0, 60_000)], [between(random, 0, 400), 20_000], []]);
export const four = <T>(make: () => T): T[] => [make(), make(), make(), make()];
export const shortly = (random: Random) => ({ gapMs: between(random, 0, 3_000) });

export function everywhere(random: Random, image: number, tag: number | undefined): Command {
  return { ...shortly(random), kind: 'pushEverywhere', image, tag, deliveryDelays: four(() => soon(random)) };
}

export function deletedEverywhere(random: Random, image: number): Command {
  return { ...shortly(random), kind: 'deleteEverywhere', image, deliveryDelays: four(() => soon(random)) };
}

export function waiting(
  random: Random,
  image: number,
  tag: number | undefined,
  timeoutMs: number,
  instance = 0,
): Command {
  const about = { image, tag };
  return { ...shortly(random), kind: 'wait', instance, about, require: 'all', region: undefined, timeoutMs };
}

export function asking(random: Random, image: number | undefined, tag: number | undefined): Command {
  return { ...shortly(random), kind: 'answer', instance: between(random, 0, 3), about: { image, tag } };
}

export function spreading(random: Random, image: number, tag: number | undefined): Command {
  const delays = four(() => (random() < 0.5 ? between(random, 0, 20) : between(random, 0, 60_000)));
  return { ...shortly(random), kind: 'spread', image, tag, delays, deliveryDelays: four(() => late(random)) };
}

/** The same one twice, where there is only one. */
function two(random: Random, images: number): [number, number] {
  const first = between(random, 0, images - 1);
  return [first, (first + 1) % images];
}

/** The older digest reaches a region after the newer one was reported elsewhere, and its own webhook is late or lost. */
const crossing: Scene = (random, images) => {
  const [older, newer] = two(random, images);
  const tag = between(random, 0, 1);
  return [
    spreading(random, older, tag),
    spreading(random, newer, tag),
    waiting(random, newer, tag, 100_000, between(random, 0, 3)),
    waiting(random, older, tag, pick(random, [5_000, 60_000]), between(random, 0, 3)),
    { kind: 'time', gapMs: 70_000 },
    ...(random() < 0.3 ? [spreading(random, older, tag)] : []),
  ];
};

/** Refused only when it has been so for long: what was just pushed again is reported some seconds later. */
const rollback: Scene = (random, images) => {
  const [older, newer] = two(random, images);
  const tag = between(random, 0, 1);
  const isPurged = random() < 0.5;
  return [
    everywhere(random, older, tag),
    isPurged ? deletedEverywhere(random, older) : everywhere(random, newer, tag),
    waiting(random, older, isPurged ? undefined : tag, pick(random, [10_000, 50_000, 100_000]), between(random, 0, 3)),
    ...(random() < 0.6 ? [{ ...everywhere(random, older, tag), gapMs: between(random, 100, 40_000) }] : []),
  ];
};

/** One instance cannot reach the tables while others can, and a new client asks it. */
const cutOff: Scene = (random, images) => {
  const image = between(random, 0, images - 1);
  const instance = between(random, 0, 3);
  return [
    everywhere(random, image, undefined),
    waiting(random, image, undefined, 60_000, instance),
    { ...waiting(random, image, undefined, 60_000, instance), gapMs: between(random, 0, 30) },
    { kind: 'cut', gapMs: between(random, 0, 2_000), instance, forMs: pick(random, [5_000, 30_000, 100_000]) },
    deletedEverywhere(random, image),
    { ...waiting(random, image, undefined, pick(random, [1_000, 5_000, 40_000]), instance), gapMs: 4_000 },
    asking(random, image, undefined),
  ];
};

const foreign: Scene = (random, images) => {
  const image = between(random, 0, images - 1);
  const region = between(random, 0, 3);
  return [
    { ...shortly(random), kind: 'foreign', region, forMs: pick(random, [20_000, 200_000, 600_000]) },
    { ...everywhere(random, image, between(random, 0, 1)) },
    { ...shortly(random), kind: 'delete', image, region: between(random, 0, 3), deliveryDelays: soon(random) },
    waiting(random, image, undefined, 40_000),
    { kind: 'time', gapMs: between(random, 0, 150_000) },
    asking(random, image, undefined),
  ];
};

/** Longer than records are kept: some images are still there, some deleted, some are pushed again. */
const months: Scene = (random, images) => {
  const [kept, purged] = two(random, images);
  const tag = random() < 0.5 ? undefined : between(random, 0, 1);
  const days = pick(random, [40, 89, 91, 200]);
  const expiring = (): Command => ({ ...shortly(random), kind: 'expire', instance: between(random, 0, 3) });
  return [
    everywhere(random, kept, tag),
    everywhere(random, purged, tag),
    deletedEverywhere(random, purged),
    { kind: 'time', gapMs: quietMs },
    { kind: 'leap', gapMs: 0, days },
    expiring(),
    expiring(),
    asking(random, kept, undefined),
    waiting(random, kept, undefined, 2_000),
    everywhere(random, purged, tag),
    ...(random() < 0.3 ? [deletedEverywhere(random, kept), { kind: 'time', gapMs: quietMs } as const] : []),
    ...(random() < 0.3 ? [{ kind: 'leap', gapMs: quietMs, days } as const, expiring()] : []),
    asking(random, kept, tag),
  ];
};

/** A delete that names no digest, and what is pushed again after it. */
const unnamed: Scene = (random, images) => {
  const image = between(random, 0, images - 1);
  const tag = between(random, 0, 1);
  const region = between(random, 0, 3);
  const ofTag = random() < 0.4 ? { tag } : {};
  // The tag is deleted in a region whose push of it is still under way.
  if ('tag' in ofTag && random() < 0.5) {
    return [
      { ...shortly(random), kind: 'push', image, region: region + 1, tag, deliveryDelays: [between(random, 0, 500)] },
      { ...shortly(random), kind: 'push', image, region, tag, deliveryDelays: [between(random, 10_000, 40_000)] },
      { kind: 'time', gapMs: 2_000 },
      { ...shortly(random), kind: 'unnamedDelete', region, tag, deliveryDelays: [between(random, 0, 2_000)] },
      { kind: 'time', gapMs: 60_000 },
      asking(random, undefined, tag),
    ];
  }
  return [
    everywhere(random, image, tag),
    { ...shortly(random), kind: 'unnamedDelete', region, ...ofTag, deliveryDelays: late(random) },
    asking(random, image, undefined),
    asking(random, undefined, tag),
    waiting(random, image, tag, 3_000, between(random, 0, 3)),
    ...(random() < 0.5
      ? [{ ...shortly(random), kind: 'push', image, region, tag, deliveryDelays: late(random) } as const]
      : []),
  ];
};

/** A tag that was pushed first, and after it as many as builds without a change push. */
const manyTags: Scene = (random, images) => {
  const image = between(random, 0, images - 1);
  const tag = between(random, 0, 1);
  const count = pick(random, [105, 120, 300]);
  return [
    everywhere(random, image, tag),
    { ...shortly(random), kind: 'manyTags', image, region: between(random, 0, 3), count },
    { kind: 'time', gapMs: 5_000 },
    asking(random, undefined, tag),
  ];
};

const manyRegions: Scene = (random, images) => {
  const image = between(random, 0, images - 1);
  return [
    everywhere(random, image, between(random, 0, 1)),
    { ...shortly(random), kind: 'manyRegions', image, count: 60 },
    { ...deletedEverywhere(random, image), gapMs: 5_000 },
    asking(random, image, undefined),
  ];
};

const scenes: readonly (readonly [number, Scene])[] = [
  [10, crossing],
  [8, rollback],
  [6, cutOff],
  [3, foreign],
  [6, months],
  [5, unnamed],
  [1, manyTags],
  [1, manyRegions],
];
const scenesPercent = 45;

export function withScenes(commands: readonly Command[], seed: number, images: number): readonly Command[] {
  const random = randomFrom(hash('scenes', seed));
  if (random() * 100 >= scenesPercent) return commands;
  const place = between(random, 0, commands.length);
  return [...commands.slice(0, place), ...sceneOf(random)(random, images), ...commands.slice(place)];
}

function sceneOf(random: Random): Scene {
  let left = random() * scenes.reduce((sum, [weight]) => sum + weight, 0);
  const found = scenes.find(([weight]) => {
    left -= weight;
    return left < 0;
  });
  return found?.[1] ?? crossing;
}
