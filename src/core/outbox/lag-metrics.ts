/**
 * Measures what a write shows about time. Lag is measured when the arrival in a region is announced, once for each region. That
 * leaves out a new replica that is being filled with old images, which announces nothing.
 */

import { parseAnnouncementKey } from '../image/announcement-key.ts';
import { availableSince, firstArrival } from '../image/arrival-times.ts';
import type { ImageRecord } from '../image/record.ts';
import { arrivalIn } from '../image/record.ts';
import { measuredRegion } from '../model/measured-region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { delayedImages, lag } from './instruments.ts';

/** @param made keys of the announcements that the write made */
export function recordLag(telemetry: Telemetry, record: ImageRecord, made: readonly string[], set: ReplicaSet): void {
  const { registry } = record.name;
  for (const { kind, region } of made.map(parseAnnouncementKey)) {
    if (kind === 'delayed') telemetry.measure(delayedImages, 1, { registry });
    if (kind !== 'availableInRegion' || region === undefined) continue;
    const since = availableSince(record, region);
    const first = firstArrival(record);
    const evidence = arrivalIn(record, region)?.evidence[0];
    if (since === undefined || first === undefined || evidence === undefined) continue;
    telemetry.measure(lag, (since - first) / 1000, {
      registry,
      region: measuredRegion(set, region),
      evidence,
    });
  }
}
