/** Whether a set of replicas that a decision is made for is one that ARM returned. */
import type { Region } from '../../src/core/model/region.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { expectedRegions } from '../../src/core/model/replica-set.ts';
import type { Case, Violation } from './case.ts';
import { clockText } from './case.ts';
import type { SetListener } from './instance.ts';

/** The regions of a set, computed once: sets are rarely made, and often read. */
interface SetNote {
  readonly key: string;
  readonly problems: readonly Pick<Violation, 'rule' | 'detail'>[];
}

const notes = new WeakMap<ReplicaSet, SetNote>();

/** A decision for a set that ARM never returned is wrong, whatever its result. */
export function noteSet(on: Case, { label, clock }: Parameters<SetListener>[0], set: ReplicaSet): void {
  const note = notes.get(set) ?? judgeSet(on, set);
  notes.set(set, note);
  const now = clock.now();
  const used = on.setsUsed.get(now) ?? new Set<string>();
  on.setsUsed.set(now, used.add(note.key));
  for (const { rule, detail } of note.problems) on.violate(rule, `${label} uses ${detail}`);
}

/** Between the time that is noted and ARM's answer: the slowest call. */
const slowestMs = 30_000;

/**
 * Two minutes from one answer to the other, and a slow call. One of the two answers may be wrong: ARM may not find a
 * replica that has just been created again, minutes after it rightly did not find the old one.
 */
export const proofMs = 120_000 + slowestMs;

function judgeSet(on: Case, set: ReplicaSet): SetNote {
  const expected = expectedRegions(set);
  const key = expected.join();
  const problems: SetNote['problems'][number][] = [];
  const isKnown = (region: Region) => [...on.registry.everySet].some((one) => one.split(',').includes(region));
  const isPublished =
    on.plan.world.set === 'settings'
      ? on.registry.everySet.has(key)
      : expected.every(isKnown) && expected.includes(on.regions[0] as Region);
  if (key !== '' && !isPublished) problems.push({ rule: 'the replica set is one that ARM returned', detail: key });
  for (const { region, lastAbsentAt } of set.replicas) {
    if (lastAbsentAt === undefined) continue;
    if (on.registry.wasAbsent(region, lastAbsentAt - proofMs, lastAbsentAt + slowestMs)) continue;
    const detail = `a set in which ${region} was absent until ${clockText(lastAbsentAt)}, and it was there all the time`;
    problems.push({ rule: 'a replica is removed only on proof', detail });
  }
  return { key, problems };
}
