/** Does the next step of a replay. A step that cannot be done now is retried after a pause. */
import type { StorageQueueFunctionOptions } from '@azure/functions';
import { parseReplayMessage } from '../../core/queue-messages.ts';
import type { Replays } from '../../core/replay/replay.ts';

export function replayStepsFunction(replays: Replays, queueName: string): StorageQueueFunctionOptions {
  return {
    queueName,
    connection: 'AzureWebJobsStorage',
    handler: async function replayStep(message) {
      await replays.step(parseReplayMessage(message));
    },
  };
}
