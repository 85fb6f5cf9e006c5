/**
 * Takes the registry's own events from Event Grid, which are delivered again until they are taken. So storage trouble
 * must fail the function, and an event that will never be readable must not: one such event would have its whole batch
 * sent again and again.
 */
import type { EventGridFunctionOptions } from '@azure/functions';
import { describeError, WorldError } from '../core/errors.ts';
import type { ImageName } from '../core/image.ts';
import type { Delivery } from '../core/ports.ts';
import type { Tag } from '../core/reference.ts';
import type { Registry } from '../core/registry.ts';
import type { RegistryEvent } from '../core/registry-event.ts';
import { parseRegistryEvent } from '../core/registry-event.ts';
import type { Telemetry } from '../core/telemetry.ts';
import { noTelemetry, parseTraceParent } from '../core/telemetry.ts';

export interface RegistryEventsParts {
  readonly registries: readonly Registry[];
  /** Records what one replica said. */
  process(delivery: Delivery): Promise<unknown>;
  /** The image exists in this registry, nobody knows where. */
  notice(name: ImageName, tag: Tag | undefined): Promise<void>;
  now(): number;
  readonly telemetry?: Telemetry;
}

export function registryEventsFunction(parts: RegistryEventsParts): EventGridFunctionOptions<unknown> {
  const { telemetry = noTelemetry } = parts;
  return {
    handler: async function takeRegistryEvent(input, context) {
      const event = parseRegistryEvent(input, parts.registries, parts.now());
      if (event.kind === 'ignored') return context.info(`registry event ignored: ${event.reason}`);
      if (event.kind === 'invalid') return context.warn(`registry event not readable: ${event.reason}`);
      try {
        const parent = parseTraceParent(context.traceContext?.traceParent);
        context.info(await telemetry.span('take registry event', {}, () => take(event, parts), parent));
      } catch (error) {
        if (!(error instanceof WorldError) || error.temporary) throw error;
        context.warn(`registry event given up: ${describeError(error)}`);
      }
    },
  };
}

/** @returns the line for the log */
async function take(event: Extract<RegistryEvent, { kind: 'fact' | 'known' }>, parts: RegistryEventsParts) {
  const { registry, repository, digest } = event.kind === 'fact' ? event.delivery.name : event.name;
  const image = `${registry}/${repository}@${digest}`;
  if (event.kind === 'known') {
    await parts.notice(event.name, event.tag);
    return `registry event noticed ${image}`;
  }
  const outcome = await parts.process(event.delivery);
  const { kind, region } = event.delivery.fact;
  return `registry event ${kind} ${String(outcome)} ${image} ${region}`;
}
