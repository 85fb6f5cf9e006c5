/**
 * A proxy between the app and one service of its storage. Its address stays the same while the storage is stopped and
 * started again on other ports. It can lose answers: the storage carries out the request, but the app gets no answer. Before
 * the storage stops, the proxy waits for the requests under way: Azurite would acknowledge and lose a write that it accepts
 * while it saves for the last time, and that fault would not be the app's.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface StorageProxy {
  /** Stays the same over restarts of the storage. */
  readonly port: number;
  connect(endpoint: string): void;
  /** Accepts no more requests, and resolves once those under way have been answered, after three seconds at the latest. */
  disconnect(): Promise<void>;
  /** From now on this share of requests, from 0 to 1, is carried out without an answer. */
  loseAnswers(share: number): void;
  stop(): Promise<void>;
}

const maxWaitMs = 3_000;

export async function startStorageProxy(random: () => number): Promise<StorageProxy> {
  let agent = new Agent({ keepAlive: true });
  let target: URL | undefined;
  let lost = 0;
  let underWay = 0;
  let idle: (() => void)[] = [];

  function end(): void {
    underWay -= 1;
    if (underWay > 0) return;
    for (const resolve of idle) resolve();
    idle = [];
  }

  function pass(incoming: IncomingMessage, answer: ServerResponse): void {
    if (target === undefined) {
      incoming.socket.destroy();
      return;
    }
    const isLost = random() < lost;
    const { hostname, port } = target;
    // The signature covers neither host nor port.
    const { method, url: path, headers } = incoming;
    underWay += 1;
    const outgoing = request({ hostname, port, method, path, headers, agent });
    outgoing.once('close', end);
    outgoing.once('error', () => answer.destroy());
    outgoing.once('response', (response) => {
      if (isLost) {
        response.resume();
        answer.destroy();
        return;
      }
      answer.writeHead(response.statusCode ?? 502, response.rawHeaders);
      response.pipe(answer);
      response.once('error', () => answer.destroy());
    });
    incoming.once('error', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  const server = createServer({ keepAliveTimeout: 65_000 }, pass);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connect(endpoint) {
      agent = new Agent({ keepAlive: true });
      target = new URL(endpoint);
    },
    async disconnect() {
      target = undefined;
      // A paused app may not send the rest of its request for a long time.
      if (underWay > 0) await Promise.race([new Promise<void>((resolve) => idle.push(resolve)), pause(maxWaitMs)]);
      agent.destroy();
    },
    loseAnswers(share) {
      lost = share;
    },
    async stop() {
      target = undefined;
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
