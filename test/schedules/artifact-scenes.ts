/**
 * Signatures and other artifacts: pushed before, with and after their image, signed again, deleted in part, asked and waited
 * for, by themselves and in releases; and waits for some platforms of an index alone. A share of the schedules have them, and
 * then one or two of these stories. Drawn from a seed of their own, and added after all else, so that the other schedules are
 * what they were.
 */
import { artifactCount, places } from './attached.ts';
import type { Random } from './choices.ts';
import { between, hash, pick, randomFrom } from './choices.ts';
import { imagesOf, listedBy } from './families.ts';
import type { Command, FamilyShape, Plan, Tellings } from './plan.ts';
import { asking, everywhere, four, late, shortly, soon, spreading, waiting } from './scenes.ts';

interface Told {
  readonly random: Random;
  readonly subject: number;
  /** What the subject lists; nothing where it is no index. */
  readonly members: readonly number[];
  artifact(name: keyof typeof places): number;
}

type Scene = (told: Told) => readonly Command[];
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

function pushSubject({ random, members, subject }: Told): Command[] {
  return [...members, subject].map((image) => pushing(random, image));
}

function pushArtifacts({ random, artifact }: Told, ...names: (keyof typeof places)[]): Command[] {
  return names.map((name) => pushing(random, artifact(name)));
}

function withArtifactsAsked<Q extends Question>(random: Random, question: Q): Q {
  return { ...question, about: { ...question.about, artifacts: pick(random, kindsAsked) } };
}

