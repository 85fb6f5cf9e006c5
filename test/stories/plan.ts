/**
 * The plan of a story, made from its seed and number alone: first the real pushes and deletes in the registry, in their
 * order; then how they are reported, which questions are asked meanwhile, and which faults happen.
 */
import { createHash } from 'node:crypto';
import type { ArmFault } from './arm.ts';
import type { EndpointFault } from './endpoints.ts';
import { manifestOf } from './endpoints.ts';
import type { Family } from './families.ts';
import { familyOf } from './families.ts';
import type { AvailabilityQuery, Report } from './history.ts';
import type { Random } from './random.ts';
import { randomFrom } from './random.ts';
import type { RegistryAction } from './registry-actions.ts';
import { registryActionsOf } from './registry-actions.ts';
import type { ReleaseCalling } from './release-story.ts';
import { releaseSteps } from './release-story.ts';
import { armFaults, cachedAnswer, contents, endpointFaults, growth } from './side-faults.ts';
import { armRegistries, home, processes, regions } from './world.ts';

export type Step = { readonly at: number } & (
  | {
      readonly do: 'report';
      readonly report: Pick<Report, 'region' | 'action' | 'digest' | 'tag' | 'round' | 'id' | 'process'>;
      /** Of the event, from the beginning of the story. */
      readonly eventMs: number;
    }
  | { readonly do: 'ask'; readonly question: Asking }
  | { readonly do: 'release'; readonly release: ReleaseCalling }
  | { readonly do: 'odd'; readonly odd: number; readonly process: number }
  | { readonly do: 'content'; readonly region: string; readonly holds: Readonly<Record<string, string>> }
  | { readonly do: 'endpoint'; readonly region: string; readonly fault: EndpointFault }
  | { readonly do: 'arm'; readonly fault: ArmFault }
  | { readonly do: 'replica'; readonly region: string }
  | { readonly do: 'replay'; readonly digest: string; readonly process: number }
);

export type Asking = Pick<
  AvailabilityQuery,
  'route' | 'tag' | 'digest' | 'regions' | 'require' | 'timeoutSeconds' | 'process'
>;

export interface Plan {
  readonly story: number;
  readonly kind: Kind;
  readonly registry: string;
  readonly repository: string;
  readonly canProbe: boolean;
  readonly families: readonly Family[];
  readonly steps: readonly Step[];
  /** The types of events of this story that the topic refuses permanently. */
  readonly refused: { readonly type: string; readonly status: 400 | 413 } | undefined;
  readonly manifests: readonly { readonly digest: string; readonly manifest: string }[];
}

/** The faults that affect every story of a batch. */
export interface BatchPlan {
  readonly kill: { readonly process: number; readonly from: number; readonly until: number };
  readonly cut: {
    readonly process: number;
    readonly how: 'refused' | 'hanging';
    readonly from: number;
    readonly until: number;
  };
  readonly topic: {
    readonly how: 'unavailable' | 'hanging' | 'unconfirmed';
    readonly from: number;
    readonly until: number;
  };
}

const kinds = [
  'spread',
  'move',
  'rollback',
  'again',
  'unnamedDelete',
  'far',
  'cachedAnswer',
  'armed',
  'single',
  'probed',
  'family',
  'release',
  'foreign',
  'random',
] as const;
export type Kind = (typeof kinds)[number];

const hour = 3_600_000;
const year = 365 * 24 * hour;

/** @param lengthMs until when things happen; waits may last longer */
export function planBatch(seed: number, batch: number, lengthMs: number): BatchPlan {
  const random = randomFrom(seed, batch, 1);
  const [killed, cut] = random.shuffle(Array.from({ length: processes }, (_, i) => i));
  const period = (least: number, most: number) => {
    const from = random.between(Math.round(lengthMs * 0.15), Math.round(lengthMs * 0.5));
    return { from, until: from + random.between(Math.round(lengthMs * least), Math.round(lengthMs * most)) };
  };
  return {
    kill: { process: killed ?? 0, ...period(0.05, 0.2) },
    cut: { process: cut ?? 1, how: random.pick(['refused', 'hanging']), ...period(0.25, 0.4) },
    topic: { how: random.pick(['unavailable', 'hanging', 'unconfirmed']), ...period(0.15, 0.4) },
  };
}

