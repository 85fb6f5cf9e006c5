/** Processes deliveries that the tables could not store when they arrived. */

import type { InvocationContext, StorageQueueFunctionOptions } from '@azure/functions';
import { describeReceived } from '../../core/ingest/to-received.ts';
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
      const attempts = parseDeliveryMessage(message).map((delivery) => processOne(delivery, context));
      // All are tried before a failure makes the host return the whole message: a repeat is a cheap duplicate.
      await Promise.allSettled(attempts);
      await Promise.all(attempts);
    },
  };

  async function processOne(delivery: Received, context: InvocationContext): Promise<void> {
    // The trace began when the delivery arrived, not when the queue returned it.
    const began = 'fact' in delivery ? delivery.trace : undefined;
    const parent = began ?? parseTraceParent(context.traceContext?.traceParent);
    const work = () => tracker.process(delivery);
    const outcome = await telemetry.span('process deferred delivery', {}, work, parent);
    const { kind, subject, region } = describeReceived(delivery);
    context.info(`deferred ${kind} ${outcome} ${subject} ${region}`);
  }
}
