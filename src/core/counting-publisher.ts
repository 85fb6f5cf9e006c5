/** A topic whose refusals are counted: they cost no event, and yet somebody should hear of them. */
import { WorldError } from './errors.ts';
import type { EventPublisher } from './ports.ts';
import type { Telemetry } from './telemetry.ts';

export function countingPublisher(publisher: EventPublisher, telemetry: Telemetry): EventPublisher {
  return {
    async publish(events) {
      try {
        await publisher.publish(events);
      } catch (error) {
        telemetry.measure('publishFailures', 1, { error: error instanceof WorldError ? error.code : 'unexpected' });
        throw error;
      }
    },
  };
}
