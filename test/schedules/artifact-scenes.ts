/**
 * Signatures and other artifacts: pushed before, with and after their image, signed again, deleted in part, requested
 * in answers, waits and releases; and waits for only some platforms of an index. A share of the schedules has one or
 * two of these scenes. They are drawn from a seed of their own and added last, so that the other schedules stay the
 * same.
 */
import { artifactCount, places } from './attached.ts';
import type { Random } from './choices.ts';
import { between, hash, pick, randomFrom } from './choices.ts';
import { imagesOf, listedBy } from './families.ts';
import type { Command, DeliveryDelays, FamilyShape, Plan } from './plan.ts';
import { asking, everywhere, four, late, shortly, soon, spreading, waiting } from './scenes.ts';

interface SceneContext {
  readonly random: Random;
  readonly subject: number;
  /** What the subject lists; empty if it is not an index. */
  readonly members: readonly number[];
  artifact(name: keyof typeof places): number;
}

type Scene = (context: SceneContext) => readonly Command[];
type Question = Command & { readonly kind: 'wait' | 'answer' };

const artifactsPercent = 13;
const keptShare = 0.3;

const kindsAsked: readonly [string[], ...string[][]] = [['signature'], ['sbom'], ['sbom', 'signature']];

function membersOf(shape: FamilyShape, index: number): readonly number[] {
  return listedBy(shape, index).flatMap((member) => [...membersOf(shape, member), member]);
}

function pushing(random: Random, image: number): Command {
  return random() < 0.5 ? everywhere(random, image, undefined) : spreading(random, image, undefined);
}

function pushSubject({ random, members, subject }: SceneContext): Command[] {
  return [...members, subject].map((image) => pushing(random, image));
}

function pushArtifacts({ random, artifact }: SceneContext, ...names: (keyof typeof places)[]): Command[] {
  return names.map((name) => pushing(random, artifact(name)));
}

function withArtifactsAsked<Q extends Question>(random: Random, question: Q): Q {
  return { ...question, about: { ...question.about, artifacts: pick(random, kindsAsked) } };
}

/** Answers and waits, by any instance. */
function questions({ random, subject }: SceneContext): Command[] {
  const instance = () => between(random, 0, 3);
  const timeoutMs = pick(random, [1_000, 5_000, 40_000]);
  return [
    withArtifactsAsked(random, asking(random, subject, undefined) as Question),
    withArtifactsAsked(random, waiting(random, subject, undefined, timeoutMs, instance()) as Question),
    ...(random() < 0.4 ? [asking(random, subject, undefined)] : []),
  ];
}

const someArtifacts = (random: Random) =>
  pick<readonly (keyof typeof places)[]>(random, [
    ['signature'],
    ['signature', 'sbom'],
    ['cosign'],
    ['cosign', 'report'],
    ['sbom', 'report'],
    ['signature', 'secondSignature'],
    ['sbom', 'cosign', 'signature'],
  ]);

/** As a pipeline does it: the image, then what belongs to it. */
const signed: Scene = (context) => [
  ...pushSubject(context),
  ...pushArtifacts(context, ...someArtifacts(context.random)),
  ...questions(context),
  { kind: 'time', gapMs: pick(context.random, [2_000, 15_000, 60_000]) },
  ...questions(context),
];

/** The signature is pushed long after the image; until then no answer and no event may call the image signed. */
const signedLater: Scene = (context) => {
  const { random } = context;
  const [first, ...others] = pushArtifacts(context, ...someArtifacts(random));
  return [
    ...pushSubject(context),
    ...questions(context),
    ...(first === undefined ? [] : [{ ...first, gapMs: pick(random, [1_000, 15_000, 150_000]) }]),
    ...others,
    ...questions(context),
  ];
};

const signedBefore: Scene = (context) => [
  ...pushArtifacts(context, ...someArtifacts(context.random)),
  ...(context.random() < 0.5 ? [{ kind: 'time', gapMs: 12_000 } as const] : []),
  ...pushSubject(context),
  ...questions(context),
];

/**
 * Signed once more while the first signature is everywhere: a wait for signatures must then also wait for the second
 * one.
 */
