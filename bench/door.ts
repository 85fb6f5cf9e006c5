/**
 * Real app processes behind their HTTP door, with a topic in this process, and a registry that sends webhook events over
 * connections it keeps. What the tracker alone cannot show: the host, the wire, and several instances on one storage.
 */

import type { Region } from '../src/core/model/region.ts';
import type { Delivery } from '../src/core/ports.ts';
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
  /** As the registry does: to one of the processes, once. @returns the status */
  deliverOnce(delivery: Delivery): Promise<number>;
  /** Answers other than 2xx so far: what the registry would not have sent again. */
  readonly refused: number;
  /** An event that asks for nothing: what the door costs by itself. */
  ping(): Promise<void>;
  /** @returns the status */
  pingOnce(): Promise<number>;
  close(): Promise<void>;
}

const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
const maxAttempts = 20;

const pingBody = '{"id":"1","timestamp":"2026-06-01T12:00:00Z","action":"ping"}';

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
  interface Post {
    readonly region: string;
    readonly body: string;
  }
  const sendOnce = async ({ region, body }: Post) => {
    const sender = senders[Math.floor(Math.random() * senders.length)];
    return (await sender?.post(`/api/webhooks/${registry}/${region}`, headers, body)) ?? Number.NaN;
  };
  const send = async (post: Post) => {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const status = await sendOnce(post);
      if (status === 200 || status === 202) return;
      refused++;
    }
    throw new Error(`no process took the webhook event, at ${maxAttempts} attempts`);
  };
  const pingPost = { region: regions[0] ?? 'eastus', body: pingBody };
  return {
    apps,
    told,
    onTold: (listener) => void listeners.push(listener),
    deliver: (delivery) => send(toPost(delivery)),
    deliverOnce: (delivery) => sendOnce(toPost(delivery)),
    get refused() {
      return refused;
    },
    ping: () => send(pingPost),
    pingOnce: () => sendOnce(pingPost),
    close,
  };
}

function toPost({ name: { repository, digest }, fact: { region, eventTime, tag } }: Delivery) {
  const named = tag === undefined ? {} : { tag };
  return { region, body: webhookBody({ region, repository, digest, timestamp: eventTime, ...named }) };
}
