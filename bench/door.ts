/**
 * Real app processes behind their HTTP door, with a topic in this process, and a registry that sends webhook events over
 * connections it keeps. What the tracker alone cannot show: the host, the wire, and several instances on one storage.
 */
import type { Delivery } from '../src/core/ports.ts';
import type { Region } from '../src/core/region.ts';
import { startTopic } from '../src/local/topic.ts';
import type { App } from '../test/support/app.ts';
import { registry, secret, startInstance, webhookBody } from '../test/support/app.ts';
import type { Told } from './check-told.ts';
import { openSender } from './sender.ts';

export interface Door {
  readonly apps: readonly App[];
  /** Everything the topic has taken. */
  readonly told: readonly Told[];
  onTold(listener: (event: Told) => void): void;
  /** Sends it to one of the processes, by chance, again and again until the answer is 2xx. */
  deliver(delivery: Delivery): Promise<void>;
  /** Answers other than 2xx so far: what the registry would not have sent again. */
  readonly refused: number;
  /** An event that asks for nothing: what the door costs by itself. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
const mostAttempts = 20;

export async function openDoor(storage: string, regions: readonly Region[], processes: number): Promise<Door> {
  const told: Told[] = [];
  const listeners: ((event: Told) => void)[] = [];
  const topic = await startTopic({
    onEvent({ id, type, subject }) {
      const event = { id, type, subject: String(subject) };
      told.push(event);
      for (const listener of listeners) listener(event);
    },
  });
  const started = await Promise.allSettled(
    Array.from({ length: processes }, () => startInstance({ storage, topic, regions })),
  );
  const apps = started.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const senders = apps.map((app) => openSender(new URL(app.url)));
  async function close(): Promise<void> {
    for (const sender of senders) sender.close();
    await Promise.all(apps.map((app) => app.stop()));
    await topic.stop();
  }
  const failed = started.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }

  let refused = 0;
  const send = async (region: string, body: string) => {
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      const sender = senders[Math.floor(Math.random() * senders.length)];
      const status = await sender?.post(`/api/webhooks/${registry}/${region}`, headers, body);
      if (status === 200 || status === 202) return;
      refused++;
    }
    throw new Error(`no process took the webhook event, at ${mostAttempts} attempts`);
  };
  return {
    apps,
    told,
    onTold: (listener) => void listeners.push(listener),
    deliver({ name, fact: { region, eventTime, tag } }) {
      const { repository, digest } = name;
      const named = tag === undefined ? {} : { tag };
      return send(region, webhookBody({ region, repository, digest, timestamp: eventTime, ...named }));
    },
    get refused() {
      return refused;
    },
    ping: () => send(regions[0] ?? 'eastus', '{"id":"1","timestamp":"2026-06-01T12:00:00Z","action":"ping"}'),
    close,
  };
}
