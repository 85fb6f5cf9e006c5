/** One schedule while it runs: what all its parts look at, and where they say what is wrong. */
import type { CloudEvent } from '../../src/core/announcement.ts';
import type { Digest } from '../../src/core/digest.ts';
import type { ForwardOrder } from '../../src/core/forwarding/forward.ts';
import type { ImageName } from '../../src/core/image.ts';
import type { Repository, Tag } from '../../src/core/reference.ts';
import type { Region } from '../../src/core/region.ts';
import type { Registry as Settings } from '../../src/core/registry.ts';
import type { TrackerOptions } from '../../src/core/tracker.ts';
import { digestOf, regionsOf, registryOf, repositoryOf, tagOf, targetOf } from '../support/build.ts';
import { limits } from '../support/memory-tracker.ts';
import type { Choices } from './choices.ts';
import { pick } from './choices.ts';
import type { Counters } from './counters.ts';
import { counters } from './counters.ts';
import type { History } from './history.ts';
import { history } from './history.ts';
import type { Instance } from './instance.ts';
import type { Plan } from './plan.ts';
import type { Registry } from './registry.ts';
import { registry } from './registry.ts';
import type { Scheduler } from './scheduler.ts';

/** What must hold, whatever happens. */
export const rules = [
  'an answer is true',
  'an acknowledged fact is kept',
  'an event is true',
  'in all replicas is never told early',
  'one fact has one id',
  'what is true is told',
  'nothing stays untold',
  'only what was sent is noted as told',
  'a waiter is answered truly',
  'a waiter is answered in time',
  'a webhook is answered in time',
  'the replica set is one that was told',
  'a replica set gives way only to a later one',
  'images are listed',
  'timers come to rest',
  'work comes to an end',
] as const;
export type Rule = (typeof rules)[number];

export interface Violation {
  readonly rule: Rule;
  readonly detail: string;
}

/** Says one line about what happens, if anybody listens. */
export type Trace = (line: () => string) => void;

export interface Case {
  readonly plan: Plan;
  readonly settings: Settings;
  readonly options: TrackerOptions;
  readonly repository: Repository;
  readonly regions: readonly Region[];
  readonly registry: Registry;
  readonly history: History;
  readonly scheduler: Scheduler;
  readonly counters: Counters;
  readonly trace: Trace;
  readonly instances: Instance[];
  readonly violations: Violation[];
  /** What the topic took. */
  readonly published: CloudEvent[];
  readonly forwarded: ForwardOrder[];
  /** Which sets of expected regions decisions were made for, by time. */
  readonly setsUsed: Map<number, Set<string>>;
  /** Nothing goes wrong in it. */
  readonly isCalm: boolean;
  /** How far an instance's clock may be from the world's, either way. */
  readonly clockSpreadMs: number;
  readonly timersSet: { readonly at: number; readonly image: number | undefined }[];
  living(): readonly Instance[];
  nameOf(image: number): ImageName;
  imageOf(digest: string | null): number | undefined;
  tagOf(tag: number): Tag;
  violate(rule: Rule, detail: string): void;
}

export const start = Date.parse('2026-06-01T12:00:00Z');
export const delayedAfterMs = 120_000;
export const probeAfterMs = 30_000;
const disturbances: readonly string[] = ['kill', 'stop', 'outage'];
/** Machines in one region agree to milliseconds; one whose clock runs free for a day does not. */
const clockSpreads = [0, 0, 0, 50, 2_000, 30_000] as const;

const allRegions = regionsOf('eastus', 'northeurope', 'southeastasia', 'westeurope');
const digests: readonly [Digest, ...Digest[]] = [digestOf(1), digestOf(2), digestOf(3)];
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
    targets: world.forwards ? [targetOf({ name: 'everywhere' })] : [],
    retentionMs: 90 * 86_400_000,
    ...limits,
    cachedImages: world.cachedImages,
  };
  // What a region said before it got its replica is told from what it says after that by time.
  const clockSpreadMs = isFixed ? choices.choose('clocks', 0, (random) => pick(random, clockSpreads)) : 0;
  const instances: Instance[] = [];
  const violations: Violation[] = [];
  return {
    plan,
    settings,
    options,
    repository,
    regions,
    registry: registry(regions, world.replicas, scheduler.now),
    history: history(clockSpreadMs),
    scheduler,
    counters: counters(),
    trace,
    instances,
    violations,
    published: [],
    forwarded: [],
    setsUsed: new Map(),
    isCalm: world.faultsPercent === 0 && plan.commands.every(({ kind }) => !disturbances.includes(kind)),
    clockSpreadMs,
    timersSet: [],
    living: () => instances.filter((instance) => !instance.isDead && !instance.isStopping),
    nameOf: (image) => ({ registry: settings.name, repository, digest: digests[image] ?? digests[0] }),
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

/** Time since the start, for people. */
export function clockText(time: number): string {
  return `${((time - start) / 1000).toFixed(3)} s`;
}
