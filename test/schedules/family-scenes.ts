/**
 * What becomes of an index and its members: pushed in any order, read late or not at all, deleted in part, told of in part.
 * A share of the schedules have a family, and then each of them one or two of these stories. Drawn from a seed of their own,
 * so that the others are what they were.
 */
import type { Random } from './choices.ts';
import { between, hash, pick, randomFrom } from './choices.ts';
import { imagesOf, indexesOf, listedBy } from './families.ts';
import type { Command, FamilyShape, Plan, Tellings } from './plan.ts';
import { asking, everywhere, four, gone, late, shortly, soon, spreading, waiting } from './scenes.ts';

interface Told {
  readonly shape: FamilyShape;
  readonly random: Random;
  /** What the story is about. */
  readonly index: number;
  readonly members: readonly [number, ...number[]];
}

type Scene = (told: Told) => readonly Command[];

const familiesPercent = 20;

function shuffled(random: Random, images: readonly number[]): number[] {
  return images
    .map((image) => ({ image, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ image }) => image);
}

/** With what an index in it lists. */
function membersOf(shape: FamilyShape, index: number): readonly number[] {
  return listedBy(shape, index).flatMap((member) => [...membersOf(shape, member), member]);
}

/** In all replicas at once and told soon; or in each at a time of its own, and told late or never. */
function pushing(random: Random, image: number): Command {
  return random() < 0.5 ? everywhere(random, image, undefined) : spreading(random, image, undefined);
}

function pushAll({ random, members, index }: Told): Command[] {
  const order = pick(random, [[...members, index], [index, ...members], shuffled(random, [...members, index])]);
  const tag = random() < 0.4 ? between(random, 0, 1) : undefined;
  return order.map((image) =>
    image === index && tag !== undefined ? everywhere(random, image, tag) : pushing(random, image),
  );
}

function someMember({ random, members }: Told): number {
  return pick(random, members);
}

function questions({ random, index, members }: Told): Command[] {
  return [
    asking(random, index, undefined),
    waiting(random, index, undefined, pick(random, [1_000, 5_000, 40_000]), between(random, 0, 3)),
    ...(random() < 0.3 ? [asking(random, pick(random, members), undefined)] : []),
  ];
}

const whole: Scene = (told) => [...pushAll(told), ...questions(told)];

/** The members have long been told by themselves. */
const indexLater: Scene = (told) => {
  const { random, index, members } = told;
  return [
    ...shuffled(random, members).map((image) => pushing(random, image)),
    { ...pushing(random, index), gapMs: pick(random, [9_000, 10_000, 11_000, 60_000, 400_000]) },
    ...questions(told),
  ];
};

/** A member comes long after everything else. */
const memberLater: Scene = (told) => {
  const { random, index } = told;
  const last = someMember(told);
  const others = [...told.members.filter((image) => image !== last), index];
  return [
    ...shuffled(random, others).map((image) => everywhere(random, image, undefined)),
    asking(random, index, undefined),
    { ...pushing(random, last), gapMs: pick(random, [1_000, 15_000, 150_000]) },
    ...questions(told),
  ];
};

/** Gone from one region, or from all with a single one that says so; and pushed again, or not. */
const memberGone: Scene = (told) => {
  const { random, index } = told;
  const member = someMember(told);
  const region = between(random, 0, 3);
  const tellings = four<Tellings>(() => []).map((none, i) => (i === region ? soon(random) : none));
  const isEverywhere = random() < 0.5;
  return [
    ...pushAll(told),
    ...(random() < 0.5 ? [{ kind: 'time', gapMs: 12_000 } as const] : []),
    isEverywhere
      ? { ...shortly(random), kind: 'deleteEverywhere', image: member, tellings }
      : { ...shortly(random), kind: 'delete', image: member, region, tellings: late(random) },
    asking(random, index, undefined),
    ...(random() < 0.6 ? [{ ...pushing(random, member), gapMs: between(random, 0, 20_000) }] : []),
    ...questions(told),
  ];
};

