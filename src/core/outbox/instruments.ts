/** What the outbox measures. */

import type { AnnouncementKind } from '../image/announcement-key.ts';
import type { Evidence } from '../image/arrival.ts';
import type { MeasuredRegion } from '../model/measured-region.ts';
import type { ErrorCode } from '../runtime/errors.ts';
import type { Instrument } from '../runtime/telemetry.ts';
import { instrumentPrefix } from '../runtime/telemetry.ts';

export const lag: Instrument<{
  readonly registry: string;
  readonly region: MeasuredRegion;
  readonly evidence: Evidence;
}> = {
  kind: 'histogram',
  name: `${instrumentPrefix}.lag`,
  unit: 's',
  description: 'From the arrival in the first region to the arrival in this one',
  bounds: [0, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 14_400],
};

export const announcing: Instrument<{ readonly registry: string; readonly event: AnnouncementKind }> = {
  kind: 'histogram',
  name: `${instrumentPrefix}.announcing`,
  unit: 's',
  description: 'From the fact to the acceptance of its event by the topic',
  bounds: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30, 60, 300, 3600],
};

export const publishFailures: Instrument<{ readonly error: ErrorCode | 'unexpected' }> = {
  kind: 'counter',
  name: `${instrumentPrefix}.publish_failures`,
  unit: '{failure}',
  description: 'Requests to publish that the topic did not accept',
};

export const delayedImages: Instrument<{ readonly registry: string }> = {
  kind: 'counter',
  name: `${instrumentPrefix}.delayed_images`,
  unit: '{image}',
  description: 'Images that became delayed',
};
