/** Looks again at images whose timer rang. All of them are tried; if one fails, the message comes back for all. */
import type { StorageQueueFunctionOptions } from '@azure/functions';
import type { ImageName } from '../core/image.ts';
import { parseWakeMessage } from '../core/messages.ts';
import type { Tracker } from '../core/tracker.ts';

const atOnce = 8;

export function wakesFunction(tracker: Tracker, queueName: string): StorageQueueFunctionOptions {
  return {
    queueName,
    connection: 'AzureWebJobsStorage',
    handler: async function wakeImages(message) {
      const names = parseWakeMessage(message).filter((name) => isTracked(tracker, name));
      const failures: unknown[] = [];
      for (let from = 0; from < names.length; from += atOnce) {
        const results = await Promise.allSettled(names.slice(from, from + atOnce).map((name) => tracker.wake(name)));
        failures.push(...results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
      }
      if (failures.length > 0)
        throw new AggregateError(failures, `${failures.length} of ${names.length} images not woken`);
    },
  };
}

/** A registry may have left the settings since the timer was set. */
function isTracked(tracker: Tracker, name: ImageName): boolean {
  return tracker.registries.some((registry) => registry.name === name.registry);
}
