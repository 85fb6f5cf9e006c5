/**
 * An Event Grid topic for CloudEvents that records every event it was sent, accepted or not. It can be unavailable, not
 * answer, accept events without an answer, or refuse single events permanently: then it refuses the whole request, as
 * Event Grid does.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Published } from './history.ts';

export interface StoryTopic {
  readonly endpoint: string;
  readonly key: string;
  readonly published: Published[];
  /** What was sent and breaks the protocol. */
  readonly breaches: string[];
  /** `unconfirmed`: accepts events and never answers. */
  outage: 'unavailable' | 'hanging' | 'unconfirmed' | undefined;
  /** @returns the status with which this event is refused for good */
  refuse: (event: CloudEvent) => 400 | 413 | undefined;
  stop(): Promise<void>;
}

export interface CloudEvent {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: Record<string, unknown>;
}

export async function startStoryTopic(): Promise<StoryTopic> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const at = Date.now();
    const { outage } = topic;
    if (request.headers['aeg-sas-key'] !== topic.key) topic.breaches.push('a request without the key of the topic');
    let events: CloudEvent[];
    try {
      events = JSON.parse(text);
      if (!Array.isArray(events)) throw new Error('not an array');
    } catch (failure) {
      topic.breaches.push(`a body that is no array of events: ${String(failure)}`);
      return void response.writeHead(400).end();
    }
    const refused = outage === undefined ? events.map(topic.refuse).find((status) => status !== undefined) : undefined;
    for (const event of events) {
      const isRefused = refused !== undefined && topic.refuse(event) !== undefined;
      const isAccepted = outage === 'unconfirmed' || (outage === undefined && refused === undefined);
      topic.published.push({ at, event, accepted: isAccepted, refused: isRefused });
    }
    if (outage === 'hanging' || outage === 'unconfirmed') return;
    const status = outage === 'unavailable' ? 503 : (refused ?? 200);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(status === 200 ? '' : JSON.stringify({ error: { code: 'Refused', message: `${status}` } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const topic: StoryTopic = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/events`,
    key: Buffer.from('the topic of the stories').toString('base64'),
    published: [],
    breaches: [],
    outage: undefined,
    refuse: () => undefined,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return topic;
}
