/** Speaks to the webhook function as the registry does. */
import type { Telemetry } from '../../src/core/runtime/telemetry.ts';
import { noTelemetry } from '../../src/core/runtime/telemetry.ts';
import type { WebhookDeps } from '../../src/functions/api/webhook.ts';
import { webhookFunction } from '../../src/functions/api/webhook.ts';
import { digestOf } from './build.ts';
import type { Answer, CallInput } from './call.ts';
import { call } from './call.ts';
import type { MemoryTracker } from './memory-tracker.ts';

export const secrets = ['first-secret-of-the-tests', 'second-secret-of-the-tests'] as const;

export interface EventInput {
  readonly action?: string;
  readonly timestamp?: string;
  /** By default digest 1; `null` for an event without a target. */
  readonly target?: Record<string, unknown> | null;
}

/** A webhook event about `team/app`, as it is sent. */
export function bodyOf({ action = 'push', timestamp = '2026-06-01T12:00:00.1234567Z', target }: EventInput = {}) {
  const mediaType = action === 'push' ? { mediaType: 'application/vnd.oci.image.manifest.v1+json' } : {};
  const whole = { repository: 'team/app', digest: digestOf(1), ...mediaType, ...target };
  return JSON.stringify({ id: 'event-1', timestamp, action, ...(target === null ? {} : { target: whole }) });
}

/** The function, without waits for pings. */
export function doorOf(parts: Pick<WebhookDeps, 'tracker' | 'now'> & Partial<WebhookDeps>) {
  return webhookFunction({ secrets, onPing: () => undefined, telemetry: noTelemetry, ...parts });
}

export function deliver(
  memory: Pick<MemoryTracker, 'tracker' | 'clock'> & { readonly telemetry?: Telemetry },
  region: string,
  body: string | Uint8Array = bodyOf(),
  changes: Partial<CallInput> & { readonly registry?: string } = {},
): Promise<Answer> {
  const { registry = 'contoso', ...input } = changes;
  const { tracker, clock, telemetry = noTelemetry } = memory;
  return call(doorOf({ tracker, now: clock.now, telemetry }), {
    path: `webhooks/${registry}/${encodeURIComponent(region)}`,
    params: { registry, region },
    headers: { authorization: `Bearer ${secrets[0]}`, 'content-type': 'application/json; charset=utf-8' },
    body,
    ...input,
  });
}
