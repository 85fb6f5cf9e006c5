/**
 * What happens to an index and its members: pushed in any order, read late or never, deleted in part, reported in part.
 * A share of the schedules has a family, and one or two of these scenes. They are drawn from a seed of their own, so
 * that the other schedules stay the same.
 */
import type { Random } from './choices.ts';
import { between, hash, pick, randomFrom } from './choices.ts';
import { imagesOf, indexesOf, listedBy } from './families.ts';
import type { Command, DeliveryDelays, FamilyShape, Plan } from './plan.ts';
import { asking, deletedEverywhere, everywhere, four, late, shortly, soon, spreading, waiting } from './scenes.ts';

interface SceneContext {
  readonly shape: FamilyShape;
  readonly random: Random;
  /** The index of the scene. */
  readonly index: number;
  readonly members: readonly [number, ...number[]];
}

type Scene = (context: SceneContext) => readonly Command[];

const famiwrongListsPercent = 20;

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

/** In all replicas at once and reported soon; or in each at a time of its own, and reported late or never. */
function pushing(random: Random, image: number): Command {
  return random() < 0.5 ? everywhere(random, image, undefined) : spreading(random, image, undefined);
}

function pushAll({ random, members, index }: SceneContext): Command[] {
  const order = pick(random, [[...members, index], [index, ...members], shuffled(random, [...members, index])]);
  const tag = random() < 0.4 ? between(random, 0, 1) : undefined;
  return order.map((image) =>
    image === index && tag !== undefined ? everywhere(random, image, tag) : pushing(random, image),
  );
}

function someMember({ random, members }: SceneContext): number {
  return pick(random, members);
}

function questions({ random, index, members }: SceneContext): Command[] {
  return [
    asking(random, index, undefined),
    waiting(random, index, undefined, pick(random, [1_000, 5_000, 40_000]), between(random, 0, 3)),
    ...(random() < 0.3 ? [asking(random, pick(random, members), undefined)] : []),
  ];
}

const whole: Scene = (context) => [...pushAll(context), ...questions(context)];

/** The members were published by themselves long before the index is pushed. */
const indexLater: Scene = (context) => {
  const { random, index, members } = context;
  return [
    ...shuffled(random, members).map((image) => pushing(random, image)),
    { ...pushing(random, index), gapMs: pick(random, [9_000, 10_000, 11_000, 60_000, 400_000]) },
    ...questions(context),
  ];
};

/** A member is pushed long after everything else. */
const memberLater: Scene = (context) => {
  const { random, index } = context;
  const last = someMember(context);
  const others = [...context.members.filter((image) => image !== last), index];
  return [
    ...shuffled(random, others).map((image) => everywhere(random, image, undefined)),
    asking(random, index, undefined),
    { ...pushing(random, last), gapMs: pick(random, [1_000, 15_000, 150_000]) },
    ...questions(context),
  ];
};

/** A member is deleted in one region, or in all of which only one reports it; and pushed again, or not. */
const memberDeleted: Scene = (context) => {
  const { random, index } = context;
  const member = someMember(context);
  const region = between(random, 0, 3);
  const deliveryDelays = four<DeliveryDelays>(() => []).map((none, i) => (i === region ? soon(random) : none));
  const isEverywhere = random() < 0.5;
  return [
    ...pushAll(context),
    ...(random() < 0.5 ? [{ kind: 'time', gapMs: 12_000 } as const] : []),
    isEverywhere
      ? { ...shortly(random), kind: 'deleteEverywhere', image: member, deliveryDelays }
      : { ...shortly(random), kind: 'delete', image: member, region, deliveryDelays: late(random) },
    asking(random, index, undefined),
    ...(random() < 0.6 ? [{ ...pushing(random, member), gapMs: between(random, 0, 20_000) }] : []),
    ...questions(context),
  ];
};

