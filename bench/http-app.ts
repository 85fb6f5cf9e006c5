/**
 * App processes behind their HTTP endpoint, a topic in this process, and a registry that sends webhook events over kept
 * connections. Includes what a tracker in this process cannot show: the host, the network, and several instances on one
 * storage.
 */

import type { Region } from '../src/core/model/region.ts';
import type { Delivery } from '../src/core/ports.ts';
import { startTopic } from '../src/local/topic.ts';
import type { App } from '../test/support/app.ts';
import { registry, secret, startInstance, webhookBody } from '../test/support/app.ts';
import type { Published } from './check-published.ts';
import { openSender } from './sender.ts';

export interface HttpApp {
  readonly apps: readonly App[];
  /** The events that the topic has accepted. */
  readonly published: readonly Published[];
  onPublished(listener: (event: Published) => void): void;
  /** Sends it to random processes until the answer is 2xx. */
  deliver(delivery: Delivery): Promise<void>;
  /** Sends it to a random process once, as the registry does. @returns the status */
  deliverOnce(delivery: Delivery): Promise<number>;
  /** Answers other than 2xx so far: the registry would not have sent these events again. */
  readonly refused: number;
  /** An event that needs no storage: measures HTTP alone. */
  ping(): Promise<void>;
  /** @returns the status */
  pingOnce(): Promise<number>;
  close(): Promise<void>;
}

const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
const maxAttempts = 20;

const pingBody = '{"id":"1","timestamp":"2026-06-01T12:00:00Z","action":"ping"}';

export async function openHttpApp(storage: string, regions: readonly Region[], processes: number): Promise<HttpApp> {
  const published: Published[] = [];
  const listeners: ((event: Published) => void)[] = [];
  const topic = await startTopic({
    onEvent({ id, type, subject }) {
      const event = { id, type, subject: String(subject) };
      published.push(event);
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
    throw new Error(`no process accepted the webhook event, after ${maxAttempts} attempts`);
  };
  const pingPost = { region: regions[0] ?? 'eastus', body: pingBody };
  return {
    apps,
    published,
    onPublished: (listener) => void listeners.push(listener),
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
