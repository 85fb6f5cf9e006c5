/** Takes the deliveries that the tables could not take when they came. */
import type { StorageQueueFunctionOptions } from '@azure/functions';
import { parseDeliveryMessage } from '../core/messages.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { noTelemetry, parseTraceParent } from '../core/telemetry.ts';
import type { Tracker } from '../core/tracker.ts';

export function deliveriesFunction(
  tracker: Tracker,
  queueName: string,
  telemetry: Telemetry = noTelemetry,
): StorageQueueFunctionOptions {
  return {
    queueName,
    connection: 'AzureWebJobsStorage',
    handler: async function processDelivery(message, context) {
      const delivery = parseDeliveryMessage(message);
      // Its trace began when it came, not when the queue handed it back.
      const parent = delivery.trace ?? parseTraceParent(context.traceContext?.traceParent);
      const work = () => tracker.process(delivery);
      const outcome = await telemetry.span('take deferred delivery', {}, work, parent);
      const { name, fact } = delivery;
      context.info(
        `deferred ${fact.kind} ${outcome} ${name.registry}/${name.repository}@${name.digest} ${fact.region}`,
      );
    },
  };
}
