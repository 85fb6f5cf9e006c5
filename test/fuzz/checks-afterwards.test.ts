/**
 * Tests of the checks that follow the requests. Each gets something that is wrong, since a check that cannot fail
 * proves nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchLog } from './check-log.ts';
import { watchDeliveries } from './deliveries.ts';
import type { Memory } from './inspector.ts';
import { readOptions } from './options.ts';
import { formatReport, isClean } from './report.ts';
import { compare } from './resources/leaks.ts';
import { checkReads } from './resources/waiters.ts';
import type { FuzzResult } from './run-fuzz.ts';
import { checkBusy, growthOf } from './run-fuzz.ts';
import type { StandIn } from './stand-in.ts';
import { answerBytes, startStandIn } from './stand-in.ts';
import { makeTestSecrets, mark, watchSecrets } from './test-secrets.ts';
import { checkKnown, checkWork, reportTruth } from './truth.ts';
import { registries } from './words.ts';

const testSecrets = makeTestSecrets();
const secrets = watchSecrets(testSecrets);

test('the log: what is found there', () => {
  const log = watchLog(secrets, (line) => line.includes('expected'));
  log.read('information webhook: push recorded contoso/fuzz/app eastus');
  log.read('error wakes: expected');
  log.read('    at parse (/x/main.cjs:1:2)');
  expect([...log.found.keys()]).toEqual([]);
  log.read(`warning host: Bearer ${mark}-wrong`);
  log.read('forged-log-line host: all is well');
  log.read('error ui: failed after 3 ms: TypeError');
  log.read('information ui: done');
  log.read('    at parse (/x/main.cjs:1:2)');
  expect([...log.found.keys()]).toEqual([
    expect.stringContaining('the log holds a secret'),
    'a request has written a line of the log',
    'the log reports a fault: error ui: failed after some ms: TypeError',
    expect.stringContaining('the log holds a stack'),
  ]);
  expect([...log.found.keys()].join()).not.toContain(mark);
});

describe('what is left behind', () => {
  const memory = (heapBytes: number, resources = {}): Memory => ({
    heapBytes,
    externalBytes: 0,
    rssBytes: 0,
    resources,
  });

  test.each<[string, Memory[], string[]]>([
    ['nothing', [memory(90e6), memory(91e6)], []],
    ['memory', [memory(90e6), memory(95e6)], ['memory grows: 5000000 bytes in the last round']],
    ['sockets', [memory(90e6), memory(90e6, { TCPSocketWrap: 40 })], ['40 sockets are left']],
    ['timers', [memory(90e6), memory(90e6, { Timeout: 30 })], ['30 timers are left']],
  ])('%s', (_what, memories, found) => {
    expect(compare(memory(50e6), memories)).toEqual(found);
  });
});

test('only what was acknowledged counts as delivered', () => {
  const deliveries = watchDeliveries();
  const target = { repository: 'fuzz/app', digest: 'sha256:1' };
  const delivery = { target: '/api/webhooks/contoso/eastus', body: JSON.stringify({ action: 'push', target }) };
  const answered = (status: number, outcome: string) => ({
    answers: [{ status, headers: [], body: Buffer.from(JSON.stringify({ outcome })) }],
    ...{ bytes: Buffer.alloc(0), ms: 1, faults: [], isLeft: false },
  });
  const request = {
    ...{ route: 'POST /api/webhooks/{registry}/{region}', note: '', bytes: Buffer.alloc(0) },
    ...{ answers: 1, isRouted: true, isCut: false, holdMs: 0, delivery },
  };
  deliveries.note(request, answered(400, ''));
  deliveries.note(request, answered(200, 'ignored'));
  expect([deliveries.acknowledged, [...deliveries.offered]]).toEqual([[], ['fuzz/app@sha256:1']]);
  deliveries.note(request, answered(200, 'recorded'));
  expect(deliveries.acknowledged).toEqual([{ registry: 'contoso', region: 'eastus', ...target }]);
});

test.each([
  [['--requests', 'many'], /--requests: must be a number/],
  [['--resources', 'all'], /--resources: must be/],
  [['--json', '--markdown'], /choose one/],
])('the command refuses %j', (words, message) => {
  expect(() => readOptions(words)).toThrow(message);
});

describe('the truth, afterwards', () => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await startStandIn();
  });
  afterAll(() => standIn.stop());
  const subject = () => ({ url: `http://127.0.0.1:${standIn.port}`, testSecrets });
  /** Answers every request, each time with a new document. */
  const answerAll = (documentOf: () => object) =>
    standIn.behave((socket) => {
      const body = JSON.stringify(documentOf());
      socket.end(answerBytes({ body, headers: { connection: 'close' } }));
    });
  const document = { repository: 'fuzz/app', digest: 'sha256:1', image: 'contoso.azurecr.io/fuzz/app@sha256:1' };
  const acknowledged = [{ registry: 'contoso', region: 'eastus', repository: 'fuzz/app', digest: 'sha256:1' }];
  const known = new Set(['fuzz/app@sha256:1']);
  const page = (since: string | null) => ({ images: [document], next: null, regions: [{ region: 'eastus', since }] });

  test('everything that was acknowledged is known, and nothing else', async () => {
    answerAll(() => page('2026-06-01T12:00:00.000Z'));
    expect(await checkKnown(subject(), { offered: known, acknowledged })).toEqual([]);
  });

  test('an image that was not reported', async () => {
    answerAll(() => page('2026-06-01T12:00:00.000Z'));
    const found = await checkKnown(subject(), { offered: new Set(), acknowledged });
    expect(found).toEqual(registries.map(() => `not reported: ${document.image}`));
  });

  test('a fact that was acknowledged and lost', async () => {
    answerAll(() => page(null));
    expect(await checkKnown(subject(), { offered: known, acknowledged })).toEqual([
      'acknowledged and not known: fuzz/app@sha256:1 in eastus',
    ]);
  });

  test('an image or a release of before that has changed', async () => {
    let state = 'available';
    answerAll(() => ({ ...document, state, replicas: { refreshedAt: performance.now() } }));
    const truth = await reportTruth(subject());
    expect(await truth.compare()).toEqual([]);
    state = 'replicating';
    const changed = await truth.compare();
    // Six images by digest and by tag, the release of them, and all of them in one question.
    expect(changed).toHaveLength(14);
    expect(changed[0]).toMatch(/an answer of before changed:\n.*"available".*\n.*"replicating"/);
  });

  test('a tracker that no longer finds a good image everywhere', async () => {
    answerAll(() => ({ satisfied: true, state: 'replicating', tag: { state: 'converged' } }));
    expect((await checkWork(subject(), 1)).join()).toMatch(/a good image was not found everywhere/);
  });
});

