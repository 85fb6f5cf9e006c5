/** What may and what must be answered about an index in a region: it is there only with everything that it lists. */
import type { Region } from '../../src/core/model/region.ts';
import type { Case } from './case.ts';
import type { Claim, View } from './history.ts';

/** @param areListed whether what the image lists has to be known */
export function partsOf(on: Case, image: number, areListed: boolean): readonly number[] {
  return areListed ? [image, ...on.family.members(image)] : [image];
}

/**
 * The parts that these platforms need; `undefined` if the index does not list one of them.
 * @param areIndexesNeeded whether that includes the indexes in the index
 */
export function partsFor(
  on: Case,
  image: number,
  areListed: boolean,
  platforms: readonly string[] = [],
  areIndexesNeeded = false,
): readonly number[] | undefined {
  const parts = partsOf(on, image, areListed);
  if (platforms.length === 0 || parts.length === 1) return parts;
  const { members, platform } = on.family;
  const [indexes, manifests] = [true, false].map((isIndex) =>
    members(image).filter((member) => members(member).length > 0 === isIndex),
  ) as [number[], number[]];
  const chosen = manifests.filter((member) => platforms.includes(platform(member)));
  const isListed = platforms.every((asked) => chosen.some((member) => platform(member) === asked));
  return isListed ? [image, ...(areIndexesNeeded ? indexes : []), ...chosen] : undefined;
}

/** Of the image itself, if it has no members. */
export function claimOfAll(on: Case, parts: readonly number[], region: Region, view: View): Claim {
  const claims = parts.map((part) => on.history.claim(part, region, view));
  return {
    mayBeThere: claims.every((claim) => claim.mayBeThere),
    mayCount: claims.every((claim) => claim.mayCount),
    mustBeThere: claims.every((claim) => claim.mustBeThere),
    mustBeDeleted: claims[0]?.mustBeDeleted ?? false,
  };
}

/**
 * Whether a decision made at that time must have known what the index lists: no instance failed to read it by then, or
 * it had been listed before.
 * @param soonest and latest: when that may have been, by the world's clock
 */
export function mustBeListed(on: Case, image: number, soonest: number, latest: number): boolean {
  const since = on.readings.listedSince(image);
  return (since !== undefined && since < soonest) || !on.readings.isUnreadable(on.nameOf(image).digest, latest);
}

/** Whether something may have been deleted of the index, or by a delete without a digest. */
export function mayBeDeleted(on: Case, image: number): boolean {
  const { reports, unnamedDeletes } = on.history;
  return unnamedDeletes.length > 0 || reports.some((one) => one.image === image && one.fact.kind !== 'push');
}
