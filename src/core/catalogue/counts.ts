/** The number of images in each state: an image's new entry is added, and its entry before is subtracted. */
import type { Region } from '../model/region.ts';
import { sortRegions } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { CatalogueEntry, CountedState } from './entry.ts';

/** Counts for one region, or for the registry. */
interface Tally {
  readonly delayed: number;
  readonly divergedTags: number;
}

export interface CatalogueCounts {
  readonly images: Readonly<Record<CountedState, number>>;
  readonly all: Tally & { readonly unpublished: number };
  /** By region. `deleting`: of the available ones, those that are being deleted. */
  readonly regions: Readonly<Record<string, Tally & { readonly available: number; readonly deleting: number }>>;
  /** When they last changed, milliseconds since 1970. */
  readonly changedAt: number;
}

export const noCounts: CatalogueCounts = {
  images: { available: 0, replicating: 0, deleting: 0, deleted: 0 },
  all: { delayed: 0, divergedTags: 0, unpublished: 0 },
  regions: {},
  changedAt: 0,
};

export interface CatalogueSummary {
  readonly images: Readonly<Record<CountedState, number>>;
  readonly delayed: number;
  readonly divergedTags: number;
  /** Images with an event that the topic has not accepted. */
  readonly unpublished: number;
  readonly regions: readonly {
    readonly region: Region;
    readonly available: number;
    /** Images that some region has, and this one does not; without those that are being deleted. */
    readonly missing: number;
    readonly delayed: number;
    readonly divergedTags: number;
  }[];
  /** ISO 8601: when the counts last changed; `null` where there has been no image yet. */
  readonly asOf: string | null;
}

/** @param weight 1 to add the entry, -1 to subtract it */
export function count(counts: CatalogueCounts, entry: CatalogueEntry | undefined, weight: 1 | -1): CatalogueCounts {
  if (entry === undefined || entry.isPart === true) return counts;
  const regions = { ...counts.regions };
  const change = (region: Region, by: Partial<Tally & { available: number; deleting: number }>) => {
    const { available = 0, deleting = 0, delayed = 0, divergedTags = 0 } = regions[region] ?? {};
    regions[region] = {
      available: available + weight * (by.available ?? 0),
      deleting: deleting + weight * (by.deleting ?? 0),
      delayed: delayed + weight * (by.delayed ?? 0),
      divergedTags: divergedTags + weight * (by.divergedTags ?? 0),
    };
  };
  for (const region of entry.regions) change(region, { available: 1, deleting: Number(entry.state === 'deleting') });
  for (const region of entry.delayedIn) change(region, { delayed: 1 });
  for (const region of entry.diverged.flatMap((one) => one.regions)) change(region, { divergedTags: 1 });
  return {
    ...counts,
    images: { ...counts.images, [entry.state]: counts.images[entry.state] + weight },
    all: {
      delayed: counts.all.delayed + weight * Number(entry.delayed),
      divergedTags: counts.all.divergedTags + weight * entry.diverged.length,
      unpublished: counts.all.unpublished + weight * Number(entry.unpublished === true),
    },
    regions,
  };
}

/** With every expected region, and every other region that has an image; alphabetical. */
export function summarize(counts: CatalogueCounts, set: ReplicaSet): CatalogueSummary {
  const expected = expectedRegions(set);
  const others = Object.entries(counts.regions).flatMap(([region, { available }]) =>
    available > 0 ? [region as Region] : [],
  );
  const { available: everywhere, replicating } = counts.images;
  return {
    images: counts.images,
    ...counts.all,
    regions: sortRegions([...expected, ...others]).map((region) => {
      const { available = 0, deleting = 0, delayed = 0, divergedTags = 0 } = counts.regions[region] ?? {};
      const missing = expected.includes(region) ? Math.max(0, everywhere + replicating - (available - deleting)) : 0;
      return { region, available, missing, delayed, divergedTags };
    }),
    asOf: counts.changedAt === 0 ? null : new Date(counts.changedAt).toISOString(),
  };
}
