/**
 * Open incidents that may be the reason why replicas are late. Azure repeats its alert while an incident goes on, and the alert
 * that it is over can be lost like any webhook. So an incident without an alert for days is left out.
 */

import type { HealthEvent } from '../ingest/health-alert.ts';
import type { Region } from '../model/region.ts';

export interface LikelyCause {
  readonly trackingId: string;
  readonly title: string;
  /** Affected regions, of those asked about, in the order asked. */
  readonly regions: readonly Region[];
  /** ISO 8601; `null` if Azure does not state it. */
  readonly since: string | null;
}

const maxSilenceMs = 3 * 86_400_000;

/**
 * @param regions that are late, or that the request is about
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
