/** One schedule while it runs: what all its parts read, and where they report violations. */
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { ForwardOrder } from '../../src/core/image/forward-entry.ts';
import type { ImageName } from '../../src/core/image/record.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import type { Repository, Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Registry as Settings } from '../../src/core/model/registry.ts';
import type { TrackerOptions } from '../../src/core/tracker.ts';
import { regionOf, registryOf, repositoryOf, tagOf, targetOf } from '../support/build.ts';
import { limits } from '../support/memory-tracker.ts';
import type { AttachmentLog } from './attachment-log.ts';
import { attachmentLog } from './attachment-log.ts';
import type { Choices } from './choices.ts';
import { pick } from './choices.ts';
import type { Counters } from './counters.ts';
import { counters } from './counters.ts';
import type { Family } from './families.ts';
import { familyOf } from './families.ts';
import type { FamilyWrites } from './family-writes.ts';
import { familyWrites } from './family-writes.ts';
import type { History } from './history.ts';
import { history } from './history.ts';
import type { Instance } from './instance.ts';
import type { Plan } from './plan.ts';
import type { Readings } from './readings.ts';
import { readings } from './readings.ts';
import { regionClocks } from './region-clocks.ts';
import type { Registry } from './registry.ts';
import { registry } from './registry.ts';
import type { ReleaseLog } from './release-log.ts';
import { releaseLog } from './release-log.ts';
import type { Scheduler } from './scheduler.ts';

/** The rules that must hold in every schedule. */
export const rules = [
  'an answer is true',
  'an acknowledged fact is kept',
  'a tag deleted without a digest is compared',
  'an event is true',
  'a family is published only when complete',
  'a family is published once',
  'a member is published with its family',
  'what an index lists is known',
  'an artifact counts only where it is',
  'what is attached is known',
  'an artifact is published with its subject',
  'only what was asked for must be there',
  'an answer is for the requested platforms',
  'a release is published only when it is everywhere',
  'a release is published once',
  'an acknowledged release is kept',
  'in all replicas is never published early',
  'one fact has one id',
  'what is true is published',
  'a forward is true',
  'nothing stays unpublished',
  'only what was sent is stored as published',
  'the answer to a wait is true',
  'a wait is answered in time',
  'no wait is refused too early',
  'a generation is never published again',
  'a webhook is answered in time',
  'the replica set is one that ARM returned',
  'a replica is removed only on proof',
  'a replica set is replaced only by a later one',
  'images are listed',
  'each image is counted once',
  'counts are never too high',
  'a list has exactly the requested images',
  'a search finds each image',
  'no timer fires without need',
  'an unavailable topic is called rarely',
  'all work ends',
] as const;
export type Rule = (typeof rules)[number];

export interface Violation {
  readonly rule: Rule;
  readonly detail: string;
}

/** Says one line about what happens, if anybody listens. */
export type Trace = (line: () => string) => void;

/** Months that pass at once. An image that was deleted everywhere by then may be removed from then on. */
export interface Leap {
  /** The end of it. */
  readonly at: number;
  readonly mayBeForgotten: ReadonlySet<number>;
}

export interface Case {
  readonly plan: Plan;
  readonly settings: Settings;
  readonly options: TrackerOptions;
  readonly repository: Repository;
  readonly regions: readonly Region[];
  readonly registry: Registry;
  readonly history: History;
  readonly family: Family;
  readonly readings: Readings;
  readonly familyWrites: FamilyWrites;
  readonly releases: ReleaseLog;
  readonly attachments: AttachmentLog;
  readonly scheduler: Scheduler;
  readonly counters: Counters;
  readonly trace: Trace;
  readonly instances: Instance[];
  readonly violations: Violation[];
  /** What the topic accepted. */
  readonly published: CloudEvent[];
  readonly forwarded: ForwardOrder[];
  /** When the topic last accepted an event of each digest, milliseconds since 1970. */
  readonly acceptedAt: Map<string | null, number>;
  /** Events that the topic never accepts, by id. */
  readonly refusedForGood: Map<string, CloudEvent>;
  /** By when all has been done again that was refused for a while, or hidden from others; milliseconds since 1970. */
  sentAgainBy: number;
  /** When the topic was away for long, milliseconds since 1970. */
  readonly topicOutages: { readonly from: number; until: number }[];
  /** The sets of expected regions that decisions were made for, by time. */
  readonly setsUsed: Map<number, Set<string>>;
  readonly leaps: Leap[];
  /** No call fails in this schedule, and no instance or part is disturbed. */
  readonly isCalm: boolean;
  /** How far an instance's clock may be from the world's, either way. */
  readonly clockSpreadMs: number;
  readonly timersSet: { readonly at: number; readonly image: number | undefined }[];
  /** When an instance read the digests of a tag. */
  readonly tagsAsked: number[];
  runningInstances(): readonly Instance[];
  nameOf(image: number): ImageName;
  imageOf(digest: string | null): number | undefined;
  tagOf(tag: number): Tag;
  violate(rule: Rule, detail: string): void;
}

