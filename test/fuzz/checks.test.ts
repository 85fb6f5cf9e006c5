/**
 * Tests of the checks of one answer: each kind of fault is found, shown by a stand-in that has it. Otherwise requests
 * without violations could mean that nothing was checked.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiDocument } from '../../src/functions/api/openapi.ts';
import { routes } from '../../src/functions/routes.ts';
import type { Rules } from './check-answer.ts';
import { checkExchange } from './check-answer.ts';
import { conformance } from './conformance.ts';
import type { Operation } from './description.ts';
import { toDescription } from './description.ts';
import type { RawRequest } from './draft.ts';
import { exchange } from './exchange.ts';
import { hostOperations } from './host-operations.ts';
import { requestFrom, requestsTo } from './requests.ts';
import { show } from './show.ts';
import type { AnswerInput, StandIn } from './stand-in.ts';
import { answerBytes, startStandIn } from './stand-in.ts';
import { makeTestSecrets, mark, watchSecrets } from './test-secrets.ts';
import { fuzzReleases, truthRelease, vocabulary } from './words.ts';

const document = openApiDocument(routes.map((describeRoute) => describeRoute()));
const description = toDescription(JSON.parse(JSON.stringify(document)));
const operationOf = (route: string): Operation =>
  description.operations.find((one) => one.route === route) ?? expect.fail(`no ${route}`);
const registriesRoute = operationOf('GET /api/registries');
const webhookRoute = operationOf('POST /api/webhooks/{registry}/{region}');

const testSecrets = makeTestSecrets();
const secrets = watchSecrets(testSecrets, { 'the key of the storage': 'a-key-of-the-storage==' });
const rules: Rules = {
  secrets,
  conforms: conformance(description),
  places: ['/the/place/of/the/app'],
  withinMs: () => 5_000,
};
/** A correct answer must pass on a busy machine, too; for a server that hangs the test need not wait as long. */
const holdPolicy = { boundMs: 10_000, leaveAfterMs: 100, quietMs: 20 };
const shortHolds = { ...holdPolicy, boundMs: 300 };

const asked: RawRequest = {
  ...{ route: registriesRoute.route, note: '', bytes: Buffer.from('GET /api/registries HTTP/1.1\r\n\r\n') },
  ...{ answers: 1, isRouted: true, isCut: false, holdMs: 0 },
};

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn.stop());

async function foundIn(
  bytes: string | undefined,
  operation = registriesRoute,
  request = asked,
  policy = holdPolicy,
): Promise<string[]> {
  standIn.behave((socket) => (bytes === undefined ? undefined : socket.write(bytes, 'latin1')));
  return checkExchange(operation, request, await exchange(standIn.port, request, policy), rules);
}

const good = JSON.stringify({ registries: [{ name: 'contoso', loginServer: 'contoso.azurecr.io' }] });
const problem = (over: object = {}) =>
  JSON.stringify({
    type: 'about:blank',
    title: 'Bad request',
    status: 400,
    detail: 'image: is odd',
    errors: [{ field: 'image', reason: 'is odd' }],
    ...over,
  });

describe('an answer that is right', () => {
  test.each<[string, string, AnswerInput]>([
    ['GET /api/registries', 'a document', { body: good }],
    ['GET /api/availability', 'a problem', { status: 400, body: problem() }],
    [
      'GET /ui',
      'a page with functions',
      { headers: { 'content-type': 'text/html; charset=utf-8' }, body: 'function show() {}' },
    ],
  ])('%s: %s', async (route, _what, input) => {
    expect(await foundIn(answerBytes(input), operationOf(route))).toEqual([]);
  });

  test('the host refuses a key', async () => {
    expect(await foundIn('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n')).toEqual([]);
  });
});

