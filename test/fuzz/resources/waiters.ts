/**
 * Clients that wait for images and leave, or stay until their time is over. A function does not learn that its client
 * has left: not from this host, and not reliably on Azure. So a wait ends with its own timeout at the latest, and after
 * that the app must not read the storage for it.
 */
import type { Subject } from '../subject.ts';
import { digestOf } from '../words.ts';
import { answered, type Client, countStatuses, openClients, pause, reset, statusOf } from './clients.ts';
import { repeat } from './leaks.ts';
import type { ResourceResult, Scale } from './resource-test.ts';

const images = 50;
/**
 * Each image has one poller, which reads every 300 ms, and is read once at the start; a tag has one more for its
 * digest.
 */
const maxReadsASecond = (images + 4) * 7;
/** Background timers may read at intervals. */
const maxReadsAfterwards = 6;

/** How many wait, for how long, how much later than that all must be over, and how long reads are counted. */
const scales = {
  some: { count: 200, timeoutSeconds: 2, slackMs: 8_000, watchedMs: 600, rounds: 2 },
  full: { count: 2_000, timeoutSeconds: 12, slackMs: 15_000, watchedMs: 2_000, rounds: 4 },
};

function send({ socket }: Client, index: number, { testSecrets }: Subject, timeoutSeconds: number): void {
  const kinds = [
    ...Array.from({ length: images }, (_, i) => `truth/app@${digestOf(3_000_000 + i)}`),
    'never/seen:v1',
    'truth/app:t0@',
  ];
  const image = kinds[index % kinds.length]?.replace(/@$/, `@${digestOf(3_000_000)}`);
  const query = `image=contoso.azurecr.io/${image}&timeout=${timeoutSeconds}`;
  socket.write(`GET /api/wait?${query} HTTP/1.1\r\nHost: a\r\nx-functions-key: ${testSecrets.keys.function}\r\n\r\n`);
}

async function readsASecond({ reads }: Subject, watchedMs: number): Promise<number> {
  const before = reads();
  await pause(watchedMs);
  return ((reads() - before) * 1_000) / watchedMs;
}

/** The fewest reads of a window, within a while: on a busy machine the last waiter ends a little later than it should. */
async function quietReads(subject: Subject, watchedMs: number, slackMs: number): Promise<number> {
  const deadline = performance.now() + slackMs;
  for (;;) {
    const reads = await readsASecond(subject, watchedMs);
    if (reads <= maxReadsAfterwards || performance.now() > deadline) return reads;
  }
}

/** On a busy machine the requests may not have been read yet. */
async function firstRead({ reads }: Subject, before: number, slackMs: number): Promise<void> {
  const deadline = performance.now() + slackMs;
  while (reads() === before && performance.now() < deadline) await pause(50);
}

/** What is wrong with the number of reads per second, by the number of images, and once no client waits. */
export function checkReads(whileWaiting: number, afterwards: number): string[] {
  const found: string[] = [];
  if (whileWaiting === 0) found.push('no reads for the waiting clients');
  if (whileWaiting > maxReadsASecond) found.push(`waiters cost ${whileWaiting} reads a second`);
  if (afterwards > maxReadsAfterwards) found.push(`${afterwards} reads a second although no client waits`);
  return found;
}

export async function waiters(subject: Subject, scale: Scale): Promise<ResourceResult> {
  const { count, timeoutSeconds, slackMs, watchedMs, rounds } = scales[scale];
  const seen: string[] = [];
  const { found, figures } = await repeat(subject, rounds, async (number) => {
    const faults: string[] = [];
    const isLeaving = number % 2 === 0;
    const clients = await openClients(subject.port, count);
    const startedAt = performance.now();
    const readBefore = subject.reads();
    for (const [index, client] of clients.entries()) send(client, index, subject, timeoutSeconds);
    await pause(2 * watchedMs);
    await firstRead(subject, readBefore, slackMs);
    const whileWaiting = ((subject.reads() - readBefore) * 1_000) / (performance.now() - startedAt);
    if (isLeaving) reset(clients);
    const afterLeaving = isLeaving ? await readsASecond(subject, watchedMs) : 0;
    await pause(Math.max(0, timeoutSeconds * 1_000 - (performance.now() - startedAt)));
    if (!isLeaving) await answered(clients, slackMs);
    const afterwards = await quietReads(subject, watchedMs, slackMs);
    if (!isLeaving && !clients.every((one) => statusOf(one) === '202'))
      faults.push(`waiters were answered ${countStatuses(clients)}`);
    faults.push(...checkReads(whileWaiting, afterwards));
    const left = isLeaving
      ? `left: ${afterLeaving.toFixed(0)} reads a second until their time was up`
      : `stayed: ${countStatuses(clients)}`;
    seen.push(`${whileWaiting.toFixed(0)} reads a second, ${left}, then ${afterwards.toFixed(0)}`);
    for (const { socket } of clients) socket.destroy();
    return faults;
  });
  return {
    name: 'waiters',
    figures: `${count} for ${timeoutSeconds} s, each round: ${seen.join(' | ')}; ${figures}`,
    found,
  };
}