export function planStory(seed: number, story: number, slot: number, batch: BatchPlan, lengthMs: number): Plan {
  const random = randomFrom(seed, story, 2);
  // Each kind in turn: the first stories are all of different kinds.
  const kind = kinds[story % kinds.length] as Kind;
  const repository = `story-${story}/app`;
  const own = Math.floor(slot / kinds.length) % armRegistries;
  const registries: Partial<Record<Kind, string>> = {
    ...{ armed: `armed${own}`, single: `single${own}`, probed: 'probed', family: 'families' },
  };
  const registry = registries[kind] ?? 'fixed';
  const canProbe = kind === 'probed' || kind === 'family';
  const lettered = ['A', 'B', 'C'].map((name) => {
    const manifest = manifestOf(`${seed} ${story} ${name}`);
    return { digest: `sha256:${createHash('sha256').update(manifest).digest('hex')}`, manifest };
  });
  const { family, manifests } =
    kind === 'family' ? familyOf(random, `${seed} ${story}`) : { family: undefined, manifests: lettered };
  const digests = manifests.map(({ digest }) => digest);
  // Not all members are asked about.
  const askedAbout = digests.slice(0, kind === 'family' ? 2 : digests.length);
  const actions = registryActionsOf(kind, random, digests, lengthMs);
  const here = kind === 'single' ? [home] : regions;
  const grownAt = Math.round(lengthMs * 0.5);
  const steps: Step[] = [
    ...reports(kind, random, actions, here, story, lengthMs),
    ...questions(
      random,
      kind,
      actions.filter(({ digest }) => digest === null || askedAbout.includes(digest)),
      here,
      digests,
      lengthMs,
      batch,
    ),
    ...Array.from(
      { length: 2 },
      (): Step => ({
        at: random.between(0, lengthMs),
        do: 'odd',
        odd: random.between(0, 99),
        process: random.between(0, processes - 1),
      }),
    ),
  ];
  if (kind === 'probed') steps.push(...contents(random, repository, actions), ...endpointFaults(random, lengthMs));
  if (kind === 'family') steps.push(...contents(random, repository, actions));
  if (kind === 'release') steps.push(...releaseSteps(random, digests, lengthMs));
  if (kind === 'armed') steps.push(...armFaults(random, story, lengthMs, digests));
  if (kind === 'single') steps.push(...growth(random, story, grownAt, digests));
  if (kind === 'cachedAnswer') steps.push(...cachedAnswer(random, batch, digests[2] as string, story));
  if (random.chance(0.2))
    steps.push({ at: lengthMs, do: 'replay', digest: digests[0] as string, process: random.between(0, processes - 1) });
  const refused = random.chance(0.15)
    ? {
        type: random.pick([
          'ImageAvailableInRegion',
          'ImageAvailableInAllReplicas',
          'TagConverged',
          'ReplicationDelayed',
        ]),
        status: random.pick([400, 413] as const),
      }
    : undefined;
  return {
    story,
    kind,
    registry,
    repository,
    canProbe,
    families: family === undefined ? [] : [family],
    steps: steps.sort((one, other) => one.at - other.at),
    refused,
    manifests,
  };
}

