/** Clients that hold connections in ways that no HTTP library would. */
import type { Socket } from 'node:net';
import { connect } from 'node:net';

/** With more at once the queue of the listening socket would be full: that would not test the app. */
const atOnce = 200;

export interface Client {
  readonly socket: Socket;
  /** What was received, as text. */
  answer(): string;
  /** Resolves when the connection has ended, on either side. */
  readonly closed: Promise<void>;
}

/** @param isReading `false`: the client never reads */
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
      // `closed` shows what ends a connection later.
      socket.off('error', reject).on('error', () => undefined);
      if (isReading) socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      resolve({ socket, closed, answer: () => text });
    });
    socket.once('error', reject);
  });
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves once all of them have received something, or after that time. */
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
