/** Clients that hold connections in ways no library would. */
import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** More at once would meet the end of the queue of the listening socket, not the app. */
const atOnce = 200;

export interface Client {
  readonly socket: Socket;
  /** What has come, as text. */
  answer(): string;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
}

/** @param isReading without it whatever is sent stays in the pipe */
export async function openClients(port: number, count: number, isReading = true): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const some = Math.min(atOnce, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: some }, () => openClient(port, isReading)))));
  }
  return clients;
}

function openClient(port: number, isReading: boolean): Promise<Client> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let text = '';
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    socket.once('connect', () => {
      // What ends a connection later is looked at in `closed`.
      socket.off('error', reject).on('error', () => undefined);
      if (isReading) socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      resolve({ socket, closed, answer: () => text });
    });
    socket.once('error', reject);
  });
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves once all of them have been answered something, or after that time. */
export async function answered(clients: readonly Client[], withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (clients.some((one) => one.answer() === '') && performance.now() < deadline) await pause(50);
}

/** As a cable does that is pulled. */
export function reset(clients: readonly Client[]): void {
  for (const { socket } of clients) socket.resetAndDestroy();
}

export const statusOf = (client: Client) => /^HTTP\/1\.1 (\d{3})/.exec(client.answer())?.[1] ?? 'none';

/** How often each status came, for a report. */
export function countStatuses(clients: readonly Client[]): string {
  const counts = Map.groupBy(clients, statusOf);
  return [...counts].map(([status, some]) => `${status}\u00d7${some.length}`).join(' ');
}