function reports(
  kind: Kind,
  random: Random,
  actions: readonly RegistryAction[],
  here: readonly string[],
  story: number,
  lengthMs: number,
): Step[] {
  const unexpected = kind === 'foreign' || random.chance(0.1) ? ['japaneast'] : [];
  const skews = new Map(
    [...here, ...unexpected].map((region) => [
      region,
      random.chance(0.6) ? 0 : random.pick([-600_000, -300_000, -60_000, 60_000, 270_000, 600_000]),
    ]),
  );
  const loss = kind === 'probed' || kind === 'armed' ? 0.25 : kind === 'family' ? 0.12 : 0.04;
  const steps: Step[] = [];
  let serial = 0;
  for (const [region, skew] of skews) {
    for (const registryAction of actions) {
      serial += 1;
      // The same id in all regions, as the only published receiver of several regions has seen it; or not.
      const id = random.chance(0.5)
        ? `story-${story}-${registryAction.round}`
        : `story-${story}-${registryAction.round}-${region}`;
      const isRemoval = registryAction.action === 'untag' || registryAction.action === 'repositoryDelete';
      if (random.chance(isRemoval && region !== here[0] ? 0.5 : loss)) continue;
      const isFar = random.chance(kind === 'far' ? 0.3 : 0.01);
      const farMs = isFar ? random.pick([-9, -1, 2, 73]) * year : 0;
      const lag = random.chance(0.8) ? random.between(0, 1_500) : random.between(1_500, Math.round(lengthMs * 0.45));
      const copies = random.chance(0.75) ? 1 : random.between(2, 3);
      for (let copy = 0; copy < copies; copy++) {
        const late = copy === 0 ? 0 : random.between(0, Math.round(lengthMs * 0.3));
        const { action, digest, tag, round } = registryAction;
        const report = {
          region,
          action,
          digest,
          tag,
          round: action === 'push' ? round : 0,
          id,
          process: random.between(0, processes - 1),
        };
        const eventMs = registryAction.at + skew + farMs + serial;
        steps.push({
          at: Math.min(lengthMs, Math.max(registryAction.at, 0) + lag + late),
          do: 'report',
          report,
          eventMs,
        });
      }
    }
  }
  return steps;
}

function questions(
  random: Random,
  kind: Kind,
  actions: readonly RegistryAction[],
  here: readonly string[],
  digests: readonly string[],
  lengthMs: number,
  batch: BatchPlan,
): Step[] {
  const steps: Step[] = [];
  // 409 and 410 take half a minute: a short run leaves them out.
  const long = lengthMs >= 20_000 ? 34 : 7;
  const ask = (at: number, asking: Partial<Asking>) => {
    const process = asking.process ?? random.between(0, processes - 1);
    const question = {
      route: 'wait',
      tag: null,
      digest: null,
      regions: null,
      require: 'all',
      timeoutSeconds: 5,
      ...asking,
      process,
    } as const;
    steps.push({ at: Math.max(0, at), do: 'ask', question });
  };
  for (const { at, action, digest, tag } of actions) {
    if (digest === null) continue;
    const timeoutSeconds = random.pick([0, 4, Math.min(10, long), long]);
    // A pipeline that asks about what it has just pushed, while the webhooks are under way.
    if (action === 'push') {
      ask(at + 100, { digest, tag, timeoutSeconds });
      if (tag !== null)
        ask(at + random.between(0, 3_000), {
          digest,
          tag,
          regions: [random.pick(here)],
          timeoutSeconds: random.pick([1, 6, long]),
        });
    } else ask(at + 100, { digest, timeoutSeconds: random.pick([2, long, long + 6]) });
  }
  for (let count = 12; count > 0; count--) {
    const digest = random.chance(0.75) ? random.pick(digests.slice(0, 2)) : null;
    const tag = digest === null || random.chance(0.35) ? 'v1' : null;
    const isSubset = random.chance(0.35);
    const subset = isSubset ? random.shuffle(here).slice(0, random.between(1, here.length)) : null;
    const size = subset?.length ?? here.length;
    ask(random.between(0, lengthMs), {
      route: random.chance(0.6) ? 'availability' : 'wait',
      digest,
      tag,
      regions: subset,
      // A number needs a set that does not change meanwhile.
      require: kind === 'single' || random.chance(0.6) ? 'all' : random.pick(['any', random.between(1, size)]),
      timeoutSeconds: random.pick([0, 1, 3, 8]),
      // The process that loses the storage is asked.
      ...(random.chance(0.3) && { process: batch.cut.process }),
    });
  }
  return steps;
}
