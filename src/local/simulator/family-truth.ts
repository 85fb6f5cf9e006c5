/**
 * Where an index is together with every manifest that it lists: a region has it while it has all of them. The truth of
 * a single manifest would call an index available everywhere before its children are.
 */
import type { Period, Truth } from './truth.ts';

/** @param membersOf the keys of the manifests that belong to `repository@digest`, without itself; empty for an image */
export function familyTruth(truth: Truth, membersOf: (key: string) => readonly string[]): Truth {
  const familyOf = (key: string) => [key, ...membersOf(key)];
  const isIn: Truth['isIn'] = (region, key, at) => familyOf(key).every((each) => truth.isIn(region, each, at));
  return {
    regions: truth.regions,
    keys: truth.keys,
    isIn,
    regionsWith: (key, at) => truth.regionsWith(key, at).filter((region) => isIn(region, key, at)),
    isEverywhere: (key, at) => familyOf(key).every((each) => truth.isEverywhere(each, at)),
    periodsEverywhere: (key) => familyOf(key).map(truth.periodsEverywhere).reduce(overlap),
    periodsIn: (region, key) =>
      familyOf(key)
        .map((each) => truth.periodsIn(region, each))
        .reduce(overlap),
  };
}

/** The intersection of both. */
function overlap(some: readonly Period[], others: readonly Period[]): readonly Period[] {
  return some
    .flatMap((one) => others.map((other) => intersect(one, other)))
    .filter(({ from, until }) => until === null || from < until);
}

function intersect(one: Period, other: Period): Period {
  const ends = [one.until, other.until].filter((until) => until !== null);
  return { from: Math.max(one.from, other.from), until: ends.length === 0 ? null : Math.min(...ends) };
}
