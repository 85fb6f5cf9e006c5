/** Looks again at a deployment check whose timer rang. */
import type { StorageQueueFunctionOptions } from '@azure/functions';
import type { Checks } from '../core/checks/checks.ts';
import { parseCheckMessage } from '../core/messages.ts';

export function checkWakesFunction(checks: Pick<Checks, 'wake'>, queueName: string): StorageQueueFunctionOptions {
  return {
    queueName,
    connection: 'AzureWebJobsStorage',
    handler: async function wakeCheck(message) {
      const { id, turn, at } = parseCheckMessage(message);
      await checks.wake(id, turn, at);
    },
  };
}
