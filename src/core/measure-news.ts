/**
 * What a write tells about time. Lag is measured where a region's arrival is announced, once for each: a new replica that
 * is being filled with old images is no lag.
 */
import { parseAnnouncementKey } from './announcement.ts';
import type { ImageRecord } from './image.ts';
import { arrivalIn, arrivalSpan } from './image.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Telemetry } from './telemetry.ts';
import { measuredRegion } from './telemetry.ts';

/** @param made keys of the announcements that the write made */
export function measureNews(telemetry: Telemetry, record: ImageRecord, made: readonly string[], set: ReplicaSet): void {
  const { registry } = record.name;
  for (const { kind, region } of made.map(parseAnnouncementKey)) {
    if (kind === 'delayed') telemetry.measure('delayed', 1, { registry });
    if (kind !== 'availableInRegion' || region === undefined) continue;
    const arrival = arrivalIn(record, region);
    const first = arrivalSpan(record)?.first;
    const evidence = arrival?.evidence[0];
    if (arrival === undefined || first === undefined || evidence === undefined) continue;
    telemetry.measure('lag', (arrival.since - first) / 1000, {
      registry,
      region: measuredRegion(set, region),
      evidence,
    });
  }
}
