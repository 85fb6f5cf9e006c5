/**
 * Warns about webhooks of regions where no replica is expected. The replica may have just been added. More often the region in
 * the webhook's address is misspelled, and the replica that it belongs to seems silent. So these reports are recorded, for a
 * bounded number of regions, and a log line and the webhook's answer say what to correct.
 */

import { maxRegions } from '../image/kept-regions.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions, findReplica, isKnown } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

/** How long a region that is not expected is shown after its last call. */
const shownMs = 7 * 86_400_000;

const betweenLinesMs = 60_000;

interface UnexpectedRegions {
  /** @returns what is wrong and what to do, for people; `undefined` while it is not known which regions are expected */
  warn(registry: Registry, region: Region, set: ReplicaSet): string | undefined;
}

export function unexpectedRegions({ clock, log }: { readonly clock: Clock; readonly log: Log }): UnexpectedRegions {
  const lastLines = new Map<string, number>();

  return {
    warn(registry, region, set) {
      const warning = regionWarning(registry, [region], set);
      const now = clock.now();
      const lastLine = lastLines.get(registry.name);
      const isDue = lastLine === undefined || now - lastLine >= betweenLinesMs;
      if (warning === undefined || !isDue) return warning;
      lastLines.set(registry.name, now);
      log.warn('webhook of a region that is not expected', { registry: registry.name, region, hint: warning });
      return warning;
    },
  };
}

/** @returns `undefined` where all of them are in the set, or it is not known yet which regions are expected */
export function regionWarning(registry: Registry, seen: readonly Region[], set: ReplicaSet): string | undefined {
  const unexpected = seen.filter((region) => findReplica(set, region) === undefined);
  if (unexpected.length === 0 || !isKnown(set)) return undefined;
  const expected = expectedRegions(set).join(', ');
  return (
    `Webhooks report for ${unexpected.join(', ')}, where ${registry.name} is not expected to have a replica; expected are ` +
    `${expected}. Correct the region at the end of the webhook's address, or delete the webhook; a replica that has just ` +
    'been created is found within minutes.'
  );
}

/**
 * The regions of the set, and unexpected regions whose webhook has called lately; the caller sorts them.
 * @param seen when each region's webhook last called, milliseconds since 1970
 */
export function shownRegions(seen: ReadonlyMap<Region, number>, set: ReplicaSet, now: number): Region[] {
  const unexpected = [...seen]
    .filter(([region, at]) => findReplica(set, region) === undefined && now - at < shownMs)
    .sort(([, a], [, b]) => b - a)
    .map(([region]) => region);
  const known = set.replicas.map((replica) => replica.region);
  return [...known, ...unexpected.slice(0, Math.max(0, maxRegions - known.length))];
}
