/**
 * Sets webhooks right: creates the missing one, corrects the wrong ones, and has a ping prove that each arrives. One
 * webhook can be wrong for two regions at once, when it stands in one and speaks for the other; it is changed once, as
 * the control plane refuses two changes of one webhook at the same time.
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

interface WebhookMender {
  /** For one look at one registry. */
  begin(registry: Registry): RepairSession;
  /** A ping with this id came through the door. */
  arrived(id: string): void;
}

export interface RepairSession {
  /**
   * @param ownName the name of the webhook to create where there is none
   * @returns what is to be said of the region afterwards. Never fails.
   */
  mend(region: Region, verdict: Verdict, ownName: string): Promise<Outcome>;
}

export interface Outcome extends Pick<Verdict, 'status' | 'reason'> {
  /** `undefined`: no ping could be sent. */
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

export const silent = { status: 'misconfigured', reason: 'ping not received' } as const;

export function webhookMender({ directory, publicUrl, secret, clock, log }: RepairDeps): WebhookMender {
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
        async mend(region, { status, reason, working, wrong }, ownName) {
          const isWithout = working === undefined && !wrong.some((webhook) => webhook.region === region);
          const changes = isWithout ? [...wrong, { name: ownName, region }] : wrong;
          const work = changes.map((webhook) =>
            once(webhook.name, () => put(registry, webhook).then(() => ping(webhook.name))),
          );
          if (changes.length === 0 && working !== undefined) work.push(once(working, () => ping(working)));
          try {
            const isProven = (await Promise.all(work)).every((came) => came);
            return isProven ? { status: 'ok', reason: undefined, isProven } : { ...silent, isProven };
          } catch (error) {
            const before = status === 'ok' ? silent : { status, reason };
            const text = [before.reason, `not repaired: ${describeError(error)}`].filter((part) => part !== undefined);
            return { status: before.status, reason: text.join('; '), isProven: undefined };
          }
        },
      };
    },
  };
}
