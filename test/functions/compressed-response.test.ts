/** What need not travel: an answer that the reader has, and the air in one that is long. */
import { gunzipSync } from 'node:zlib';
import functions from '@azure/functions';
import { expect, test } from 'vitest';
import { compressedResponse } from '../../src/functions/http/compressed-response.ts';

const { HttpRequest } = functions;
const ask = (headers: Record<string, string> = {}, method = 'GET') =>
  new HttpRequest({ method, url: 'http://localhost:7071/api/images', headers });
const headersOf = ({ headers }: { headers?: unknown }) => headers as Record<string, string>;
const long = JSON.stringify(Array.from({ length: 400 }, (_, n) => ({ n })));

test('the same answer again is 304 without a body, and another one is not', () => {
  const first = compressedResponse(ask(), { status: 200, body: 'one' });
  const { etag = '' } = headersOf(first);
  expect(first).toMatchObject({ status: 200, body: 'one' });
  const again = compressedResponse(ask({ 'if-none-match': `"x", ${etag}` }), { status: 200, body: 'one' });
  expect(again.status).toBe(304);
  expect(again.body).toBeUndefined();
  expect(headersOf(again).etag).toBe(etag);
  expect(compressedResponse(ask({ 'if-none-match': etag }), { status: 200, body: 'two' }).status).toBe(200);
});

test.each([
  ['gzip', true],
  ['br, gzip;q=0.5', true],
  ['gzip;q=0', false],
  ['identity', false],
  ['', false],
])('a long answer for who accepts "%s" is compressed: %s', (accepted, isCompressed) => {
  const sent = compressedResponse(ask({ 'accept-encoding': accepted }), { status: 200, body: long });
  expect(headersOf(sent)['content-encoding']).toBe(isCompressed ? 'gzip' : undefined);
  expect(headersOf(sent).vary).toBe('accept-encoding');
  const text = isCompressed ? gunzipSync(sent.body as Uint8Array).toString() : sent.body;
  expect(text).toBe(long);
});

test('what is short, refused, or no reading goes as it is', () => {
  const accepts = { 'accept-encoding': 'gzip' };
  expect(
    headersOf(compressedResponse(ask(accepts), { status: 200, body: 'short' }))['content-encoding'],
  ).toBeUndefined();
  const refused = { status: 404, body: long };
  expect(compressedResponse(ask(accepts), refused)).toBe(refused);
  const posted = { status: 200, body: long };
  expect(compressedResponse(ask(accepts, 'POST'), posted)).toBe(posted);
});
