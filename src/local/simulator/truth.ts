/**
 * Where everything is, now and at any earlier instant. Whether "it was reported available at 12:00:07" was right
 * depends on the content of the replicas at 12:00:07, which may have changed since.
 */

/** From the first instant (included) to the last (excluded); open while `until` is null. Milliseconds since 1970. */
export interface Period {
  from: number;
  until: number | null;
}

export interface Truth {
  /** The regions that have a replica, in alphabetical order. */
  regions(): string[];
  /** The regions that have `key` (`repository@digest`), in alphabetical order; now, or at an earlier instant. */
  regionsWith(key: string, at?: number): string[];
  isIn(region: string, key: string, at?: number): boolean;
  /** True while every replica has it. False while there is no replica at all. */
  isEverywhere(key: string, at?: number): boolean;
  /** The periods in which all replicas had it, oldest first. */
  periodsEverywhere(key: string): readonly Period[];
  /** The periods in which this region had it, oldest first. */
  periodsIn(region: string, key: string): readonly Period[];
  /** Every `repository@digest` that any region ever had, in order of appearance. */
  keys(): string[];
}

export interface TruthKeeper extends Truth {
  noteReplica(region: string, exists: boolean, at: number): void;
  noteManifest(region: string, key: string, present: boolean, at: number): void;
}

export function createTruth(): TruthKeeper {
  const replicas = new Map<string, Period[]>();
  const manifests = new Map<string, Map<string, Period[]>>();
  const everywhere = new Map<string, Period[]>();

  const regions = (at?: number) =>
    [...replicas].filter(([, periods]) => isWithin(periods, at)).map(([region]) => region);
  const periodsIn = (region: string, key: string) => manifests.get(key)?.get(region) ?? [];
  const isIn = (region: string, key: string, at?: number) =>
    isWithin(replicas.get(region) ?? [], at) && isWithin(periodsIn(region, key), at);

  function judge(key: string, at: number): void {
    const expected = regions();
    note(everywhere, key, expected.length > 0 && expected.every((region) => isIn(region, key)), at);
  }

  return {
    regions: () => regions().sort(),
    regionsWith: (key, at) =>
      regions(at)
        .filter((region) => isIn(region, key, at))
        .sort(),
    isIn,
    isEverywhere: (key, at) => isWithin(everywhere.get(key) ?? [], at),
    periodsEverywhere: (key) => everywhere.get(key) ?? [],
    periodsIn,
    keys: () => [...manifests.keys()],
    noteReplica(region, exists, at) {
      note(replicas, region, exists, at);
      // A removed replica loses its content; one that is added again starts empty.
      if (!exists) for (const byRegion of manifests.values()) note(byRegion, region, false, at);
      for (const key of manifests.keys()) judge(key, at);
    },
    noteManifest(region, key, present, at) {
      const byRegion = manifests.get(key) ?? new Map<string, Period[]>();
      manifests.set(key, byRegion);
      note(byRegion, region, present, at);
      judge(key, at);
    },
  };
}

function note(periods: Map<string, Period[]>, name: string, open: boolean, at: number): void {
  const known = periods.get(name) ?? [];
  const last = known.at(-1);
  if (open && (last === undefined || last.until !== null)) periods.set(name, [...known, { from: at, until: null }]);
  if (!open && last !== undefined && last.until === null) last.until = at;
}

function isWithin(periods: readonly Period[], at?: number): boolean {
  if (at === undefined) return periods.at(-1)?.until === null;
  return periods.some((period) => period.from <= at && (period.until === null || at < period.until));
}
