/** The waiting itself, with a clock that only the test moves and answers as the tracker gives them. */
import { expect, test } from 'vitest';
import type { Answer } from '../../src/cli/document.ts';
import { trackerClient } from '../../src/cli/tracker-client.ts';
import { verdictOn } from '../../src/cli/verdict.ts';
import type { Patience } from '../../src/cli/wait-for-image.ts';
import { waitForImage } from '../../src/cli/wait-for-image.ts';
import { manualClock } from '../support/manual-clock.ts';
import { documentWith, pinned } from '../support/tracker-stand-in.ts';

type Step = 'down' | Response;

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
const notYet = () => json(202, documentWith(['eastus'], ['westeurope']), { 'retry-after': '1' });
const there = () => json(200, documentWith(['eastus', 'westeurope'], []));

/** Waits 60 s unless told otherwise; `tell` is the tracker, which holds a question it answers with 202 as long as asked. */
function startWait(tell: (before: number) => Step, input: { timeoutMs?: number; patience?: Patience } = {}) {
  const { timeoutMs = 60_000, patience = () => 5_000 } = input;
  const clock = manualClock();
  const interruption = new AbortController();
  const startedAt = clock.now();
  const askedAt: number[] = [];
  const held: number[] = [];
  const said: string[] = [];
  const surroundings = {
    clock,
    random: () => 1,
    signal: interruption.signal,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: {},
    fetch: (async (url: URL) => {
      const step = tell(askedAt.push(clock.now() - startedAt) - 1);
      if (step === 'down')
        throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) });
      const seconds = Number(url.searchParams.get('timeout'));
      held.push(seconds);
      if (step.status === 202 && !step.headers.has('x-at-once'))
        await clock.sleep(seconds * 1_000, interruption.signal);
      return step;
    }) as typeof fetch,
  };
  const request = { image: 'contoso.azurecr.io/team/app:v1', regions: undefined, require: undefined, timeoutMs };
  const client = trackerClient({ url: new URL('http://tracker.example/'), key: undefined }, surroundings);
  const progress = {
    answered: ({ have }: Answer) => void said.push(`have ${have}`),
    troubled: ({ message }: { message: string }) => void said.push(message),
    finish() {},
  };
  const ended = waitForImage(request, client, surroundings, progress, patience);
  return { clock, askedAt, held, said, ended, interruption, verdict: async () => verdictOn(await ended, request) };
}

const refused = 'the tracker at http://tracker.example cannot be reached: connection refused';

test('released by the tracker, after questions that follow each other without a gap', async () => {
  const wait = startWait((before) => (before < 3 ? notYet() : there()));
  await wait.clock.advance(15_000);
  expect(await wait.ended).toMatchObject({ outcome: 'satisfied', elapsedMs: 15_000 });
  expect(wait.askedAt).toEqual([0, 5_000, 10_000, 15_000]);
  expect((await wait.verdict()).text).toBe(`${pinned} is in 2 of 2 regions after 15 s`);
});

test('times out with what is missing, the tracker having been asked until shortly before', async () => {
  const wait = startWait(notYet, { timeoutMs: 12_000 });
  await wait.clock.advance(12_000);
  expect(await wait.ended).toMatchObject({ outcome: 'timedOut', answer: { missing: ['westeurope'] } });
  expect(wait.held).toEqual([5, 5, 1.5, 0.375]);
  expect(await wait.verdict()).toMatchObject({
    text: `timed out after 12 s: ${pinned} is in 1 of 2 regions; missing: westeurope`,
    hint: expect.stringContaining('--timeout'),
  });
});

test('no time to wait is one question', async () => {
  const wait = startWait(notYet, { timeoutMs: 0 });
  await wait.clock.settle();
  expect(await wait.ended).toMatchObject({ outcome: 'timedOut', elapsedMs: 0 });
  expect(wait.held).toEqual([0]);
});

test('a tracker that answers early is asked once a second, or as it says', async () => {
  const early = (seconds: string) => () =>
    json(202, documentWith([], ['eastus']), { 'x-at-once': '1', 'retry-after': seconds });
  const wait = startWait(early('1'), { timeoutMs: 4_000 });
  await wait.clock.advance(4_000);
  expect(wait.askedAt).toEqual([0, 1_000, 2_000, 3_000]);
  const patient = startWait(early('3'), { timeoutMs: 8_000 });
  await patient.clock.advance(8_000);
  expect(patient.askedAt).toEqual([0, 3_000, 6_000]);
});

