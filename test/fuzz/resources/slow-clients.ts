/**
 * Clients that send one byte at intervals: they are served, no other client waits for them, and connections without an
 * end are closed.
 */
import type { Subject } from '../subject.ts';
import { answered, type Client, countStatuses, openClients, pause, statusOf } from './clients.ts';
import { repeat, slowestGoodRequest } from './leaks.ts';
import type { ResourceResult, Scale } from './resource-test.ts';

/** Longer than a busy machine needs, shorter than the slow clients need together. */
const goodWithinMs = 10_000;
const answeredWithinMs = 8_000;
/** Node's own limits for headers and for a whole request, and how often it checks them. */
const endless = { head: 60_000, body: 300_000, checkedEveryMs: 30_000, slackMs: 8_000 };

const head = 'GET /api/health HTTP/1.1\r\nHost: slow\r\n\r\n';
const ping = '{"id":"1","timestamp":"2026-06-01T12:00:00Z","action":"ping"}';
const bodyHead = ({ testSecrets }: Subject, length: number) =>
  `POST /api/webhooks/contoso/eastus HTTP/1.1\r\nHost: slow\r\nAuthorization: Bearer ${testSecrets.webhookSecrets[0]}\r\nContent-Length: ${length}\r\n\r\n`;

async function trickle({ socket }: Client, text: string, byteEveryMs: number): Promise<void> {
  for (const letter of text) {
    socket.write(letter);
    await pause(byteEveryMs);
  }
}

export async function slowClients(subject: Subject, scale: Scale): Promise<ResourceResult> {
  const count = { some: 30, full: 300 }[scale];
  const byteEveryMs = { some: 20, full: 100 }[scale];
  let slowestGood = 0;
  let statuses = '';
  const { found, figures } = await repeat(subject, 2, async () => {
    const heads = await openClients(subject.port, count);
    const bodies = await openClients(subject.port, count);
    for (const { socket } of bodies) socket.write(bodyHead(subject, ping.length));
    const sent = Promise.all([
      ...heads.map((one) => trickle(one, head, byteEveryMs)),
      ...bodies.map((one) => trickle(one, ping, byteEveryMs)),
    ]);
    slowestGood = Math.max(slowestGood, await slowestGoodRequest(subject, 8, 2 * byteEveryMs));
    await sent;
    const all = [...heads, ...bodies];
    await answered(all, answeredWithinMs);
    statuses = countStatuses(all);
    for (const { socket } of all) socket.destroy();
    return all.every((one) => statusOf(one) === '200') ? [] : [`slow clients were answered ${statuses}`];
  });
  if (slowestGood > goodWithinMs) found.push(`a good request lasted ${Math.round(slowestGood)} ms beside slow ones`);
  const ends = scale === 'full' ? await endlessClients(subject) : { found: [], figures: '' };
  return {
    name: 'slow clients',
    figures: `${2 * count} at a byte every ${byteEveryMs} ms, twice: ${statuses}; slowest good request ${Math.round(slowestGood)} ms; ${figures}${ends.figures}`,
    found: [...found, ...ends.found],
  };
}

/** They never finish; each is ended by the server. */
async function endlessClients(subject: Subject): Promise<{ found: string[]; figures: string }> {
  const heads = await openClients(subject.port, 20);
  const bodies = await openClients(subject.port, 20);
  for (const { socket } of heads) socket.write('GET /api/health HTTP/1.1\r\nX-Slow: ');
  for (const { socket } of bodies) socket.write(bodyHead(subject, 100_000));
  const writing = setInterval(() => {
    for (const { socket } of [...heads, ...bodies]) if (socket.writable) socket.write('a');
  }, 100);
  const timeOf = async (clients: readonly Client[], maxMs: number) => {
    const startedAt = performance.now();
    const all = Promise.all(clients.map(({ closed }) => closed)).then(() => performance.now() - startedAt);
    return Promise.race([all, pause(maxMs + endless.checkedEveryMs + endless.slackMs).then(() => undefined)]);
  };
  const [headMs, bodyMs] = await Promise.all([timeOf(heads, endless.head), timeOf(bodies, endless.body)]);
  clearInterval(writing);
  for (const { socket } of [...heads, ...bodies]) socket.destroy();
  const show = (ms: number | undefined) => (ms === undefined ? 'never' : `after ${Math.round(ms / 1_000)} s`);
  return {
    found: [headMs, bodyMs].some((ms) => ms === undefined) ? ['a request without end is never ended'] : [],
    figures: `; endless heads ended ${show(headMs)} (${countStatuses(heads)}), endless bodies ${show(bodyMs)} (${countStatuses(bodies)})`,
  };
}
