/** Takes the deliveries that the tables could not take when they came. */

import type { InvocationContext, StorageQueueFunctionOptions } from '@azure/functions';
import { describeReceived } from '../../core/ingest/to-delivery.ts';
import type { Received } from '../../core/ports.ts';
import { parseDeliveryMessage } from '../../core/queue-messages.ts';
import type { Telemetry } from '../../core/runtime/telemetry.ts';
import { noTelemetry } from '../../core/runtime/telemetry.ts';
import { parseTraceParent } from '../../core/runtime/trace-parent.ts';
import type { Tracker } from '../../core/tracker.ts';

export function deferredDeliveriesFunction(
  tracker: Tracker,
  queueName: string,
  telemetry: Telemetry = noTelemetry,
): StorageQueueFunctionOptions {
  return {
    queueName,
    connection: 'AzureWebJobsStorage',
    handler: async function processDelivery(message, context) {
      const taken = parseDeliveryMessage(message).map((delivery) => take(delivery, context));
      // Each has its try before one that failed has the host hand all of them back: a repeat is a cheap duplicate.
      await Promise.allSettled(taken);
      await Promise.all(taken);
    },
  };

  async function take(delivery: Received, context: InvocationContext): Promise<void> {
    // Its trace began when it came, not when the queue handed it back.
    const began = 'fact' in delivery ? delivery.trace : undefined;
    const parent = began ?? parseTraceParent(context.traceContext?.traceParent);
    const work = () => tracker.process(delivery);
    const outcome = await telemetry.span('take deferred delivery', {}, work, parent);
    const { kind, subject, region } = describeReceived(delivery);
    context.info(`deferred ${kind} ${outcome} ${subject} ${region}`);
  }
}
