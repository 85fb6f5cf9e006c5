/**
 * Random requests to every route, with seeds that are always the same; what the contract says about hostile input, case
 * by case; and clients that hold connections, at a small scale. `npm run fuzz` does the same with new seeds, for any
 * time.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cases } from './cases.ts';
import { withinMs } from './check-answer.ts';
import { conformance, parseJson } from './conformance.ts';
import { watchDeliveries } from './deliveries.ts';
import type { Description } from './description.ts';
import { readDescription } from './description.ts';
import { exchange } from './exchange.ts';
import { hostOperations } from './host-operations.ts';
import type { RandomRequestsResult } from './random-requests.ts';
import { sendRandomRequests } from './random-requests.ts';
import { describeViolation } from './report.ts';
import { resourceTests } from './resources/run-resources.ts';
import { checkBusy } from './run-fuzz.ts';
import type { Subject } from './subject.ts';
import { startSubject } from './subject.ts';
import { makeTestSecrets, mark } from './test-secrets.ts';
import type { Truth } from './truth.ts';
import { checkKnown, checkWork, reportTruth } from './truth.ts';
import { vocabulary } from './words.ts';

const seeds = [1, 2];
const requests = 1_000;
const deliveries = watchDeliveries();

let subject: Subject;
let description: Description;
let truth: Truth;

beforeAll(async () => {
  subject = await startSubject();
  description = await readDescription(subject.url);
  truth = await reportTruth(subject);
}, 60_000);

afterAll(() => subject?.stop(), 30_000);

function sendAll(seed: number): Promise<RandomRequestsResult> {
  const { port, testSecrets, secrets, places, callbackOrigin } = subject;
  const grammar = { schemas: description.schemas, testSecrets, words: vocabulary(callbackOrigin) };
  const rules = { secrets, places, withinMs, conforms: conformance(description) };
  const operations = [...description.operations, ...hostOperations];
  return sendRandomRequests({ port, operations, grammar, rules, deliveries, seed, requests });
}

const notForOne = makeTestSecrets();

describe('a hostile request is answered as described', () => {
  test.each(cases(notForOne).map(({ name }, index) => [name, index] as const))('%s', async (_name, index) => {
    const { bytes, statuses, field } = cases(subject.testSecrets)[index] ?? expect.fail('no such case');
    const request = { route: '', note: '', bytes, answers: statuses.length, isRouted: false, isCut: false, holdMs: 0 };
    const exchanged = await exchange(subject.port, request);
    const { answers, faults } = exchanged;
    // Some are valid pushes: what they report is known afterwards.
    const body = bytes.toString('utf8', bytes.indexOf('\r\n\r\n') + 4);
    deliveries.note({ ...request, delivery: { target: '', body } }, exchanged);
    expect([faults, answers.map(({ status }) => status)]).toEqual([[], statuses]);
    const { errors } = (parseJson(answers[0]?.body ?? Buffer.alloc(0)) ?? {}) as { errors?: { field: string }[] };
    if (field !== undefined) expect(errors?.map((one) => one.field)).toContain(field);
    expect(subject.secrets.leakIn(JSON.stringify(answers.map(({ body }) => body.toString())))).toBeUndefined();
  });
});

test.each(resourceTests.map((run) => [run.name, run] as const))(
  '%s',
  async (_name, run) => {
    const { figures, found } = await run(subject, 'some');
    process.stdout.write(`${figures}\n`);
    expect(found).toEqual([]);
  },
  60_000,
);

test.each(seeds)(
  'random requests, seed %i',
  async (seed) => {
    const { tallies, violations, busy, seconds } = await sendAll(seed);
    process.stdout.write(`${requests} requests in ${seconds.toFixed(1)} s\n`);
    expect(violations.map(describeViolation).join('\n\n')).toBe('');
    expect(checkBusy(busy, requests)).toEqual([]);
    // It passed the first check: requests that are all refused there show nothing about the rest.
    const seen = (route: string) => [...(tallies.get(route)?.statuses.keys() ?? [])];
    expect(seen('POST /api/webhooks/{registry}/{region}')).toEqual(expect.arrayContaining(['200', '400', '404']));
    expect(seen('GET /api/availability')).toEqual(expect.arrayContaining(['200', '400']));
    expect(seen('POST /api/checks/github')).toEqual(expect.arrayContaining(['200', '202', '400']));
  },
  120_000,
);

test('what was true before is still true, only what was reported is known, and the tracker still works', async () => {
  expect(deliveries.acknowledged.length).toBeGreaterThan(2);
  expect(await truth.compare()).toEqual([]);
  expect(await checkKnown(subject, deliveries)).toEqual([]);
  expect(await checkWork(subject, 1)).toEqual([]);
  expect([...subject.log.found]).toEqual([]);
  expect(subject.log.lines).toBeGreaterThan(200);
  expect(subject.lastLines()).not.toContain(mark);
}, 60_000);
