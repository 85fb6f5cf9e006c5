/** What ingest measures. */

import type { MergeOutcome } from '../image/merge-fact.ts';
import type { MeasuredRegion } from '../model/measured-region.ts';
import type { Instrument } from '../runtime/telemetry.ts';
import { instrumentPrefix } from '../runtime/telemetry.ts';
/** The outcome of a delivery: `refused` by the endpoint, `failed` when it could not be stored. */
export type DeliveryOutcome = MergeOutcome | 'ignored' | 'pong' | 'deferred' | 'refused' | 'failed';

/** Where it came from; `queue` for a deferred one. */
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
