/**
 * Reads the registry's log of webhook deliveries and records those that failed. The registry sends a webhook once: after a cold
 * start, an outage or a wrong secret, only this log still has the event.
 */

import type { Received } from '../image/delivery.ts';
import { describeReceived, toReceived } from '../ingest/to-received.ts';
import { parseWebhookEvent } from '../ingest/webhook-event.ts';
import { toEventTime } from '../model/event-time.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, isTemporary, UpstreamError } from '../runtime/errors.ts';
import { inChunks } from '../runtime/in-chunks.ts';
import type { Log } from '../runtime/log.ts';
import type { FoundWebhook } from './address.ts';
import { findWebhooks } from './address.ts';
import type { LoggedDelivery, WebhookDirectory } from './ports.ts';

export interface DeliveryRecovery {
  /** Reads all logs once. Never fails. @returns how many lost deliveries were recovered */
  run(): Promise<number>;
}

export interface DeliveryRecoveryDeps {
  /** Registries without a resource id are left out: their log cannot be read. */
  readonly registries: readonly Registry[];
  readonly directory: WebhookDirectory;
  /** Where the registry reaches this app; without it, webhooks of every app that tracks the registry count. */
  readonly publicUrl: string | undefined;
  /** Older events are ignored: their image may be forgotten already, and would be published again. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Once the replica set is known: an instance that has just started may not know it yet. Never fails. */
  ready?(registry: Registry): Promise<void>;
  replicaSet(registry: Registry): ReplicaSet;
  process(received: Received): Promise<unknown>;
}

const atOnce = 8;

export function deliveryRecovery(deps: DeliveryRecoveryDeps): DeliveryRecovery {
  const { directory, clock, log } = deps;
  /** By webhook, the handled deliveries that its log still has. The length of the log bounds it. */
  const handled = new Map<string, ReadonlySet<string>>();

  async function readRegistry(registry: Registry): Promise<number> {
    const logged = new Set<string>();
    const logOnce = (error: unknown): void => {
      const isRefused = error instanceof UpstreamError && error.code === 'unauthorized';
      // Missing permissions concern all logs of the registry: logged once, not once for each webhook.
      const failure = isRefused ? error.code : describeError(error);
      if (logged.has(failure)) return;
      logged.add(failure);
      const hint = error instanceof UpstreamError ? error.hint : undefined;
      log.warn('delivery log not read', { registry: registry.name, error: describeError(error), hint });
    };
    return readWebhooks(registry, logOnce);
  }

  async function readWebhooks(registry: Registry, logOnce: (error: unknown) => void): Promise<number> {
    await deps.ready?.(registry);
    const regions = deps.replicaSet(registry).replicas.map(({ region }) => region);
    let webhooks: FoundWebhook[];
    try {
      webhooks = await findWebhooks(directory, registry, regions, deps.publicUrl);
    } catch (error) {
      logOnce(error);
      return 0;
    }
    const keys = new Set(webhooks.map(({ name }) => logKey(registry, name)));
    for (const key of handled.keys()) {
      if (key.startsWith(`${registry.name} `) && !keys.has(key)) handled.delete(key);
    }
    let recovered = 0;
    for (const webhook of webhooks) {
      try {
        recovered += await readWebhook(registry, webhook);
      } catch (error) {
        logOnce(error);
      }
    }
    return recovered;
  }

  async function readWebhook(registry: Registry, webhook: FoundWebhook): Promise<number> {
    if (webhook.error !== undefined) throw webhook.error;
    if (webhook.targetRegion === undefined) return 0;
    const key = logKey(registry, webhook.name);
    const logged = await directory.deliveries(registry, webhook.name);
    const lost = logged.filter(({ status }) => status === undefined || status < 200 || status > 299);
    const done = new Set(lost.map(({ id }) => id).filter((id) => handled.get(key)?.has(id)));
    handled.set(key, done);
    const fresh = lost.filter(({ id }) => !done.has(id));
    let recovered = 0;
    for (const part of inChunks(fresh, atOnce)) {
      const outcomes = await Promise.all(part.map((delivery) => recover(registry, webhook, delivery)));
      part.forEach(({ id }, i) => {
        if (outcomes[i] !== 'later') done.add(id);
      });
      recovered += outcomes.filter((outcome) => outcome === 'recovered').length;
    }
    return recovered;
  }

  async function recover(registry: Registry, { name, region }: FoundWebhook, { body }: LoggedDelivery) {
    const event = parseWebhookEvent(body);
    const where = { registry: registry.name, region, webhook: name };
    if (!event.ok) {
      log.info('lost delivery not readable', { ...where, reason: event.problems[0]?.reason });
      return 'nothing';
    }
    if (event.value.action === 'ping' || event.value.action === 'other') return 'nothing';
    const now = clock.now();
    if (event.value.eventTime < toEventTime(now - deps.maxAgeMs)) return 'nothing';
    // The region of the webhook resource, not of its address: Azure fixes it when the webhook is created.
    const received = toReceived(event.value, { registry, region, receivedAt: now, evidence: 'deliveryLog' });
    const { kind, subject: image } = describeReceived(received);
    try {
      await deps.process(received);
      log.info('lost delivery recovered', { ...where, kind, image });
      return 'recovered';
    } catch (error) {
      log.warn('lost delivery not recovered', { ...where, image, error: describeError(error) });
      return isTemporary(error) ? 'later' : 'nothing';
    }
  }

  return {
    async run() {
      const tracked = deps.registries.filter(({ resourceId }) => resourceId !== undefined);
      const counts = await Promise.all(tracked.map(readRegistry));
      return counts.reduce((sum, one) => sum + one, 0);
    },
  };
}

function logKey(registry: Registry, webhook: string): string {
  return `${registry.name} ${webhook}`;
}
