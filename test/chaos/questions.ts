/** Requests to an app process, and its answers as the checker reads them. */
import { isObject } from '../../src/local/json.ts';
import { loginServer } from '../support/app.ts';
import type { Answer, Listing } from './evidence.ts';
import type { Member } from './fleet.ts';
import { readDocument, toText } from './read-document.ts';

const defaultTimeoutMs = 15_000;

/** @returns the status, and the body when it is JSON; status 0 if there was no answer */
export async function ask(
  { url }: Member,
  path: string,
  query: Record<string, string>,
  timeoutMs = defaultTimeoutMs,
): Promise<{ readonly status: number; readonly body: unknown }> {
  if (url === '') return { status: 0, body: undefined };
  const address = new URL(path, url);
  address.search = new URLSearchParams(query).toString();
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, body: await response.json() };
  } catch {
    // It was killed, or paused for longer than the timeout: expected in a chaos run.
    return { status: 0, body: undefined };
  }
}

export function toImage(subject: string): string {
  return `${loginServer}/${subject}`;
}

/** `undefined` if the answer has no document. */
export async function askDocument(member: Member, subject: string): Promise<Answer | undefined> {
  const askedAt = Date.now();
  const { status, body } = await ask(member, '/api/availability', { image: toImage(subject) });
  const answeredAt = Date.now();
  if (status !== 200) return undefined;
  return { process: member.name, subject, askedAt, answeredAt, document: readDocument(body) };
}

export async function askListing(member: Member, key: string): Promise<Listing | undefined> {
  const { status, body } = await ask(member, '/api/events', { image: toImage(key) });
  if (status !== 200 || !isObject(body) || !Array.isArray(body.events)) return undefined;
  const events = body.events.filter(isObject).map((event) => ({
    id: String(event.id),
    type: String(event.type),
    subject: String(event.subject),
    generation: Number(event.generation),
    region: toText(event.region),
    isPublished: event.status === 'published',
  }));
  return { process: member.name, key, events };
}
