/**
 * ARM's answers about the registry's replicas. Most are true. Some lists lack a replica or all of them, have one twice
 * or in another state, or are minutes old; and a replica that is requested by name may not be found for a short time.
 */

import type { Region } from '../../src/core/model/region.ts';
import type { Replica } from '../../src/core/model/replica-set.ts';
import type { ReplicaDirectory } from '../../src/core/ports.ts';
import type { Choices, Random } from './choices.ts';
import { between, pick } from './choices.ts';

export interface ControlPlane {
  readonly directory: ReplicaDirectory;
  /** The replica has been removed. @param deletingMs how long it is still shown as leaving */
  removed(region: Region, deletingMs: number): void;
  /** All answers are true from now on. */
  calm(): void;
  /** How often it gave a wrong answer, by kind. */
  readonly wrongAnswers: ReadonlyMap<string, number>;
}

const listFaults = ['lacks one', 'empty', 'behind', 'twice', 'Failed', 'Canceled'] as const;
type ListFault = (typeof listFaults)[number];

const maxBehindMs = 240_000;
/** Shorter than the two minutes that prove that a replica was removed. */
const notFoundForMs = 100_000;

export function controlPlane(world: {
  readonly home: Region;
  readonly replicasAt: (time: number) => readonly Region[];
  readonly isSeeding: (region: Region) => boolean;
  readonly now: () => number;
  readonly choices: Choices;
  /** How many of its lists in a hundred are wrong. */
  readonly wrongListsPercent: number;
}): ControlPlane {
  const { home, now, choices } = world;
  const startedAt = now();
  const deletingUntil = new Map<Region, number>();
  const wrongAnswers = new Map<string, number>();
  let lists = 0;
  let isCalm = world.wrongListsPercent === 0;

  const notFoundFrom = choices.choose('arm forgets', Number.POSITIVE_INFINITY, (random) =>
    isCalm || random() < 0.5 ? Number.POSITIVE_INFINITY : startedAt + between(random, 0, 400_000),
  );

  function countWrong(kind: string): void {
    wrongAnswers.set(kind, (wrongAnswers.get(kind) ?? 0) + 1);
  }

  /** As ARM has it: a registry that is not geo-replicated has no replica, not even of its own region. */
  function resources(time = now()): Replica[] {
    const there = world.replicasAt(time);
    const leaving = [...deletingUntil].flatMap(([region, until]) =>
      time < until && !there.includes(region) ? [region] : [],
    );
    if (there.length + leaving.length === 1) return [];
    return [
      ...there.map((region) => replicaOf(region, 'Succeeded')),
      ...leaving.map((region) => replicaOf(region, 'Deleting')),
    ];
  }

  function replicaOf(region: Region, provisioningState: string | null): Replica {
    return {
      region,
      expected: true,
      provisioningState,
      health: 'healthy',
      globalRouting: true,
      seeding: world.isSeeding(region),
      ...(provisioningState === null ? {} : { name: nameOf(region) }),
    };
  }

  function nextFault(): { readonly fault: ListFault | undefined; readonly which: number; readonly behindMs: number } {
    const truth = { fault: undefined, which: 0, behindMs: 0 };
    if (isCalm) return truth;
    return choices.choose(`arm list ${++lists} lie`, truth, (random: Random) =>
      random() * 100 >= world.wrongListsPercent
        ? truth
        : { fault: pick(random, listFaults), which: random(), behindMs: between(random, 1_000, maxBehindMs) },
    );
  }

  function list(): Replica[] {
    const { fault, which, behindMs } = nextFault();
    const all = resources();
    if (fault === undefined || all.length === 0) return all;
    countWrong(`list: ${fault}`);
    const chosen = Math.floor(which * all.length);
    if (fault === 'empty') return [];
    if (fault === 'behind') return resources(now() - behindMs);
    if (fault === 'lacks one') return all.filter((_, i) => i !== chosen);
    if (fault === 'twice') return [...all, ...all];
    return all.map((one, i) => (i === chosen ? replicaOf(one.region, fault) : one));
  }

  function find(name: string): Replica | undefined {
    const isNotFound = !isCalm && now() >= notFoundFrom && now() < notFoundFrom + notFoundForMs;
    const found = resources().find((one) => one.name === name);
    if (isNotFound && found !== undefined) countWrong('by name: not found');
    return isNotFound ? undefined : found;
  }

  return {
    wrongAnswers,
    directory: {
      async list() {
        return { home: replicaOf(home, null), replicas: list() };
      },
      find: async (_registry, name) => find(name),
    },
    removed(region, deletingMs) {
      deletingUntil.set(region, now() + deletingMs);
    },
    calm() {
      isCalm = true;
    },
  };
}

/** A replica need not be named after its region. */
function nameOf(region: Region): string {
  return `geo${region}`;
}
