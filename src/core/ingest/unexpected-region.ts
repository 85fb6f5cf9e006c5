/**
 * Webhooks of regions in which nobody expects a replica. One of them may be a replica that has just been added; more often
 * somebody has mistyped the region in a webhook's address, and the replica that it should speak for seems to be silent. So what
 * they say is kept, within bounds, and whoever can correct it is warned.
 */

import { maxRegions } from '../image/kept-regions.ts';
import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions, findReplica, isKnown } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

/** A region that nobody expects is shown for so long after its last word. */
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

/** @returns `undefined` where all of them are in the set, or nobody has told yet which ones are expected */
export function regionWarning(registry: Registry, heard: readonly Region[], set: ReplicaSet): string | undefined {
  const strangers = heard.filter((region) => findReplica(set, region) === undefined);
  if (strangers.length === 0 || !isKnown(set)) return undefined;
  const expected = expectedRegions(set).join(', ');
  return (
    `Webhooks speak for ${strangers.join(', ')}, where ${registry.name} is not expected to have a replica; expected are ` +
    `${expected}. Correct the region at the end of the webhook's address, or delete the webhook; a replica that has just ` +
    'been created is found within minutes.'
  );
}

/** Alphabetical order is up to the caller. @param heard when each region's webhook last spoke, milliseconds since 1970 */
export function shownRegions(heard: ReadonlyMap<Region, number>, set: ReplicaSet, now: number): Region[] {
  const strangers = [...heard]
    .filter(([region, at]) => findReplica(set, region) === undefined && now - at < shownMs)
    .sort(([, a], [, b]) => b - a)
    .map(([region]) => region);
  const known = set.replicas.map((replica) => replica.region);
  return [...known, ...strangers.slice(0, Math.max(0, maxRegions - known.length))];
}