/** By any instance, at once and for a while. */
function questions({ random, subject }: Told): Command[] {
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
const signed: Scene = (told) => [
  ...pushSubject(told),
  ...pushArtifacts(told, ...someArtifacts(told.random)),
  ...questions(told),
  { kind: 'time', gapMs: pick(told.random, [2_000, 15_000, 60_000]) },
  ...questions(told),
];

/** Somebody signs long after the push; until then nobody may be told that it is signed. */
const signedLater: Scene = (told) => {
  const { random } = told;
  const [first, ...others] = pushArtifacts(told, ...someArtifacts(random));
  return [
    ...pushSubject(told),
    ...questions(told),
    ...(first === undefined ? [] : [{ ...first, gapMs: pick(random, [1_000, 15_000, 150_000]) }]),
    ...others,
    ...questions(told),
  ];
};

const signedBefore: Scene = (told) => [
  ...pushArtifacts(told, ...someArtifacts(told.random)),
  ...(told.random() < 0.5 ? [{ kind: 'time', gapMs: 12_000 } as const] : []),
  ...pushSubject(told),
  ...questions(told),
];

/** Once more, while the first signature is everywhere: the second one holds back whoever asks for signatures. */
const signedTwice: Scene = (told) => {
  const { random, artifact } = told;
  const [first, second] = pick(random, [
    ['signature', 'secondSignature'],
    ['cosign', 'cosignAgain'],
  ] as const);
  const region = between(random, 0, 3);
  return [
    ...pushSubject(told),
    everywhere(random, artifact(first), undefined),
    ...questions(told),
    { ...shortly(random), kind: 'push', image: artifact(second), region, tag: undefined, tellings: soon(random) },
    { kind: 'time', gapMs: pick(random, [0, 3_000, 10_000]) },
    ...questions(told),
    ...(random() < 0.7 ? [{ ...pushing(random, artifact(second)), gapMs: between(random, 0, 20_000) }] : []),
    ...questions(told),
  ];
};

/** In one region, told of or not; and pushed there again, or not. */
const artifactGone: Scene = (told) => {
  const { random, artifact } = told;
  const name = pick(random, ['signature', 'cosign', 'sbom', 'report'] as const);
  const region = between(random, 0, 3);
  const tellings: Tellings = late(random);
  return [
    ...pushSubject(told),
    ...pushArtifacts(told, ...new Set([name, ...someArtifacts(random)])),
    ...questions(told),
    { ...shortly(random), kind: 'delete', image: artifact(name), region, tellings },
    ...questions(told),
    ...(random() < 0.5
      ? [
          {
            ...shortly(random),
            kind: 'push',
            image: artifact(name),
            region,
            tag: undefined,
            tellings: late(random),
          } as const,
        ]
      : []),
    asking(random, artifact(name), undefined),
    ...questions(told),
  ];
};

/** One instance, or all of them, cannot read what is attached. */
const unreadable: Scene = (told) => {
  const { random } = told;
  const forMs = pick(random, [3_000, 60_000, 400_000]);
  const blind: Command =
    random() < 0.6
      ? { ...shortly(random), kind: 'blind', instance: between(random, 0, 3), forMs }
      : { ...shortly(random), kind: 'outage', of: 'replicas', forMs: Math.min(forMs, 90_000) };
  return [
    ...pushSubject(told),
    blind,
    ...pushArtifacts(told, ...someArtifacts(random)),
    ...questions(told),
    ...questions(told),
  ];
};

const kills: Scene = (told) => {
  const { random } = told;
  const kill = (): Command => ({
    kind: 'kill',
    gapMs: between(random, 0, 40),
    instance: between(random, 0, 3),
    restartMs: pick(random, [0, 500, 20_000]),
  });
  return [
    ...[...pushSubject(told), ...pushArtifacts(told, ...someArtifacts(random))].flatMap((command) => [
      { ...command, gapMs: between(random, 0, 400) },
      ...(random() < 0.4 ? [kill()] : []),
    ]),
    ...questions(told),
  ];
};

/** The image goes, with or without what is attached to it, and comes back. */
const subjectGone: Scene = (told) => {
  const { random, subject, artifact } = told;
  const gone = (image: number): Command => ({
    ...shortly(random),
    ...{ kind: 'deleteEverywhere', image, tellings: four(() => soon(random)) },
  });
  return [
    ...pushSubject(told),
    ...pushArtifacts(told, 'signature', 'cosign'),
    gone(subject),
    ...(random() < 0.5 ? [gone(artifact('signature')), gone(artifact('cosign'))] : []),
    ...questions(told),
    ...pushSubject(told),
    ...questions(told),
  ];
};

/** Two who run different platforms of one index wait for it at once, on one instance; a manifest of one of them is late. */
const platformsApart: Scene = (told) => {
  const { random, members, subject } = told;
  const last = random() < 0.5 ? members.at(-1) : members[between(random, 0, members.length - 1)];
  if (last === undefined) return signed(told);
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
    ...(isAlsoSigned ? pushArtifacts(told, 'signature') : []),
    ...waits(),
    { ...pushing(random, last), gapMs: pick(random, [1_000, 4_000, 30_000]) },
    ...waits(),
    ...(random() < 0.3 ? [platformUnknown(told)] : []),
  ];
};

/** Which the index does not list. */
function platformUnknown({ random, subject }: Told): Command {
  const question = asking(random, subject, undefined) as Question;
  return { ...question, about: { ...question.about, platforms: ['linux/none'] } };
}

/** A release that needs what is attached: told once all of it is everywhere, not before the last artifact. */
const release: Scene = (told) => {
  const { random, subject, members } = told;
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
  const images = pushSubject({ ...told, members: members.filter((member) => member !== late) });
  const parts = [images, pushArtifacts(told, 'signature', 'sbom')];
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
  artifactGone,
  unreadable,
  kills,
  subjectGone,
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
  const told: Told = { random, subject, members, artifact: (name) => images + places[name] };
  // Of all the rest so much that these stories come to an end.
  let commands: readonly Command[] = plan.commands.filter(() => random() < keptShare);
  for (let times = random() < 0.4 ? 2 : 1; times > 0; times--) {
    const place = between(random, 0, commands.length);
    commands = [...commands.slice(0, place), ...pick(random, scenes)(told), ...commands.slice(place)];
  }
  const world = { ...plan.world, images: images + artifactCount, signed: subject, ...(family && { family }) };
  return { world: { ...world, ...(hasRelease(commands) && { releases: true as const }) }, commands };
}

function hasRelease(commands: readonly Command[]): boolean {
  return commands.some(({ kind }) => kind === 'putRelease');
}
