/** Takes the deliveries that the tables could not take when they came. */
import type { StorageQueueFunctionOptions } from '@azure/functions';
import { parseDeliveryMessage } from '../core/messages.ts';
import type { Tracker } from '../core/tracker.ts';

export function deliveriesFunction(tracker: Tracker, queueName: string): StorageQueueFunctionOptions {
  return {
    queueName,
    connection: 'AzureWebJobsStorage',
    handler: async function processDelivery(message, context) {
      const delivery = parseDeliveryMessage(message);
      const outcome = await tracker.process(delivery);
      const { name, fact } = delivery;
      context.info(
        `deferred ${fact.kind} ${outcome} ${name.registry}/${name.repository}@${name.digest} ${fact.region}`,
      );
    },
  };
}
