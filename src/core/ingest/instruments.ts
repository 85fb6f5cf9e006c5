/** What ingest measures. */

import type { MergeOutcome } from '../image/merge-fact.ts';
import type { MeasuredRegion } from '../model/measured-region.ts';
import type { Instrument } from '../runtime/telemetry.ts';
import { instrumentPrefix } from '../runtime/telemetry.ts';
/** What became of a delivery: `refused` by the endpoint, `failed` when nothing could store it. */
export type DeliveryOutcome = MergeOutcome | 'ignored' | 'pong' | 'deferred' | 'refused' | 'failed';

/** Where it came from: `queue` is for what was deferred, and is tried again. */
export type DeliverySource = 'webhook' | 'queue' | 'eventGrid' | 'deliveryLog';

export const deliveries: Instrument<{
  readonly registry: string;
  readonly region: MeasuredRegion;
  readonly source: DeliverySource;
  readonly outcome: DeliveryOutcome;
}> = {
  kind: 'counter',
  name: `${instrumentPrefix}.deliveries`,
  unit: '{delivery}',
  description: 'Reports of replicas, by source and outcome',
};
