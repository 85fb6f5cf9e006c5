/**
 * Connections that send nothing, that break off in the middle of a body, and that never read their answers: the app
 * still answers others, and nothing of these connections is left.
 */
import type { Subject } from '../subject.ts';
import { openClients, pause, reset } from './clients.ts';
import { repeat, slowestGoodRequest } from './leaks.ts';
import type { ResourceResult, Scale } from './resource-test.ts';

/** Thousands of answers are made for clients that never read them, and a valid request waits in the same queue. */
const goodWithin = { some: 10_000, full: 15_000 };
/** Beside what it has anyway; unread answers must stay with the sender, not pile up here. */
const maxUnreadBytes = 150_000_000;

const cutBody = ({ testSecrets }: Subject) =>
  `POST /api/webhooks/contoso/eastus HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${testSecrets.webhookSecrets[0]}\r\nContent-Length: 900\r\n\r\n{"id":"1","timest`;
/** Enough to fill every buffer; each asks for 50 kB. */
const maxPipelined = 40;
const big = 'GET /api/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n';

export async function halfOpen(subject: Subject, scale: Scale): Promise<ResourceResult> {
  const count = { some: 100, full: 1_000 }[scale];
  const rounds = { some: 2, full: 3 }[scale];
  const unreadForMs = { some: 500, full: 3_000 }[scale];
  const { port, inspector } = subject;
  let slowestGood = 0;
  let unreadBytes = 0;
  const good = async () => {
    slowestGood = Math.max(slowestGood, await slowestGoodRequest(subject, 3, 50));
  };
  const { found, figures } = await repeat(subject, rounds, async () => {
    const silent = await openClients(port, count);
    await good();
    reset(silent.slice(0, count / 2));
    for (const { socket } of silent.slice(count / 2)) socket.end();

    const cut = await openClients(port, count);
    for (const { socket } of cut) socket.write(cutBody(subject));
    await pause(200);
    reset(cut.slice(0, count / 2));
    for (const { socket } of cut.slice(count / 2)) socket.end();
    await good();

    const notReading = await openClients(port, count / 10, false);
    const before = await inspector.measure();
    for (const { socket } of notReading) socket.pause().write(big.repeat(maxPipelined));
    await pause(unreadForMs);
    await good();
    unreadBytes = Math.max(unreadBytes, (await inspector.measure()).rssBytes - before.rssBytes);
    reset(notReading);
    return [];
  });
  if (slowestGood > goodWithin[scale]) found.push(`a good request lasted ${Math.round(slowestGood)} ms meanwhile`);
  if (unreadBytes > maxUnreadBytes) found.push(`unread answers used ${unreadBytes} bytes`);
  const unread = `${(unreadBytes / 1e6).toFixed(0)} MB held for unread answers`;
  return {
    name: 'half-open connections',
    figures: `${rounds} rounds of ${count} silent, ${count} cut off, ${count / 10} that read no answer: slowest good request ${Math.round(slowestGood)} ms, ${unread}; ${figures}`,
    found,
  };
}