export const start = Date.parse('2026-06-01T12:00:00Z');
export const delayedAfterMs = 120_000;
export const probeAfterMs = 30_000;
const disturbances: readonly string[] = ['kill', 'stop', 'outage', 'topicOutage', 'cut', 'manifestsUnreadable'];
/** Machines in one region agree to milliseconds; one whose clock runs free for a day does not. */
const clockSpreads = [0, 0, 0, 50, 2_000, 30_000] as const;

/** How many of ARM's lists in a hundred are wrong, in a world with faults. */
const wrongListsPercent = 25;

const allRegions = ['eastus', 'northeurope', 'southeastasia', 'westeurope'].map(regionOf) as [Region, ...Region[]];
const repository = repositoryOf('team/app');

export function caseOf(plan: Plan, scheduler: Scheduler, choices: Choices, trace: Trace): Case {
  const { world } = plan;
  const regions = allRegions.slice(0, world.regions);
  const isFixed = world.set === 'settings';
  const settings = registryOf({
    regions: isFixed ? regions.slice(0, world.replicas) : undefined,
    resourceId: isFixed ? undefined : '/registries/contoso',
    regionalEndpoints: world.probing !== 'off',
    verify: world.probing === 'confirm' ? 'confirm' : 'missing',
  });
  const options: TrackerOptions = {
    registries: [settings],
    policy: { delayedAfterMs, probeAfterMs, outboxCheckMs: 30_000 },
    targets: world.forwards
      ? [targetOf({ name: 'everywhere' }), targetOf({ name: 'home', regions: [allRegions[0]] })]
      : [],
    retentionMs: 90 * 86_400_000,
    ...limits,
    cachedImages: world.cachedImages,
  };
  // Only their time separates reports from before a region got its replica from those after that.
  const clockSpreadMs = isFixed ? choices.choose('clocks', 0, (random) => pick(random, clockSpreads)) : 0;
  const instances: Instance[] = [];
  const counting = counters();
  const family = familyOf(world.family, world.signed);
  const { digests } = family;
  const violations: Violation[] = [];
  return {
    plan,
    settings,
    options,
    repository,
    regions,
    registry: registry({
      regions: [allRegions[0], ...regions.slice(1)],
      replicasAtFirst: world.replicas,
      now: scheduler.now,
      choices,
      clocks: regionClocks(choices),
      mediaType: (digest) => family.mediaType(digests.indexOf(digest)),
      wrongListsPercent: world.faultsPercent === 0 ? 0 : wrongListsPercent,
    }),
    history: history(clockSpreadMs, isFixed ? regions.slice(0, world.replicas) : regions),
    family,
    familyWrites: familyWrites(family, counting),
    readings: readings(),
    releases: releaseLog(),
    attachments: attachmentLog(),
    scheduler,
    counters: counting,
    trace,
    instances,
    violations,
    published: [],
    forwarded: [],
    acceptedAt: new Map(),
    refusedForGood: new Map(),
    sentAgainBy: start,
    topicOutages: [],
    setsUsed: new Map(),
    leaps: [],
    isCalm: world.faultsPercent === 0 && plan.commands.every(({ kind }) => !disturbances.includes(kind)),
    clockSpreadMs,
    timersSet: [],
    tagsAsked: [],
    runningInstances: () => instances.filter((instance) => !instance.isKilled && !instance.isStopping),
    nameOf: (image) => ({ registry: settings.name, repository, digest: digests[image] as Digest }),
    imageOf(digest) {
      const found = digests.indexOf(digest as Digest);
      return found < 0 ? undefined : found;
    },
    tagOf: (tag) => tagOf(`v${tag}`),
    violate(rule, detail) {
      violations.push({ rule, detail });
      trace(() => `VIOLATION: ${rule}: ${detail}`);
    },
  };
}

/** Time since the start, for messages. */
export function clockText(time: number): string {
  return `${((time - start) / 1000).toFixed(3)} s`;
}