/** The index alone is deleted soon after it was pushed. One region's report of a member is lost, and the member stays. */
const indexDeleted: Scene = (context) => {
  const { random, index, members } = context;
  const last = someMember(context);
  const region = between(random, 0, 1);
  const deliveryDelays = four(() => soon(random)).map((one, i): DeliveryDelays => (i === region ? [] : one));
  return [
    ...shuffled(random, [...members.filter((image) => image !== last), index]).map((image) =>
      everywhere(random, image, undefined),
    ),
    { ...shortly(random), kind: 'pushEverywhere', image: last, tag: undefined, deliveryDelays },
    { ...deletedEverywhere(random, index), gapMs: pick(random, [500, 2_000, 20_000]) },
    ...(random() < 0.3 ? [{ ...pushing(random, index), gapMs: between(random, 0, 20_000) }] : []),
    // No wait: for what is waited for, replicas are asked anyway.
    asking(random, last, undefined),
  ];
};

/** All of it is deleted and pushed again; in some schedules after its record has expired. */
const pushedAgain: Scene = (context) => {
  const { random, index, members } = context;
  const isForgotten = random() < 0.3;
  const expiring = (): Command => ({ ...shortly(random), kind: 'expire', instance: between(random, 0, 3) });
  return [
    ...pushAll(context),
    { kind: 'time', gapMs: 5_000 },
    ...shuffled(random, [...members, index]).map((image) => deletedEverywhere(random, image)),
    ...(isForgotten
      ? [
          { kind: 'time', gapMs: 280_000 } as const,
          { kind: 'leap', gapMs: 0, days: 91 } as const,
          expiring(),
          expiring(),
        ]
      : []),
    ...pushAll(context),
    ...questions(context),
  ];
};

/** Instances die while reports of the family are being written. */
const kills: Scene = (context) => {
  const { random } = context;
  const kill = (): Command => ({
    kind: 'kill',
    gapMs: between(random, 0, 40),
    instance: between(random, 0, 3),
    restartMs: pick(random, [0, 500, 20_000]),
  });
  return [
    ...pushAll(context).flatMap((command) => [
      { ...command, gapMs: between(random, 0, 60) },
      ...(random() < 0.5 ? [kill()] : []),
    ]),
    ...questions(context),
  ];
};

/** One instance, or all of them, cannot read what the index lists. */
const unreadable: Scene = (context) => {
  const { random } = context;
  const forMs = pick(random, [3_000, 60_000, 400_000]);
  const unreadableFor: Command =
    random() < 0.6
      ? { ...shortly(random), kind: 'manifestsUnreadable', instance: between(random, 0, 3), forMs }
      : { ...shortly(random), kind: 'outage', of: 'replicas', forMs: Math.min(forMs, 90_000) };
  return [unreadableFor, ...pushAll(context), ...questions(context)];
};

const scenes: readonly [Scene, ...Scene[]] = [
  whole,
  whole,
  indexLater,
  memberLater,
  memberDeleted,
  memberDeleted,
  indexDeleted,
  pushedAgain,
  kills,
  unreadable,
];

export function withFamily(plan: Plan, seed: number): Plan {
  const random = randomFrom(hash('families', seed));
  if (random() * 100 >= famiwrongListsPercent) return plan;
  const shape = pick<FamilyShape>(random, ['two', 'four', 'shared', 'nested']);
  let commands = plan.commands;
  for (let times = random() < 0.4 ? 2 : 1; times > 0; times--) {
    const indexes = indexesOf(shape);
    const index = indexes[between(random, 0, indexes.length - 1)] ?? 0;
    const members = [...new Set(membersOf(shape, index))] as [number, ...number[]];
    const place = between(random, 0, commands.length);
    const sceneCommands = pick(random, scenes)({ shape, random, index, members });
    commands = [...commands.slice(0, place), ...sceneCommands, ...commands.slice(place)];
  }
  return { world: { ...plan.world, images: imagesOf(shape), family: shape }, commands };
}