test.each<[number, number, string[]]>([
  [70, 0, []],
  [0, 0, ['no reads for the waiting clients']],
  [2_000, 0, ['waiters cost 2000 reads a second']],
  [70, 70, ['70 reads a second although no client waits']],
])('%i reads a second for waiters, then %i', (whileWaiting, afterwards, found) => {
  expect(checkReads(whileWaiting, afterwards)).toEqual(found);
});

test('memory that grows during the requests', () => {
  const heaps = (...sizes: number[]) => sizes.map((heapBytes) => ({ heapBytes, externalBytes: 0 }));
  expect(growthOf(heaps(30e6, 40e6, 41e6))).toEqual([]);
  expect(growthOf(heaps(30e6, 40e6, 50e6))).toEqual(['memory grows: 10000000 bytes from the second third to the last']);
});

test('a tracker that is busy too often', () => {
  expect(checkBusy(23, 1_000)).toEqual([]);
  expect(checkBusy(24, 1_000)).toEqual(['24 of 1000 requests were answered late or with 503']);
});

describe('the outcome', () => {
  const clean: FuzzResult = {
    ...{ seed: 1, requests: 0, seconds: 1, routes: {}, memory: 'flat' },
    ...{ violations: [], afterwards: [], log: [], resources: [{ name: 'waiters', figures: 'few', found: [] }] },
  };
  const violation = { route: 'GET /api/wait', seed: 7, note: '', found: ['it hangs'], request: 'GET /', answer: '' };

  test('is clean', () => {
    expect(isClean(clean)).toBe(true);
    expect(formatReport(clean, false)).toMatch(/No violations\.$/);
  });

  test.each<[Partial<FuzzResult>, RegExp]>([
    [
      { violations: [violation] },
      /it hangs\n {2}again: npm run fuzz -- --only 'GET \/api\/wait' --seed 7 --requests 1/,
    ],
    [{ afterwards: ['lost'] }, /VIOLATION lost/],
    [{ log: ['a stack'] }, /VIOLATION a stack/],
    [{ resources: [{ name: 'waiters', figures: '', found: ['they stay'] }] }, /VIOLATION they stay/],
  ])('is not clean: %j', (over, shown) => {
    expect(isClean({ ...clean, ...over })).toBe(false);
    expect(formatReport({ ...clean, ...over }, false)).toMatch(shown);
  });
});