describe('a violation is found:', () => {
  const inBase64 = (text: string) => Buffer.from(text).toString('base64');
  test.each<[string, AnswerInput, RegExp]>([
    ['a fault', { status: 500, body: problem({ status: 500 }) }, /answered 500/],
    ['an outage that is none', { status: 503, body: problem({ status: 503 }) }, /answered 503/],
    ['a status that is not described', { status: 418, body: problem({ status: 418 }) }, /418 is not described/],
    ['another shape', { body: '{"registries":[{"name":7}]}' }, /body registries\.0/],
    ['no JSON', { body: '{"registries":' }, /not JSON/],
    ['another content type', { body: good, headers: { 'content-type': 'text/plain' } }, /content type text\/plain/],
    ['a forged request id', { body: good, headers: { 'x-request-id': 'mine' } }, /x-request-id is "mine"/],
    ['an injected header', { body: good, headers: { 'X-Injected': 'yes' } }, /came back as one of the answer/],
    ['a secret', { body: good, headers: { 'x-debug': `Bearer ${testSecrets.webhookSecrets[0]}` } }, /holds a secret/],
    ['a wrong secret, echoed', { body: `{"registries":[],"got":"${mark.toUpperCase()}-wrong"}` }, /holds a secret/],
    ['a secret in base64', { body: `{"registries":[],"got":"${inBase64(`user:${mark}-wrong`)}"}` }, /in base64/],
    ['the key of the storage', { body: '{"registries":[],"a":"a-key-of-the-storage=="}' }, /key of the storage/],
    ['the callback key', { body: JSON.stringify({ registries: [], a: testSecrets.callbackKey }) }, /holds/],
    ['a private key', { body: JSON.stringify({ registries: [], a: testSecrets.githubPrivateKey }) }, /private key/],
    [
      'a stack',
      { body: JSON.stringify({ registries: [] }).replace('}', ',"a":"x\n    at run (a.js:1:2)"}') },
      /insides/,
    ],
    ['a place on this machine', { body: '{"registries":[],"a":"/the/place/of/the/app/x"}' }, /insides/],
    ['an object written as text', { body: '{"registries":[],"a":"[object Object]"}' }, /insides/],
    ['a function written as text', { body: '{"registries":[],"a":"function Object() { [native code] }"}' }, /insides/],
  ])('%s', async (_what, input, found) => {
    expect((await foundIn(answerBytes(input))).join('\n')).toMatch(found);
  });

  test.each<[string, string, RegExp]>([
    ['that is no problem document', '{"error":"odd"}', /problem without type/],
    ['that names no field', problem({ errors: [] }), /names no field/],
    ['without a detail', problem({ detail: ' ' }), /without detail/],
    ['that says another status', problem({ status: 404 }), /says 404 in an answer of 400/],
  ])('a 400 %s', async (_what, body, found) => {
    expect(
      (await foundIn(answerBytes({ status: 400, body }), operationOf('GET /api/availability'))).join('\n'),
    ).toMatch(found);
  });

  test('a 400 of another type', async () => {
    const bytes = answerBytes({ status: 400, body: problem(), headers: { 'content-type': 'application/json' } });
    expect((await foundIn(bytes, webhookRoute)).join('\n')).toMatch(/no problem document/);
  });

  test.each<[string, string, RegExp]>([
    [
      'an answer without a request id',
      answerBytes({ body: good }).replace(/x-request-id.*\r\n/, ''),
      /did not come from the function/,
    ],
    ['a line that is none', `HTTP/1.1 200 OK\r\nno header\r\n\r\n`, /no line of an answer/],
    ['a line that ends too early', answerBytes({ body: good }).replace('\r\n', '\n'), /no line of an answer/],
    ['an answer of two lengths', answerBytes({ body: good, headers: { 'Content-Length': '3' } }), /two lengths/],
    ['two answers to one request', answerBytes({ body: good }).repeat(2), /2 answers to 1 requests/],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', /chunk of no size/],
    ['the host with a body', 'HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno', /of the host with a body/],
  ])('%s', async (_what, bytes, found) => {
    expect((await foundIn(bytes)).join('\n')).toMatch(found);
  });

  test('a secret refused without a problem document', async () => {
    const refused = 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n';
    expect((await foundIn(refused, webhookRoute)).join('\n')).toMatch(/did not come from the function/);
  });

  test.each([
    ['a server that hangs', undefined],
    ['an answer that breaks off', answerBytes({ body: good }).slice(0, -5)],
  ])('%s', async (_what, bytes) => {
    expect((await foundIn(bytes, registriesRoute, asked, shortHolds)).join('\n')).toMatch(/hangs/);
  });

  test('a connection that stays open although nothing more can come', async () => {
    const cut = { ...asked, answers: undefined, isRouted: false, isCut: true };
    expect((await foundIn(undefined, registriesRoute, cut, shortHolds)).join('\n')).toMatch(/hangs/);
  });

  test('a connection closed without an answer', async () => {
    standIn.behave((socket) => socket.destroy());
    const answered = await exchange(standIn.port, asked, holdPolicy);
    expect(checkExchange(registriesRoute, asked, answered, rules)).toEqual(['closed after 0 of 1 answers']);
  });

  test.each<[string, number, string[]]>([
    ['refused as no HTTP', 400, []],
    ['closed after the first', 200, ['closed after 1 of 3 answers']],
  ])('three requests at once, %s', async (_what, status, found) => {
    const bytes = `HTTP/1.1 ${status} Told\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
    standIn.behave((socket) => socket.end(bytes));
    expect((await exchange(standIn.port, { ...asked, answers: 3 }, holdPolicy)).faults).toEqual(found);
  });

  test('an answer that comes late', async () => {
    standIn.behave((socket) => setTimeout(() => socket.write(answerBytes({ body: good })), 200));
    const answered = await exchange(standIn.port, asked, holdPolicy);
    expect(checkExchange(registriesRoute, asked, answered, { ...rules, withinMs: () => 100 }).join('\n')).toMatch(
      /answered after \d+ ms/,
    );
  });
});

describe('the grammar', () => {
  const grammar = { schemas: description.schemas, testSecrets, words: vocabulary('https://callback.example') };
  const drawn = (route: string) =>
    Array.from({ length: 60 }, (_, seed) => requestFrom(requestsTo(operationOf(route), grammar), seed + 1));

  test.each(description.operations.map(({ route }) => route))('draws %s', (route) => {
    expect(drawn(route).filter(({ isRouted }) => isRouted).length).toBeGreaterThan(20);
  });

  test('names releases that are made, asked for, waited for and deleted', () => {
    const paths = ['PUT /api/releases/{name}', 'GET /api/releases/{name}', 'DELETE /api/releases/{name}'];
    for (const route of [...paths, 'GET /api/releases/{name}/wait']) {
      const texts = drawn(route).map(({ bytes }) => bytes.toString('latin1'));
      for (const name of fuzzReleases) {
        expect(
          texts.some((text) => text.includes(`/api/releases/${name}`)),
          `${route} ${name}`,
        ).toBe(true);
      }
      expect(texts.filter((text) => text.includes(truthRelease))).toEqual([]);
    }
  });

  test.each(['POST /api/wait', 'POST /api/availability', 'PUT /api/releases/{name}'])(
    'names several images in %s',
    (route) => {
      const several = drawn(route).filter(
        ({ bytes }) => (bytes.toString('latin1').match(/azurecr\.io\//g) ?? []).length > 1,
      );
      expect(several.length).toBeGreaterThan(5);
    },
  );

  test('leaves a wait for a release its time', () => {
    const held = drawn('GET /api/releases/{name}/wait').map(({ holdMs }) => holdMs);
    expect(held.some((ms) => ms > 0)).toBe(true);
  });
});

test('a request that asks to be held is not ended early', async () => {
  const held = { ...asked, holdMs: 60_000 };
  expect(await foundIn(undefined, operationOf('GET /api/wait'), held)).toEqual([]);
});

describe('a request', () => {
  const grammar = { schemas: description.schemas, testSecrets, words: vocabulary('http://127.0.0.1:9') };
  const operations = [...description.operations, ...hostOperations];

  test.each(operations.map((operation) => [operation.route, operation] as const))(
    '%s: one seed, one request',
    (_route, operation) => {
      const make = (seed: number) => requestFrom(requestsTo(operation, grammar), seed);
      for (const seed of [1, 2, 3]) expect(make(seed).bytes.equals(make(seed).bytes)).toBe(true);
      expect(
        new Set(Array.from({ length: 40 }, (_, seed) => make(seed).bytes.toString('latin1'))).size,
      ).toBeGreaterThan(10);
    },
  );

  test('is shown however large it is', () => {
    expect(show(Buffer.alloc(10_000_000, ' '), secrets)).toMatch(/^(\u00ab {1,6}\u00d7\d+\u00bb ?)+ *$/);
  });

  test('is shown without its secrets, and otherwise to the byte', () => {
    const bytes = Buffer.from(
      `GET /?code=${mark}-key-master HTTP/1.1\r\nA: ${'ab'.repeat(100)}\0\xff\r\n\r\n`,
      'latin1',
    );
    expect(show(bytes, secrets)).toBe(
      'GET /?code={key-master} HTTP/1.1\\r\\n\nA: \u00abab\u00d7100\u00bb\\x00\\xff\\r\\n\n\\r\\n\n',
    );
  });
});
