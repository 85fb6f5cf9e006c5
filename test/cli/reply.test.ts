/** What an HTTP answer means: only what the tracker itself sends counts as its answer. */
import { expect, test } from 'vitest';
import type { Failure } from '../../src/cli/failure.ts';
import { readReply } from '../../src/cli/tracker-reply.ts';

const problem = 'application/problem+json';
const now = Date.parse('2026-06-01T12:00:00Z');

function read(status: number, type: string, text: string, headers: Record<string, string> = {}) {
  const url = new URL('https://tracker.example/api/wait?image=x');
  const all = new Headers({ ...headers, ...(type === '' ? {} : { 'content-type': type }) });
  return readReply({ url, status, headers: all, text, hasKey: true, now });
}

test.each([200, 202, 409, 410])('%d with a document is an answer', (status) => {
  expect(read(status, 'application/json; charset=utf-8', '{"state":"unknown"}')).toMatchObject({
    ok: true,
    status,
    body: { state: 'unknown' },
  });
});

test.each<[number, string, string, Failure['outcome'], RegExp]>([
  [200, 'text/html', '<h1>Sign in</h1>', 'foreign', /no tracker answers at .*\/api\/wait \(200, text\/html\)/],
  [200, 'application/json', 'not JSON', 'foreign', /no tracker answers/],
  [200, 'application/json', '[]', 'foreign', /no tracker answers/],
  [204, '', '', 'foreign', /no content type/],
  [301, 'text/html', '', 'foreign', /sends the question on to https:\/\/elsewhere\.example\/$/],
  [400, problem, '{"detail":"regions: no"}', 'badUsage', /^regions: no$/],
  [400, 'text/html', 'Bad', 'unexpected', /answered 400/],
  [401, '', '', 'refused', /refused the key \(401\)/],
  [403, 'text/html', 'stopped', 'refused', /\(403\)/],
  [404, problem, '{"detail":"Registry \\"x\\" is not tracked here"}', 'badUsage', /not tracked here/],
  [404, 'text/html', '<html>', 'foreign', /\(404, text\/html\)/],
  [404, '', '', 'foreign', /^the app at https:\/\/tracker\.example runs without its functions/],
  [404, problem, '', 'foreign', /runs without its functions/],
  [407, 'text/html', '', 'unexpected', /the proxy asks for a name and a password/],
  [418, problem, '{"detail":"teapot"}', 'unexpected', /answered 418: teapot/],
  [429, '', '', 'unreachable', /answered 429/],
  [500, problem, '{"detail":"Unexpected error."}', 'unreachable', /answered 500: Unexpected error/],
  [503, 'text/html', 'restarting', 'unreachable', /answered 503$/],
])('%d %s %s is %s', (status, type, text, outcome, message) => {
  const reply = read(status, type, text, { location: 'https://elsewhere.example/?code=secret' });
  expect(reply).toMatchObject({ ok: false, failure: { outcome, message: expect.stringMatching(message) } });
});

test('an empty 404 below a path of its own may be a wrong address', () => {
  const url = new URL('https://tracker.example/wrong/api/wait?image=x');
  expect(readReply({ url, status: 404, headers: new Headers(), text: '', hasKey: true, now })).toMatchObject({
    failure: { outcome: 'foreign', message: expect.stringContaining('no tracker answers') },
  });
});

test('an empty 404 that names its request comes from a function', () => {
  expect(read(404, '', '', { 'x-request-id': 'x' })).toMatchObject({
    failure: { outcome: 'foreign', message: expect.stringContaining('no tracker answers') },
  });
});

test.each<[string, number | undefined]>([
  ['3', 3_000],
  ['Mon, 01 Jun 2026 12:00:07 GMT', 7_000],
  ['Mon, 01 Jun 2026 11:00:00 GMT', 0],
  ['soon', undefined],
])('Retry-After %s', (text, retryAfterMs) => {
  expect(read(202, 'application/json', '{}', { 'retry-after': text })).toMatchObject({ retryAfterMs });
});
