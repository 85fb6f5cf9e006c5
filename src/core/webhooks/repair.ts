/**
 * Repairs webhooks: creates a missing one, corrects faulty ones, and sends a ping through each to prove that it works. A webhook
 * of one region with the address of another is a fault of both regions. It is changed only once, since the control plane refuses
 * two changes of one webhook at the same time.
 */

import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { webhookAddress } from './address.ts';
import type { Verdict } from './audit.ts';
import { pingWatch } from './ping.ts';
import type { WebhookDirectory } from './ports.ts';

interface WebhookRepairer {
  /** Starts a session for one audit of one registry. */
  begin(registry: Registry): RepairSession;
  /** A ping with this id came to the endpoint. */
  arrived(id: string): void;
}

export interface RepairSession {
  /**
   * Never fails.
   * @param ownName the name of the webhook to create where there is none
   * @returns the region's status afterwards
   */
  repair(region: Region, verdict: Verdict, ownName: string): Promise<Outcome>;
}

export interface Outcome extends Pick<Verdict, 'status' | 'reason'> {
  /** Whether the ping arrived; `undefined` where none could be sent. */
  readonly isProven: boolean | undefined;
}

interface RepairDeps {
  readonly directory: WebhookDirectory;
  /** Where the registry reaches this app. */
  readonly publicUrl: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly log: Log;
}

export const pingNotReceived = { status: 'misconfigured', reason: 'ping not received' } as const;

export function webhookRepairer({ directory, publicUrl, secret, clock, log }: RepairDeps): WebhookRepairer {
  const pings = pingWatch(clock);

  async function put(registry: Registry, webhook: { readonly name: string; readonly region: Region }): Promise<void> {
    const { name, region } = webhook;
    await directory.put(registry, { name, region, serviceUri: webhookAddress(publicUrl, registry, region), secret });
    log.info('webhook repaired', { registry: registry.name, region, webhook: name });
  }

  return {
    arrived: pings.arrived,
    begin(registry) {
      const proofs = new Map<string, Promise<boolean>>();
      const once = (name: string, prove: () => Promise<boolean>): Promise<boolean> => {
        const proof = proofs.get(name) ?? prove();
        proofs.set(name, proof);
        return proof;
      };
      const ping = (name: string) => pings.send(directory, registry, name);
      return {
        async repair(region, { status, reason, working, faulty }, ownName) {
          const isWithout = working === undefined && !faulty.some((webhook) => webhook.region === region);
          const changes = isWithout ? [...faulty, { name: ownName, region }] : faulty;
          const work = changes.map((webhook) =>
            once(webhook.name, () => put(registry, webhook).then(() => ping(webhook.name))),
          );
          if (changes.length === 0 && working !== undefined) work.push(once(working, () => ping(working)));
          try {
            const isProven = (await Promise.all(work)).every((hasArrived) => hasArrived);
            return isProven ? { status: 'ok', reason: undefined, isProven } : { ...pingNotReceived, isProven };
          } catch (error) {
            const before = status === 'ok' ? pingNotReceived : { status, reason };
            const text = [before.reason, `not repaired: ${describeError(error)}`].filter((part) => part !== undefined);
            return { status: before.status, reason: text.join('; '), isProven: undefined };
          }
        },
      };
    },
  };
}
