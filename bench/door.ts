/**
 * Real app processes behind their HTTP door, with a topic in this process, and a registry that sends webhook events over
 * connections it keeps. What the tracker alone cannot show: the host, the wire, and several instances on one storage.
 */
import { Agent, request } from 'node:http';
import type { Delivery } from '../src/core/ports.ts';
import type { Region } from '../src/core/region.ts';
import { startTopic } from '../src/local/topic.ts';
import type { App } from '../test/support/app.ts';
import { registry, secret, startInstance, webhookBody } from '../test/support/app.ts';
import type { Told } from './check-told.ts';

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

const answerWithinMs = 30_000;
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
  const agent = new Agent({ keepAlive: true });
  const started = await Promise.allSettled(
    Array.from({ length: processes }, () => startInstance({ storage, topic, regions })),
  );
  const apps = started.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  async function close(): Promise<void> {
    agent.destroy();
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
      const app = apps[Math.floor(Math.random() * apps.length)];
      const status = await post(agent, new URL(`/api/webhooks/${registry}/${region}`, app?.url), body);
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

/** @returns the status */
function post(agent: Agent, url: URL, body: string): Promise<number> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'POST', headers, timeout: answerWithinMs }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.once('error', reject);
    sent.end(body);
  });
}
