/**
 * Looks again at images whose timer rang. What cannot be looked at for now gets a new timer: the host gives a message that
 * fails a hundred tries, and an outage of the tables uses those up in a quarter of an hour.
 */
import type { StorageQueueFunctionOptions } from '@azure/functions';
import { describeError, isTemporary } from '../core/errors.ts';
import type { ImageName } from '../core/image.ts';
import { parseWakeMessage } from '../core/messages.ts';
import type { WakeTimer } from '../core/ports.ts';
import type { Tracker } from '../core/tracker.ts';

export interface WakesParts {
  readonly tracker: Pick<Tracker, 'registries' | 'wake'>;
  readonly timer: WakeTimer;
  now(): number;
}

const atOnce = 8;
const againAfterMs = 30_000;

export function wakesFunction({ tracker, timer, now }: WakesParts, queueName: string): StorageQueueFunctionOptions {
  async function wake(name: ImageName, rungAt: number, noticedAt: number | undefined): Promise<string | undefined> {
    try {
      await tracker.wake(name, rungAt, noticedAt);
      return undefined;
    } catch (error) {
      if (!isTemporary(error)) throw error;
      await timer.wake(name, now() + againAfterMs, noticedAt);
      return describeError(error);
    }
  }

  return {
    queueName,
    connection: 'AzureWebJobsStorage',
    handler: async function wakeImages(message, context) {
      // A registry may have left the settings since the timer was set.
      const isTracked = (name: ImageName) => tracker.registries.some((registry) => registry.name === name.registry);
      const { images, at, noticedAt } = parseWakeMessage(message);
      const names = images.filter(isTracked);
      const failures: unknown[] = [];
      const troubles: string[] = [];
      for (let from = 0; from < names.length; from += atOnce) {
        const some = names.slice(from, from + atOnce);
        const results = await Promise.allSettled(some.map((name) => wake(name, at, noticedAt)));
        for (const result of results) {
          if (result.status === 'rejected') failures.push(result.reason);
          else if (result.value !== undefined) troubles.push(result.value);
        }
      }
      if (troubles.length > 0) context.warn(`${troubles.length} images not woken, later again: ${troubles[0]}`);
      if (failures.length > 0)
        throw new AggregateError(failures, `${failures.length} of ${names.length} images not woken`);
    },
  };
}
