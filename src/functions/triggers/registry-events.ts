/**
 * Receives the registry's own events from Event Grid, which delivers an event again until the function succeeds. After a
 * temporary failure of the tables, `process()` queues an event with a region, once, for 5 to 15 seconds later. The function must
 * fail if the queue fails too, or if an event without a region gets no timer. It must not fail for an event that can never be
 * read: its whole batch would be sent again and again.
 */

import type { EventGridFunctionOptions } from '@azure/functions';
import type { ImageName } from '../../core/image/record.ts';
import { imageKey } from '../../core/image/record.ts';
import type { RegistryEvent } from '../../core/ingest/event-grid-event.ts';
import { parseRegistryEvent } from '../../core/ingest/event-grid-event.ts';
import { describeReceived } from '../../core/ingest/to-received.ts';
import type { Registry } from '../../core/model/registry.ts';
import type { Received } from '../../core/ports.ts';
import { describeError, UpstreamError } from '../../core/runtime/errors.ts';
import type { Telemetry } from '../../core/runtime/telemetry.ts';
import { noTelemetry } from '../../core/runtime/telemetry.ts';
import { parseTraceParent } from '../../core/runtime/trace-parent.ts';

interface RegistryEventsDeps {
  readonly registries: readonly Registry[];
  /** Records an event of one replica. */
  process(received: Received): Promise<unknown>;
  /** Records that the image exists in the registry, in an unknown region. */
  trackUnseen(name: ImageName): Promise<void>;
  now(): number;
  readonly telemetry?: Telemetry;
}

export function registryEventsFunction(deps: RegistryEventsDeps): EventGridFunctionOptions<unknown> {
  const { telemetry = noTelemetry } = deps;
  return {
    handler: async function receiveRegistryEvent(input, context) {
      const event = parseRegistryEvent(input, deps.registries, deps.now());
      if (event.kind === 'ignored') return context.info(`registry event ignored: ${event.reason}`);
      if (event.kind === 'invalid') return context.warn(`registry event not readable: ${event.reason}`);
      try {
        const parent = parseTraceParent(context.traceContext?.traceParent);
        context.info(await telemetry.span('process registry event', {}, () => recordEvent(event, deps), parent));
      } catch (error) {
        if (!(error instanceof UpstreamError) || error.temporary) throw error;
        context.warn(`registry event given up: ${describeError(error)}`);
      }
    },
  };
}

/** @returns the line for the log */
async function recordEvent(event: Extract<RegistryEvent, { kind: 'report' | 'known' }>, deps: RegistryEventsDeps) {
  if (event.kind === 'known') {
    await deps.trackUnseen(event.name);
    return `registry event noticed ${imageKey(event.name)}`;
  }
  const outcome = await deps.process(event.received);
  const { kind, subject, region } = describeReceived(event.received);
  return `registry event ${kind} ${String(outcome)} ${subject} ${region}`;
}
