/**
 * Every few minutes, reads each registry's replicas from ARM again; what cannot be read during an outage stays as it
 * was.
 */
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
