/** Every five minutes, takes in what the webhooks could not deliver. */
import type { TimerFunctionOptions } from '@azure/functions';
import type { DeliveryLog } from '../core/webhooks/delivery-log.ts';

export function deliveryLogFunction(deliveries: DeliveryLog): TimerFunctionOptions {
  return {
    schedule: '20 */5 * * * *',
    handler: async function readDeliveryLog(_timer, context) {
      const taken = await deliveries.run();
      if (taken > 0) context.info(`took in ${taken} lost deliveries`);
    },
  };
}
