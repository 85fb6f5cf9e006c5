/** Once a day, forgets finished images whose time has passed. */
import type { TimerFunctionOptions } from '@azure/functions';
import type { Tracker } from '../core/tracker.ts';

export function retentionFunction(tracker: Tracker): TimerFunctionOptions {
  return {
    // Not on the hour, when everybody's timers fire.
    schedule: '0 17 3 * * *',
    handler: async function forgetFinishedImages(_timer, context) {
      const forgotten = await tracker.expire();
      if (forgotten > 0) context.info(`forgot ${forgotten} finished images`);
    },
  };
}
