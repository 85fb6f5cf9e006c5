/**
 * One whole request to one operation, from a seed: the same seed makes the same bytes, so that a violation can be
 * reproduced.
 */
import fc from 'fast-check';
import { bodyBytes } from './bodies.ts';
import { parseJson } from './conformance.ts';
import { authenticated } from './credentials.ts';
import type { Authentication, JsonSchema, Operation } from './description.ts';
import type { Draft, RawRequest } from './draft.ts';
import { resolver } from './from-schema.ts';
import { fullerBodies } from './fuller-bodies.ts';
import { shaping } from './malformed-requests.ts';
import { headersOf, pathText, queryText } from './parameters.ts';
import type { TestSecrets } from './test-secrets.ts';
import type { Vocabulary } from './words.ts';

export interface Grammar {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  readonly testSecrets: TestSecrets;
  readonly words: Vocabulary;
}

const defaultWaitSeconds = 60;

export function requestsTo(operation: Operation, { schemas, testSecrets, words }: Grammar): fc.Arbitrary<RawRequest> {
  const schema = fullerBodies[operation.route] ?? operation.body;
  const none = fc.constant(Buffer.alloc(0));
  const body =
    schema === undefined
      ? fc.oneof({ weight: 20, arbitrary: none }, { weight: 1, arbitrary: bodyBytes({}, words, resolver(schemas)) })
      : bodyBytes(schema, words, resolver(schemas));
  const parts = fc.record({
    path: pathText(operation, words),
    query: queryText(operation, words),
    headers: headersOf(operation, words),
    body,
    open: authenticated(operation.authentication, testSecrets),
    shape: shaping,
  });
  return parts.map(({ path, query, headers, body: bytes, open, shape }) => {
    const draft: Draft = {
      method: operation.method,
      target: `${path}${query}`,
      version: 'HTTP/1.1',
      headers: [
        ['Host', '127.0.0.1'],
        ...(bytes.length === 0 ? [] : [['Content-Type', 'application/json'] as const]),
        ...headers,
      ],
      body: bytes,
    };
    const { draft: locked, isRight } = open(draft);
    const shaped = shape(locked);
    return {
      route: operation.route,
      ...shaped,
      isRouted:
        shaped.isRouted &&
        operation.answers !== undefined &&
        isAddressOf(operation, locked.target) &&
        // The web server refuses any other letter as no HTTP.
        locked.headers.every(([, value]) => /^[\t\x20-\x7e]*$/.test(value)),
      holdMs: holdOf(operation, locked),
      ...(isRight && reports(operation.authentication)
        ? { delivery: { target: path, body: bytes.toString('utf8') } }
        : {}),
    };
  });
}

/** Nothing in it that routing could understand in another way than we do. */
function isAddressOf({ path }: Operation, target: string): boolean {
  const pattern = path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[A-Za-z0-9_-]+');
  return new RegExp(`^${pattern}(\\?[\\x21-\\x7e]*)?$`).test(target);
}

function holdOf({ path, method }: Operation, { target, body }: Draft): number {
  if (!path.endsWith('/wait')) return 0;
  const sent =
    method === 'POST' ? timeoutIn(body) : new URLSearchParams(target.slice(target.indexOf('?') + 1)).get('timeout');
  const seconds = sent === null || sent === undefined || sent === '' ? defaultWaitSeconds : Number(sent);
  return seconds >= 0 && seconds <= 200 ? seconds * 1_000 : 0;
}

function timeoutIn(body: Buffer): unknown {
  const value = parseJson(body);
  return typeof value === 'object' && value !== null && 'timeout' in value ? value.timeout : undefined;
}

const reports = (authentication: Authentication) =>
  authentication === 'webhookSecret' || authentication === 'eventgrid';

/** @param seed 32 bits */
export function requestFrom(requests: fc.Arbitrary<RawRequest>, seed: number): RawRequest {
  const [request] = fc.sample(requests, { seed, numRuns: 1 });
  if (request === undefined) throw new Error('fast-check made nothing');
  return request;
}
