/**
 * A topic that has bad days and writes down every event it took, and when. The worst of them is the lost answer: it has
 * taken the events and says that it failed, so that the app tells them again and consumers see whether the ids are equal.
 */
import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createTopic } from '../../src/local/topic.ts';
import type { Told } from './evidence.ts';
import { readPublished } from './read-published.ts';

export const topicAilments = ['unavailable', 'throttled', 'hangUp', 'refused', 'lostAnswer', 'slow'] as const;
export type TopicAilment = (typeof topicAilments)[number];

export interface AilingTopic {
  readonly endpoint: string;
  readonly key: string;
  /** Every event as often as it was taken, oldest first. */
  readonly told: readonly Told[];
  /** Requests it did not answer with success. */
  readonly failures: number;
  fallIll(ailment: TopicAilment | undefined): void;
  stop(): Promise<void>;
}

/** Shorter than the time the app gives one try, so that slowness is not another name for silence. */
const slowMs = 1_500;

export async function startAilingTopic(onTold: (told: Told) => void): Promise<AilingTopic> {
  const told: Told[] = [];
  const topic = createTopic({
    keep: 1,
    onEvent(event) {
      const one = readPublished(event, Date.now());
      told.push(one);
      onTold(one);
    },
  });
  let ailment: TopicAilment | undefined;
  let failures = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const now = ailment;
    if (now !== undefined && now !== 'slow') failures += 1;
    if (now === 'unavailable') response.writeHead(503, { 'content-length': 0 }).end();
    else if (now === 'throttled') response.writeHead(429, { 'retry-after': '1', 'content-length': 0 }).end();
    else if (now === 'hangUp' || now === 'refused') request.socket.destroy();
    else if (now === 'lostAnswer') {
      // Takes them for good, and keeps that to itself.
      await topic.handle(request, new ServerResponse(request));
      if (told.length % 2 === 0) request.socket.destroy();
      else response.writeHead(500, { 'content-length': 0 }).end();
    } else {
      if (now === 'slow') await pause(slowMs);
      await topic.handle(request, response);
    }
  }

  const server = createServer((request, response) => {
    // A publisher that is killed in the middle of its body has nobody left to tell.
    answer(request, response).catch(() => response.destroy());
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}/api/events`,
    key: topic.key,
    told,
    get failures() {
      return failures;
    },
    fallIll(next) {
      if (next === ailment) return;
      if (ailment === 'refused') server.listen(port, '127.0.0.1');
      ailment = next;
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