/** The index alone is deleted soon after it was pushed. One region's report of a member is lost, and the member stays. */
const indexDeleted: Scene = (told) => {
  const { random, index, members } = told;
  const last = someMember(told);
  const region = between(random, 0, 1);
  const tellings = four(() => soon(random)).map((one, i): Tellings => (i === region ? [] : one));
  return [
    ...shuffled(random, [...members.filter((image) => image !== last), index]).map((image) =>
      everywhere(random, image, undefined),
    ),
    { ...shortly(random), kind: 'pushEverywhere', image: last, tag: undefined, tellings },
    { ...gone(random, index), gapMs: pick(random, [500, 2_000, 20_000]) },
    ...(random() < 0.3 ? [{ ...pushing(random, index), gapMs: between(random, 0, 20_000) }] : []),
    // No wait: for what is waited for, replicas are asked anyway.
    asking(random, last, undefined),
  ];
};

/** All of it is deleted, and pushed again; in between, maybe, longer than it is remembered. */
const anew: Scene = (told) => {
  const { random, index, members } = told;
  const isForgotten = random() < 0.3;
  const expiring = (): Command => ({ ...shortly(random), kind: 'expire', instance: between(random, 0, 3) });
  return [
    ...pushAll(told),
    { kind: 'time', gapMs: 5_000 },
    ...shuffled(random, [...members, index]).map((image) => gone(random, image)),
    ...(isForgotten
      ? [
          { kind: 'time', gapMs: 280_000 } as const,
          { kind: 'leap', gapMs: 0, days: 91 } as const,
          expiring(),
          expiring(),
        ]
      : []),
    ...pushAll(told),
    ...questions(told),
  ];
};

/** Instances die while reports of the family are being written. */
const kills: Scene = (told) => {
  const { random } = told;
  const kill = (): Command => ({
    kind: 'kill',
    gapMs: between(random, 0, 40),
    instance: between(random, 0, 3),
    restartMs: pick(random, [0, 500, 20_000]),
  });
  return [
    ...pushAll(told).flatMap((command) => [
      { ...command, gapMs: between(random, 0, 60) },
      ...(random() < 0.5 ? [kill()] : []),
    ]),
    ...questions(told),
  ];
};

/** One instance, or all of them, cannot read what the index lists. */
const unreadable: Scene = (told) => {
  const { random } = told;
  const forMs = pick(random, [3_000, 60_000, 400_000]);
  const blind: Command =
    random() < 0.6
      ? { ...shortly(random), kind: 'blind', instance: between(random, 0, 3), forMs }
      : { ...shortly(random), kind: 'outage', of: 'replicas', forMs: Math.min(forMs, 90_000) };
  return [blind, ...pushAll(told), ...questions(told)];
};

const scenes: readonly [Scene, ...Scene[]] = [
  whole,
  whole,
  indexLater,
  memberLater,
  memberGone,
  memberGone,
  indexDeleted,
  anew,
  kills,
  unreadable,
];

export function withFamily(plan: Plan, seed: number): Plan {
  const random = randomFrom(hash('families', seed));
  if (random() * 100 >= familiesPercent) return plan;
  const shape = pick<FamilyShape>(random, ['two', 'four', 'shared', 'nested']);
  let commands = plan.commands;
  for (let times = random() < 0.4 ? 2 : 1; times > 0; times--) {
    const indexes = indexesOf(shape);
    const index = indexes[between(random, 0, indexes.length - 1)] ?? 0;
    const members = [...new Set(membersOf(shape, index))] as [number, ...number[]];
    const place = between(random, 0, commands.length);
    const told = pick(random, scenes)({ shape, random, index, members });
    commands = [...commands.slice(0, place), ...told, ...commands.slice(place)];
  }
  return { world: { ...plan.world, images: imagesOf(shape), family: shape }, commands };
}
