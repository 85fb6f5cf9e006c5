/** Several times a minute, does the work that is due: see core/due-work. The next sweep catches up on missed ones. */
import type { TimerFunctionOptions } from '@azure/functions';
import type { Sweeper } from '../../core/due-work/sweeper.ts';
import { describeError, isTemporary } from '../../core/runtime/errors.ts';

export function sweepFunction(sweeper: Pick<Sweeper, 'sweep'>): TimerFunctionOptions {
  return {
    schedule: '*/15 * * * * *',
    handler: async function sweepDueWork(_timer, context) {
      try {
        await sweeper.sweep();
      } catch (error) {
        if (!isTemporary(error)) throw error;
        context.warn(`what is due could not be read, will retry: ${describeError(error)}`);
      }
    },
  };
}