const signedTwice: Scene = (context) => {
  const { random, artifact } = context;
  const [first, second] = pick(random, [
    ['signature', 'secondSignature'],
    ['cosign', 'cosignAgain'],
  ] as const);
  const region = between(random, 0, 3);
  return [
    ...pushSubject(context),
    everywhere(random, artifact(first), undefined),
    ...questions(context),
    { ...shortly(random), kind: 'push', image: artifact(second), region, tag: undefined, deliveryDelays: soon(random) },
    { kind: 'time', gapMs: pick(random, [0, 3_000, 10_000]) },
    ...questions(context),
    ...(random() < 0.7 ? [{ ...pushing(random, artifact(second)), gapMs: between(random, 0, 20_000) }] : []),
    ...questions(context),
  ];
};

/** Deleted in one region, with or without a report; pushed there again, or not. */
const artifactDeleted: Scene = (context) => {
  const { random, artifact } = context;
  const name = pick(random, ['signature', 'cosign', 'sbom', 'report'] as const);
  const region = between(random, 0, 3);
  const deliveryDelays: DeliveryDelays = late(random);
  return [
    ...pushSubject(context),
    ...pushArtifacts(context, ...new Set([name, ...someArtifacts(random)])),
    ...questions(context),
    { ...shortly(random), kind: 'delete', image: artifact(name), region, deliveryDelays },
    ...questions(context),
    ...(random() < 0.5
      ? [
          {
            ...shortly(random),
            kind: 'push',
            image: artifact(name),
            region,
            tag: undefined,
            deliveryDelays: late(random),
          } as const,
        ]
      : []),
    asking(random, artifact(name), undefined),
    ...questions(context),
  ];
};

/** One instance, or all of them, cannot read what is attached. */
const unreadable: Scene = (context) => {
  const { random } = context;
  const forMs = pick(random, [3_000, 60_000, 400_000]);
  const unreadableFor: Command =
    random() < 0.6
      ? { ...shortly(random), kind: 'manifestsUnreadable', instance: between(random, 0, 3), forMs }
      : { ...shortly(random), kind: 'outage', of: 'replicas', forMs: Math.min(forMs, 90_000) };
  return [
    ...pushSubject(context),
    unreadableFor,
    ...pushArtifacts(context, ...someArtifacts(random)),
    ...questions(context),
    ...questions(context),
  ];
};

const kills: Scene = (context) => {
  const { random } = context;
  const kill = (): Command => ({
    kind: 'kill',
    gapMs: between(random, 0, 40),
    instance: between(random, 0, 3),
    restartMs: pick(random, [0, 500, 20_000]),
  });
  return [
    ...[...pushSubject(context), ...pushArtifacts(context, ...someArtifacts(random))].flatMap((command) => [
      { ...command, gapMs: between(random, 0, 400) },
      ...(random() < 0.4 ? [kill()] : []),
    ]),
    ...questions(context),
  ];
};

/** The image is deleted, with or without its artifacts, and pushed again. */
const subjectDeleted: Scene = (context) => {
  const { random, subject, artifact } = context;
  const deletedEverywhere = (image: number): Command => ({
    ...shortly(random),
    ...{ kind: 'deleteEverywhere', image, deliveryDelays: four(() => soon(random)) },
  });
  return [
    ...pushSubject(context),
    ...pushArtifacts(context, 'signature', 'cosign'),
    deletedEverywhere(subject),
    ...(random() < 0.5 ? [deletedEverywhere(artifact('signature')), deletedEverywhere(artifact('cosign'))] : []),
    ...questions(context),
    ...pushSubject(context),
    ...questions(context),
  ];
};

/**
 * Two clients wait for different platforms of one index at once, on one instance; a manifest of one platform is late.
 */
const platformsApart: Scene = (context) => {
  const { random, members, subject } = context;
  const last = random() < 0.5 ? members.at(-1) : members[between(random, 0, members.length - 1)];
  if (last === undefined) return signed(context);
  const instance = between(random, 0, 3);
  const timeoutMs = pick(random, [5_000, 20_000, 60_000]);
  const isAlsoSigned = random() < 0.4;
  const waits = (): Command[] =>
    members.map((member): Command => {
      const question = waiting(random, subject, undefined, timeoutMs, instance) as Question;
      const about = { ...question.about, platforms: [platformName(member)] };
      const asked = isAlsoSigned && random() < 0.5 ? { ...about, artifacts: ['signature'] } : about;
      return { ...question, gapMs: between(random, 0, 20), about: asked };
    });
  return [
    ...[...members.filter((member) => member !== last), subject].map((image) => everywhere(random, image, undefined)),
    ...(isAlsoSigned ? pushArtifacts(context, 'signature') : []),
    ...waits(),
    { ...pushing(random, last), gapMs: pick(random, [1_000, 4_000, 30_000]) },
    ...waits(),
    ...(random() < 0.3 ? [platformUnknown(context)] : []),
  ];
};

