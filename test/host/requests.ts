/** The requests of the tests of a host, and the parsing of the answers. */
import { expect } from 'vitest';
import type { PushInput } from '../support/app.ts';
import { until, webhookBody } from '../support/app.ts';
import { keys } from './launch.ts';
import type { HostUnderTest } from './under-test.ts';
import { loginServer, registry, secrets } from './under-test.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The body as JSON. */
export type Body = string | Uint8Array<ArrayBuffer>;

export interface SendInput {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** Sent in chunks, without a length. */
  readonly isChunked?: boolean;
  /** Default: the function key; `null`: none. */
  readonly key?: string | null;
}

export async function send(host: HostUnderTest, path: string, input: SendInput = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, isChunked = false, key = keys.function } = input;
  const init: RequestInit & { duplex?: 'half' } = {
    method,
    headers: { ...(key === null ? {} : { 'x-functions-key': key }), ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(60_000),
    ...(body === undefined ? {} : isChunked ? { body: new Response(body).body, duplex: 'half' } : { body }),
  };
  const response = await fetch(host.url() + path, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

// biome-ignore lint/suspicious/noExplicitAny: the tests say what the documents hold
export async function getJson(host: HostUnderTest, path: string, status = 200): Promise<any> {
  const answer = await send(host, path);
  expect(answer.status, `${path}: ${answer.text}`).toBe(status);
  expect(answer.headers.get('content-type')).toMatch(/^application\/(problem\+)?json/);
  return JSON.parse(answer.text);
}

export interface HookInput extends SendInput {
  readonly registry?: string;
  readonly region?: string;
  /** Default: the first of the two; `null`: no header. */
  readonly authorization?: string | null;
}

/** Delivers to a webhook; the body as it is given. */
export function hook(host: HostUnderTest, body: Body | undefined, input: HookInput = {}): Promise<Answer> {
  const { registry: name = registry, region = 'eastus', authorization = `Bearer ${secrets[0]}`, ...rest } = input;
  return send(host, `/api/webhooks/${name}/${region}`, {
    method: 'POST',
    key: null,
    ...(body === undefined ? {} : { body }),
    ...rest,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(authorization === null ? {} : { authorization }),
      ...rest.headers,
    },
  });
}

/** Delivers one push or delete; fails unless it is answered 200 with an outcome. */
export async function deliver(host: HostUnderTest, push: PushInput): Promise<string> {
  const answer = await hook(host, webhookBody(push), { region: push.region });
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text).outcome;
}

let made = 0;
const run = crypto.randomUUID().replaceAll('-', '');

/** A digest that no other test uses. */
export function newDigest(): string {
  made += 1;
  return `sha256:${run}${String(made).padStart(32, '0')}`;
}

export function imageOf(digest: string, repository = 'team/app'): string {
  return `${loginServer}/${repository}@${digest}`;
}

export function asked(path: string, query: Readonly<Record<string, string>>): string {
  return `${path}?${new URLSearchParams(query)}`;
}

export interface PublishedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly source: string;
  readonly data: { readonly region?: string; readonly [field: string]: unknown };
}

/** The events that the topic has accepted about a digest or a tag, without repeats. */
export function publishedAbout(host: HostUnderTest, subject: string): PublishedEvent[] {
  const events = (host.topic.events as unknown as PublishedEvent[]).filter((event) => event.subject.endsWith(subject));
  return [...new Map(events.map((event) => [event.id, event])).values()];
}

/** `InRegion eastus`, as short as a test wants to read it; sorted. */
export function typesAbout(host: HostUnderTest, subject: string): string[] {
  return publishedAbout(host, subject)
    .map(({ type, data }) => [type.replace('AcrReplication.', ''), data.region].filter(Boolean).join(' '))
    .sort();
}

export function untilPublished(
  host: HostUnderTest,
  subject: string,
  type: string,
  withinMs = 20_000,
): Promise<string[]> {
  return until(
    () => typesAbout(host, subject),
    (types) => types.some((one) => one.startsWith(type)),
    withinMs,
  );
}

/** An RFC 9457 document without internal details. */
export function expectProblem(answer: Answer, status: number, field?: string): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = JSON.parse(answer.text);
  expect(problem).toMatchObject({ type: 'about:blank', status, title: expect.any(String), detail: expect.any(String) });
  if (field !== undefined) {
    expect(problem.errors.map((error: { readonly field: string }) => error.field)).toContain(field);
  }
  expect(answer.text).not.toMatch(/ at .*\.(cjs|ts|js):\d+|AccountKey|of-the-host-tests/);
  expectRequestId(answer);
}

export function expectRequestId({ headers }: Answer): void {
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
}
