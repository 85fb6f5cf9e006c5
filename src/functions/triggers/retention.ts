/** Once a day, deletes finished images and releases whose retention time has passed. */
import type { TimerFunctionOptions } from '@azure/functions';
import type { Releases } from '../../core/releases/releases.ts';
import type { Tracker } from '../../core/tracker.ts';

export function retentionFunction(tracker: Tracker, releases: Pick<Releases, 'expire'>): TimerFunctionOptions {
  return {
    // Not on the hour, when most timers fire.
    schedule: '0 17 3 * * *',
    handler: async function forgetFinishedImages(_timer, context) {
      const forgotten = await tracker.expire();
      if (forgotten > 0) context.info(`expired ${forgotten} images`);
      const released = await releases.expire();
      if (released > 0) context.info(`expired ${released} releases`);
    },
  };
}
