/**
 * A topic that can fail, and records every event that it accepted, and when. With `lostAnswer` it accepts the events and
 * answers with an error, so that the app publishes them again: the checker then sees whether the ids are equal.
 */
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createTopic } from '../../src/local/topic.ts';
import type { PublishedEvent } from './evidence.ts';
import { readPublished } from './read-published.ts';

export const topicFaults = ['unavailable', 'throttled', 'hangUp', 'refused', 'lostAnswer', 'slow'] as const;
export type TopicFault = (typeof topicFaults)[number];

export interface FaultyTopic {
  readonly endpoint: string;
  readonly key: string;
  /** Every event as often as it was accepted, oldest first. */
  readonly published: readonly PublishedEvent[];
  /** Requests it did not answer with success. */
  readonly failures: number;
  setFault(fault: TopicFault | undefined): void;
  stop(): Promise<void>;
}

/** Shorter than the app's timeout for one try, so that the app still gets the answer. */
const slowMs = 1_500;

export async function startFaultyTopic(): Promise<FaultyTopic> {
  const published: PublishedEvent[] = [];
  const topic = createTopic({
    keep: 1,
    onEvent(event) {
      published.push(readPublished(event, Date.now()));
    },
  });
  let fault: TopicFault | undefined;
  let failures = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const now = fault;
    if (now !== undefined && now !== 'slow') failures += 1;
    if (now === 'unavailable') response.writeHead(503, { 'content-length': 0 }).end();
    else if (now === 'throttled') response.writeHead(429, { 'retry-after': '1', 'content-length': 0 }).end();
    else if (now === 'hangUp' || now === 'refused') request.socket.destroy();
    else if (now === 'lostAnswer') {
      // It accepts the events, but the answer says that it did not.
      await topic.handle(request, new ServerResponse(request));
      if (published.length % 2 === 0) request.socket.destroy();
      else response.writeHead(500, { 'content-length': 0 }).end();
    } else {
      if (now === 'slow') await pause(slowMs);
      await topic.handle(request, response);
    }
  }

  const server = createServer((request, response) => {
    // A publisher was killed while it sent its body: there is no connection to answer on.
    answer(request, response).catch(() => response.destroy());
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}/api/events`,
    key: topic.key,
    published,
    get failures() {
      return failures;
    },
    setFault(next) {
      if (next === fault) return;
      if (fault === 'refused') server.listen(port, '127.0.0.1');
      fault = next;
      if (next !== 'refused') return;
      server.close();
      server.closeAllConnections();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