test('an outage is told once, and waited out with growing pauses', async () => {
  const wait = startWait((before) => (before === 0 ? notYet() : before < 7 ? 'down' : there()));
  await wait.clock.advance(60_000);
  expect(await wait.ended).toMatchObject({ outcome: 'satisfied' });
  expect(wait.said).toEqual(['have 1', refused, 'have 2']);
  const pauses = wait.askedAt.map((at, i) => at - (wait.askedAt[i - 1] ?? 0)).slice(2);
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000]);
});

test('two outages are told twice', async () => {
  const wait = startWait((before) => (before === 1 || before === 3 ? 'down' : before < 5 ? notYet() : there()));
  await wait.clock.advance(60_000);
  expect(wait.said).toEqual(['have 1', refused, 'have 1', refused, 'have 1', 'have 2']);
});

test('Retry-After is heard when the tracker cannot answer', async () => {
  const busy = () => json(503, { detail: 'Try again.' }, { 'retry-after': '7' });
  const wait = startWait((before) => (before === 0 ? busy() : there()));
  await wait.clock.advance(60_000);
  expect(wait.askedAt).toEqual([0, 7_000]);
  expect(wait.said[0]).toBe('the tracker answered 503: Try again.');
});

test('never reached in the whole time is something else than timed out', async () => {
  const wait = startWait(() => 'down', { timeoutMs: 3_000 });
  await wait.clock.advance(3_000);
  expect(await wait.ended).toMatchObject({ outcome: 'unreachable', elapsedMs: 3_000, answer: undefined });
  expect(await wait.verdict()).toMatchObject({ text: refused, hint: expect.stringContaining('No answer in 3 s') });
});

test('reached once and lost then is timed out', async () => {
  const wait = startWait((before) => (before === 0 ? notYet() : 'down'), { timeoutMs: 9_000 });
  await wait.clock.advance(9_000);
  expect(await wait.ended).toMatchObject({ outcome: 'timedOut', answer: { have: 1 } });
  expect((await wait.verdict()).hint).toContain('connection refused');
});

test.each<[number, string, string]>([
  [409, 'superseded', 'points at another digest everywhere'],
  [410, 'deleted', 'is gone from every replica'],
])('%d ends it: %s', async (status, outcome, words) => {
  const wait = startWait(() => json(status, documentWith([], ['eastus'], { state: 'deleted' })));
  await wait.clock.settle();
  expect(await wait.ended).toMatchObject({ outcome, elapsedMs: 0 });
  expect((await wait.verdict()).text).toContain(words);
});

test.each<[number, string]>([
  [401, 'refused'],
  [403, 'refused'],
  [404, 'foreign'],
  [418, 'unexpected'],
])('%d ends it at once: %s', async (status, outcome) => {
  const wait = startWait(() => new Response('', { status }));
  await wait.clock.settle();
  expect(await wait.ended).toMatchObject({ outcome, elapsedMs: 0 });
  expect(wait.askedAt).toHaveLength(1);
});

test('a stranger at an address where the tracker has answered is an outage', async () => {
  const stranger = () => new Response('<h1>Restarting</h1>', { status: 404, headers: { 'content-type': 'text/html' } });
  const wait = startWait((before) => (before === 0 ? notYet() : before < 3 ? stranger() : there()));
  await wait.clock.advance(60_000);
  expect(await wait.ended).toMatchObject({ outcome: 'satisfied' });
  expect(wait.said).toEqual(['have 1', expect.stringContaining('no tracker answers'), 'have 2']);
});

test('JSON that is no availability document is a stranger too', async () => {
  const wait = startWait(() => json(200, { hello: 'world' }));
  await wait.clock.settle();
  expect(await wait.ended).toMatchObject({ outcome: 'foreign' });
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it at once, while asking and while pausing', async (name) => {
  const asking = startWait((before) => (before === 0 ? json(202, documentWith(['eastus'], ['westeurope'])) : notYet()));
  await asking.clock.advance(6_000);
  asking.interruption.abort(name);
  expect(await asking.ended).toMatchObject({ outcome: name, elapsedMs: 6_000 });
  expect((await asking.verdict()).text).toBe(
    `interrupted after 6 s: ${pinned} is in 1 of 2 regions; missing: westeurope`,
  );

  const pausing = startWait(() => 'down');
  await pausing.clock.advance(700);
  pausing.interruption.abort(name);
  expect(await pausing.ended).toMatchObject({ outcome: name, answer: undefined });
  expect((await pausing.verdict()).text).toMatch(/nothing is known of contoso.azurecr.io\/team\/app:v1 yet$/);
});
