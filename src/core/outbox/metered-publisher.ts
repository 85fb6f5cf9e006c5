/** Counts failed requests to the topic: they lose no event, but an operator should see them. */

import { UpstreamError } from '../runtime/errors.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { publishFailures } from './instruments.ts';
import type { EventPublisher } from './ports.ts';

export function meteredPublisher<Data extends object>(
  publisher: EventPublisher<Data>,
  telemetry: Telemetry,
): EventPublisher<Data> {
  return {
    async publish(events) {
      try {
        await publisher.publish(events);
      } catch (error) {
        telemetry.measure(publishFailures, 1, { error: error instanceof UpstreamError ? error.code : 'unexpected' });
        throw error;
      }
    },
  };
}
