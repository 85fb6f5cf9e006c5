/** Every few minutes, reads each registry's replicas anew; what an outage leaves unanswered stays as it was. */
import type { TimerFunctionOptions } from '@azure/functions';
import type { Tracker } from '../../core/tracker.ts';

export function refreshReplicasFunction(tracker: Tracker): TimerFunctionOptions {
  return {
    schedule: '30 */5 * * * *',
    handler: async function refreshReplicas() {
      await Promise.all(tracker.registries.map((registry) => tracker.refreshReplicas(registry)));
    },
  };
}
