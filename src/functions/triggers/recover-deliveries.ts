/** Every five minutes, reads the webhooks' delivery logs and records the events that could not be delivered. */
import type { TimerFunctionOptions } from '@azure/functions';
import type { DeliveryRecovery } from '../../core/webhooks/delivery-recovery.ts';

export function recoverDeliveriesFunction(deliveries: DeliveryRecovery): TimerFunctionOptions {
  return {
    schedule: '20 */5 * * * *',
    handler: async function recoverDeliveries(_timer, context) {
      const recovered = await deliveries.run();
      if (recovered > 0) context.info(`recovered ${recovered} lost deliveries`);
    },
  };
}
