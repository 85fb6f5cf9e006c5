/**
 * Which open incidents may be why replicas are late. Azure repeats itself while an incident goes on, and the word that it
 * is over can be lost like any webhook: an incident nobody has spoken of for days is no cause any more.
 */

import type { HealthEvent } from '../ingest/health-alert.ts';
import type { Region } from '../model/region.ts';

export interface LikelyCause {
  readonly trackingId: string;
  readonly title: string;
  /** Those of the regions asked about that it affects, in the order asked. */
  readonly regions: readonly Region[];
  /** ISO 8601; `null` where Azure does not tell. */
  readonly since: string | null;
}

const maxSilenceMs = 3 * 86_400_000;

/**
 * @param regions those that are late, or that are asked about
 * @param now milliseconds since 1970
 */
export function likelyCauses(
  openEvents: readonly HealthEvent[],
  regions: readonly Region[],
  now: number,
): LikelyCause[] {
  return openEvents
    .filter(({ isOpen, reportedAt }) => isOpen && now - reportedAt <= maxSilenceMs)
    .map((event) => ({ event, hit: regions.filter((region) => event.isEverywhere || event.regions.includes(region)) }))
    .filter(({ hit }) => hit.length > 0)
    .sort((a, b) => startOf(a.event) - startOf(b.event) || (a.event.trackingId < b.event.trackingId ? -1 : 1))
    .map(({ event, hit }) => ({
      trackingId: event.trackingId,
      title: event.title,
      regions: hit,
      since: event.startedAt === null ? null : new Date(event.startedAt).toISOString(),
    }));
}

function startOf({ startedAt, reportedAt }: HealthEvent): number {
  return startedAt ?? reportedAt;
}