/** Which the index does not list. */
function platformUnknown({ random, subject }: SceneContext): Command {
  const question = asking(random, subject, undefined) as Question;
  return { ...question, about: { ...question.about, platforms: ['linux/none'] } };
}

/** A release that needs artifacts: published once the last artifact is everywhere, not before. */
const release: Scene = (context) => {
  const { random, subject, members } = context;
  const name = between(random, 2, 3);
  const instance = () => between(random, 0, 3);
  // The manifest that the release needs comes last.
  const late = random() < 0.5 ? members.at(-1) : undefined;
  const artifacts = late === undefined || random() < 0.5 ? { artifacts: pick(random, kindsAsked) } : {};
  const put: Command = {
    ...shortly(random),
    ...{ kind: 'putRelease', instance: instance(), name, images: [subject] },
    ...(late !== undefined && { platforms: [platformName(late)] }),
    ...artifacts,
    require: random() < 0.85 ? 'all' : 'any',
  };
  const kill: Command = { ...shortly(random), kind: 'kill', instance: instance(), restartMs: pick(random, [0, 500]) };
  const images = pushSubject({ ...context, members: members.filter((member) => member !== late) });
  const parts = [images, pushArtifacts(context, 'signature', 'sbom')];
  return [
    ...(random() < 0.7 ? [put] : []),
    ...(random() < 0.7 ? parts : parts.toReversed()).flat(),
    ...(random() < 0.3 ? [kill] : []),
    put,
    {
      ...shortly(random),
      kind: 'waitForRelease',
      instance: instance(),
      name,
      timeoutMs: pick(random, [0, 5_000, 40_000]),
    },
    ...(late === undefined ? [] : [{ ...everywhere(random, late, undefined), gapMs: pick(random, [1_000, 15_000]) }]),
    ...(random() < 0.3 ? [{ ...put, ...{ artifacts: ['signature'] }, ...shortly(random) }] : []),
    { ...shortly(random), kind: 'readRelease', instance: instance(), name },
  ];
};

const scenes: readonly [Scene, ...Scene[]] = [
  signed,
  signed,
  signedLater,
  signedLater,
  signedBefore,
  signedTwice,
  signedTwice,
  signedTwice,
  artifactDeleted,
  unreadable,
  kills,
  subjectDeleted,
  platformsApart,
  platformsApart,
  platformsApart,
  release,
  release,
  release,
  release,
];

/** As `platformOf` names those of an index. */
function platformName(image: number): string {
  return `linux/cpu${image + 1}`;
}

export function withArtifacts(plan: Plan, seed: number): Plan {
  const random = randomFrom(hash('artifacts', seed));
  if (random() * 100 >= artifactsPercent) return plan;
  // Most families of a schedule are few, and platforms need one.
  const family =
    plan.world.family ?? (random() < 0.75 ? pick<FamilyShape>(random, ['two', 'four', 'four']) : undefined);
  const images = imagesOf(family);
  const subject = family !== undefined && random() < 0.85 ? 2 : between(random, 0, 2);
  const members = family === undefined ? [] : [...new Set(membersOf(family, subject))];
  const context: SceneContext = { random, subject, members, artifact: (name) => images + places[name] };
  // Only some of the other commands, so that these scenes complete.
  let commands: readonly Command[] = plan.commands.filter(() => random() < keptShare);
  for (let times = random() < 0.4 ? 2 : 1; times > 0; times--) {
    const place = between(random, 0, commands.length);
    commands = [...commands.slice(0, place), ...pick(random, scenes)(context), ...commands.slice(place)];
  }
  const world = { ...plan.world, images: images + artifactCount, signed: subject, ...(family && { family }) };
  return { world: { ...world, ...(hasRelease(commands) && { releases: true as const }) }, commands };
}

function hasRelease(commands: readonly Command[]): boolean {
  return commands.some(({ kind }) => kind === 'putRelease');
}
