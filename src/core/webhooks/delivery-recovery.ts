/**
 * Reads the registry's own log of webhook deliveries and takes in those that failed. A webhook is tried once: after a
 * cold start, an outage or a wrong secret, this log is the only place where the event can still be found.
 */

import type { Received } from '../image/delivery.ts';
import { describeReceived, toReceived } from '../ingest/to-delivery.ts';
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
  /** Looks once through all logs. Never fails. @returns how many lost deliveries were taken in */
  run(): Promise<number>;
}

export interface DeliveryRecoveryDeps {
  /** Those without a resource id have no log that could be read. */
  readonly registries: readonly Registry[];
  readonly directory: WebhookDirectory;
  /** Where the registry reaches this app; without it, webhooks of every app that tracks the registry count. */
  readonly publicUrl: string | undefined;
  /** Older events are left alone: their images may be forgotten already, and would come back as news. */
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
  /** By webhook: deliveries dealt with that its log still lists. The log's own length bounds it. */
  const handled = new Map<string, ReadonlySet<string>>();

  async function readRegistry(registry: Registry): Promise<number> {
    const troubles = new Set<string>();
    const complain = (error: unknown): void => {
      const isRefused = error instanceof UpstreamError && error.code === 'unauthorized';
      // Whoever may not read one log may read none: said once, not once for each webhook.
      const trouble = isRefused ? error.code : describeError(error);
      if (troubles.has(trouble)) return;
      troubles.add(trouble);
      const hint = error instanceof UpstreamError ? error.hint : undefined;
      log.warn('delivery log not read', { registry: registry.name, error: describeError(error), hint });
    };
    return readWebhooks(registry, complain);
  }

  async function readWebhooks(registry: Registry, complain: (error: unknown) => void): Promise<number> {
    await deps.ready?.(registry);
    const regions = deps.replicaSet(registry).replicas.map(({ region }) => region);
    let webhooks: FoundWebhook[];
    try {
      webhooks = await findWebhooks(directory, registry, regions, deps.publicUrl);
    } catch (error) {
      complain(error);
      return 0;
    }
    const keys = new Set(webhooks.map(({ name }) => logKey(registry, name)));
    for (const key of handled.keys()) {
      if (key.startsWith(`${registry.name} `) && !keys.has(key)) handled.delete(key);
    }
    let taken = 0;
    for (const webhook of webhooks) {
      try {
        taken += await readWebhook(registry, webhook);
      } catch (error) {
        complain(error);
      }
    }
    return taken;
  }

  async function readWebhook(registry: Registry, webhook: FoundWebhook): Promise<number> {
    if (webhook.trouble !== undefined) throw webhook.trouble;
    if (webhook.targetRegion === undefined) return 0;
    const key = logKey(registry, webhook.name);
    const logged = await directory.deliveries(registry, webhook.name);
    const lost = logged.filter(({ status }) => status === undefined || status < 200 || status > 299);
    const done = new Set(lost.map(({ id }) => id).filter((id) => handled.get(key)?.has(id)));
    handled.set(key, done);
    const fresh = lost.filter(({ id }) => !done.has(id));
    let taken = 0;
    for (const part of inChunks(fresh, atOnce)) {
      const outcomes = await Promise.all(part.map((delivery) => take(registry, webhook, delivery)));
      part.forEach(({ id }, i) => {
        if (outcomes[i] !== 'later') done.add(id);
      });
      taken += outcomes.filter((outcome) => outcome === 'taken').length;
    }
    return taken;
  }

  async function take(registry: Registry, { name, region }: FoundWebhook, { body }: LoggedDelivery) {
    const event = parseWebhookEvent(body);
    const where = { registry: registry.name, region, webhook: name };
    if (!event.ok) {
      log.info('lost delivery not readable', { ...where, reason: event.problems[0]?.reason });
      return 'nothing';
    }
    if (event.value.action === 'ping' || event.value.action === 'other') return 'nothing';
    const now = clock.now();
    if (event.value.eventTime < toEventTime(now - deps.maxAgeMs)) return 'nothing';
    // The webhook's own region is the truth, wherever it points: it is fixed for good when the webhook is made.
    const received = toReceived(event.value, { registry, region, receivedAt: now, evidence: 'deliveryLog' });
    const { kind, subject: image } = describeReceived(received);
    try {
      await deps.process(received);
      log.info('lost delivery recovered', { ...where, kind, image });
      return 'taken';
    } catch (error) {
      log.warn('lost delivery not recovered', { ...where, image, error: describeError(error) });
      return isTemporary(error) ? 'later' : 'nothing';
    }
  }

  return {
    async run() {
      const tracked = deps.registries.filter(({ resourceId }) => resourceId !== undefined);
      const taken = await Promise.all(tracked.map(readRegistry));
      return taken.reduce((sum, one) => sum + one, 0);
    },
  };
}

function logKey(registry: Registry, webhook: string): string {
  return `${registry.name} ${webhook}`;
}
