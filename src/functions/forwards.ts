/** Sends the webhooks that wait to be forwarded. */
import type { StorageQueueFunctionOptions } from '@azure/functions';
import type { Forwarder } from '../core/forwarding/forwarder.ts';
import { parseForwardMessage } from '../core/messages.ts';

export function forwardsFunction(forwarder: Forwarder, queueName: string): StorageQueueFunctionOptions {
  return {
    queueName,
    connection: 'AzureWebJobsStorage',
    handler: async function forwardWebhook(message) {
      const { order, attempt } = parseForwardMessage(message);
      await forwarder.deliver(order, attempt);
    },
  };
}
