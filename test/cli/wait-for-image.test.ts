/** The waiting itself, with a clock that only the test moves and answers as the tracker gives them. */
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../src/cli/document.ts';
import { trackerClient } from '../../src/cli/tracker-client.ts';
import { verdictOn } from '../../src/cli/verdict.ts';
import { waitForImage } from '../../src/cli/wait-for-image.ts';
import type { HoldPolicy } from '../../src/cli/wait-loop.ts';
import { manualClock } from '../support/manual-clock.ts';
import { documentWith, pinned } from '../support/tracker-stand-in.ts';

type Step = 'down' | Response;

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
const notYet = () => json(202, documentWith(['eastus'], ['westeurope']), { 'retry-after': '1' });
const there = () => json(200, documentWith(['eastus', 'westeurope'], []));

/** Waits 60 s where nothing else is given; `answer` is the tracker, which holds a question it answers with 202 as long as asked. */
function startWait(
  answer: (before: number, url: URL) => Step,
  input: { timeoutMs?: number; holdPolicy?: HoldPolicy; urls?: string[]; required?: object } = {},
) {
  const { timeoutMs = 60_000, holdPolicy = () => 5_000, urls = ['http://tracker.example/'], required } = input;
  const clock = manualClock();
  const interruption = new AbortController();
  const startedAt = clock.now();
  const askedAt: number[] = [];
  const asked: string[] = [];
  const held: number[] = [];
  const said: string[] = [];
  const cliContext = {
    clock,
    random: () => 1,
    signal: interruption.signal,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: {},
    get: async (url: URL) => {
      asked.push(url.host);
      const step = answer(askedAt.push(clock.now() - startedAt) - 1, url);
      if (step === 'down') throw Object.assign(new Error(), { code: 'ECONNREFUSED' });
      const seconds = Number(url.searchParams.get('timeout'));
      held.push(seconds);
      if (step.status === 202 && !step.headers.has('x-at-once'))
        await clock.sleep(seconds * 1_000, interruption.signal);
      return { status: step.status, headers: step.headers, text: await step.text() };
    },
  };
  const image = 'contoso.azurecr.io/team/app:v1';
  const request = { image, regions: undefined, require: undefined, timeoutMs, ...required };
  const client = trackerClient({ urls: urls.map((url) => new URL(url)), key: undefined, proxies: {} }, cliContext);
  const progress = {
    answered: ({ have }: Answer) => void said.push(`have ${have}`),
    failed: ({ message }: { message: string }) => void said.push(message),
    movedOn: ({ message }: { message: string }) => void said.push(`moved on: ${message}`),
    unknown: (names: readonly string[]) => void said.push(`unknown: ${names.join(', ')}`),
    finish() {},
  };
  const ended = waitForImage(request, client, cliContext, progress, holdPolicy);
  return {
    clock,
    asked,
    askedAt,
    held,
    said,
    ended,
    interruption,
    verdict: async () => verdictOn(await ended, request),
  };
}

const refused = 'the tracker at http://tracker.example cannot be reached: connection refused';

test('released by the tracker, after questions that follow each other without a gap', async () => {
  const wait = startWait((before) => (before < 3 ? notYet() : there()));
  await wait.clock.advance(15_000);
  expect(await wait.ended).toMatchObject({ outcome: 'satisfied', elapsedMs: 15_000 });
  expect(wait.askedAt).toEqual([0, 5_000, 10_000, 15_000]);
  expect((await wait.verdict()).text).toBe(`${pinned} is in 2 of 2 regions after 15 s`);
});

test('asks with all that is required', async () => {
  const asked: (string | null)[] = [];
  const wait = startWait(
    (_, url) => {
      asked.push(url.searchParams.get('artifacts'), url.searchParams.get('platforms'));
      return there();
    },
    { required: { artifacts: 'signature', platforms: 'linux/amd64' } },
  );
  await wait.ended;
  expect(asked).toEqual(['signature', 'linux/amd64']);
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

test('times out with an image that is being deleted: more time does not bring it', async () => {
  const regions = ['eastus', 'westeurope'].map((region) => ({
    ...{ region, required: true, state: region === 'eastus' ? 'available' : 'deleted' },
  }));
  const leaving = () => json(202, documentWith(['eastus'], ['westeurope'], { state: 'deleting', regions }));
  const wait = startWait(leaving, { timeoutMs: 12_000 });
  await wait.clock.advance(12_000);
  expect(await wait.verdict()).toMatchObject({
    text: `timed out after 12 s: ${pinned} is being deleted: deleted in 1 region, still in 1`,
    hint: 'Push the image again, or wait for another one.',
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

test('an outage is reported once, and waited out with growing pauses', async () => {
  const wait = startWait((before) => (before === 0 ? notYet() : before < 7 ? 'down' : there()));
  await wait.clock.advance(60_000);
  expect(await wait.ended).toMatchObject({ outcome: 'satisfied' });
  expect(wait.said).toEqual(['have 1', refused, 'have 2']);
  const pauses = wait.askedAt.map((at, i) => at - (wait.askedAt[i - 1] ?? 0)).slice(2);
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000]);
});

test('two outages are reported twice', async () => {
  const wait = startWait((before) => (before === 1 || before === 3 ? 'down' : before < 5 ? notYet() : there()));
  await wait.clock.advance(60_000);
  expect(wait.said).toEqual(['have 1', refused, 'have 1', refused, 'have 1', 'have 2']);
});

test('Retry-After is kept to when the tracker cannot answer', async () => {
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

describe('what can come no more', () => {
  const over = (status: number) =>
    json(
      status,
      documentWith([], ['eastus'], { state: 'deleted', tag: { name: 'v1', state: 'converged', regions: [] } }),
    );

  test.each<[number, string, string]>([
    [409, 'superseded', 'tag v1 points at another digest than'],
    [410, 'deleted', 'is deleted in every region that had it'],
  ])('%d ends the wait once it has been so for half a minute: %s', async (status, outcome, words) => {
    const wait = startWait(() => over(status));
    await wait.clock.advance(29_000);
    expect(wait.askedAt.length).toBeGreaterThan(5);
    await wait.clock.advance(3_000);
    const { elapsedMs, ...end } = await wait.ended;
    expect(end).toMatchObject({ outcome });
    expect(elapsedMs).toBeGreaterThanOrEqual(30_000);
    expect((await wait.verdict()).text).toContain(words);
  });

  test('ends it when the time is up, if that is sooner', async () => {
    const wait = startWait(() => over(410), { timeoutMs: 20_000 });
    await wait.clock.advance(20_000);
    expect(await wait.ended).toMatchObject({ outcome: 'deleted' });
    expect(wait.askedAt.at(-1)).toBeGreaterThan(15_000);
  });

  test('ends it at once where there is no time to wait', async () => {
    const wait = startWait(() => over(410), { timeoutMs: 0 });
    await wait.clock.settle();
    expect(await wait.ended).toMatchObject({ outcome: 'deleted', elapsedMs: 0 });
  });

  test.each<[string, () => Step, string]>([
    ['there', there, 'satisfied'],
    ['on its way', notYet, 'timedOut'],
  ])('does not end it when the image is pushed again meanwhile, and is %s', async (_what, later, outcome) => {
    const wait = startWait((before) => (before < 4 ? over(410) : later()));
    await wait.clock.advance(61_000);
    expect(await wait.ended).toMatchObject({ outcome });
  });

  test('counts again from the start when it becomes another reason', async () => {
    const wait = startWait((before) => over(before < 20 ? 410 : 409));
    await wait.clock.advance(45_000);
    expect(wait.askedAt.length).toBeGreaterThan(40);
    await wait.clock.advance(6_000);
    expect(await wait.ended).toMatchObject({ outcome: 'superseded' });
  });
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

test('another server at an address where the tracker has answered is an outage', async () => {
  const foreign = () => new Response('<h1>Restarting</h1>', { status: 404, headers: { 'content-type': 'text/html' } });
  const wait = startWait((before) => (before === 0 ? notYet() : before < 3 ? foreign() : there()));
  await wait.clock.advance(60_000);
  expect(await wait.ended).toMatchObject({ outcome: 'satisfied' });
  expect(wait.said).toEqual(['have 1', expect.stringContaining('no tracker answers'), 'have 2']);
});

test('JSON that is no availability document is not the tracker either', async () => {
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

describe('several addresses', () => {
  const urls = ['http://a.example/', 'http://b.example/'];
  const ofA = 'the tracker at http://a.example cannot be reached: connection refused';
  const ofB = 'the tracker at http://b.example cannot be reached: connection refused';

  test('are tried in turn, and the one that answers is kept', async () => {
    const wait = startWait((before, { host }) => (host === 'a.example' ? 'down' : before < 3 ? notYet() : there()), {
      urls,
    });
    await wait.clock.advance(60_000);
    expect(await wait.ended).toMatchObject({ outcome: 'satisfied' });
    expect(wait.asked).toEqual(['a.example', 'b.example', 'b.example', 'b.example']);
    expect(wait.askedAt.slice(0, 2)).toEqual([0, 0]);
    expect(wait.said).toEqual([`moved on: ${ofA}`, 'have 1', 'have 1', 'have 2']);
  });

  test.each<[string, () => Step]>([
    ['is out of order', () => json(503, { detail: 'Try again.' }, { 'retry-after': '20' })],
    ['runs without its functions', () => new Response('', { status: 404 })],
    ['is stopped', () => new Response('<h1>Stopped</h1>', { status: 403 })],
    ['is another site', () => json(200, { hello: 'world' })],
  ])('the next is asked at once where the first %s', async (_what, first) => {
    const wait = startWait((_before, { host }) => (host === 'a.example' ? first() : there()), { urls });
    await wait.clock.settle();
    expect(await wait.ended).toMatchObject({ outcome: 'satisfied', elapsedMs: 0 });
  });

  test('a region that fails in the middle of a wait costs no time', async () => {
    const wait = startWait(
      (before, { host }) => (host === 'a.example' ? (before === 0 ? notYet() : 'down') : there()),
      {
        urls,
      },
    );
    await wait.clock.advance(10_000);
    expect(await wait.ended).toMatchObject({ outcome: 'satisfied', elapsedMs: 5_000 });
    expect(wait.asked).toEqual(['a.example', 'a.example', 'b.example']);
  });

  test('all away is an outage, reported once, with growing pauses between the rounds', async () => {
    const wait = startWait((before) => (before < 6 ? 'down' : there()), { urls });
    await wait.clock.advance(60_000);
    expect(await wait.ended).toMatchObject({ outcome: 'satisfied' });
    expect(wait.askedAt).toEqual([0, 0, 500, 500, 1_500, 1_500, 3_500]);
    expect(wait.said).toEqual([`${ofA}; ${ofB}`, 'have 2']);
  });

  test('none reached in the whole time is unreachable, and both are named', async () => {
    const wait = startWait(() => 'down', { urls, timeoutMs: 3_000 });
    await wait.clock.advance(3_000);
    expect(await wait.ended).toMatchObject({ outcome: 'unreachable', answer: undefined });
    expect((await wait.verdict()).text).toBe(`${ofA}; ${ofB}`);
  });

  test('without time each is still asked once', async () => {
    const wait = startWait((_before, { host }) => (host === 'a.example' ? 'down' : notYet()), { urls, timeoutMs: 0 });
    await wait.clock.settle();
    expect(await wait.ended).toMatchObject({ outcome: 'timedOut' });
    expect(wait.asked).toEqual(['a.example', 'b.example']);
  });

  test('a question that is wrong ends it at the first', async () => {
    const wait = startWait(() => json(400, { detail: 'regions: no' }), { urls });
    await wait.clock.settle();
    expect(await wait.ended).toMatchObject({ outcome: 'badUsage' });
    expect(wait.asked).toEqual(['a.example']);
  });

  test.each<[string, Step, Step, string]>([
    ['a key that one refuses and no word of the other', 'down', new Response('', { status: 401 }), 'refused'],
    ['two other servers', new Response('', { status: 404 }), new Response('', { status: 404 }), 'foreign'],
  ])('%s end it', async (_what, a, b, outcome) => {
    const wait = startWait((_before, { host }) => (host === 'a.example' ? a : b), { urls });
    await wait.clock.settle();
    expect(await wait.ended).toMatchObject({ outcome });
  });

  test('another server beside one that may come back does not end it', async () => {
    const wait = startWait(
      (before, { host }) => (host === 'b.example' ? new Response('', { status: 404 }) : before < 4 ? 'down' : there()),
      { urls },
    );
    await wait.clock.advance(60_000);
    expect(await wait.ended).toMatchObject({ outcome: 'satisfied' });
  });
});

describe('an image that no region knows', () => {
  const unknown = () =>
    json(202, documentWith([], ['eastus', 'westeurope'], { digest: null, registry: 'contoso.azurecr.io' }));
  const known = [
    { repository: 'team/app', tags: ['v1.0', 'v2'] },
    { repository: 'team/api', tags: ['v1'] },
    { repository: 'elsewhere/something', tags: ['latest'] },
  ];

  test('after half a minute is reported, once, with the nearest names that are known', async () => {
    const listed: URL[] = [];
    const wait = startWait((_before, url) => {
      if (url.pathname !== '/api/images') return unknown();
      listed.push(url);
      return json(200, { images: known, next: null });
    });
    await wait.clock.advance(29_000);
    expect(wait.said).not.toContainEqual(expect.stringContaining('unknown'));
    await wait.clock.advance(31_000);
    expect(await wait.ended).toMatchObject({ outcome: 'timedOut' });
    expect(wait.said.filter((line) => line.startsWith('unknown'))).toEqual([
      'unknown: team/app:v2, team/api:v1, team/app:v1.0',
    ]);
    expect(listed.map(({ search }) => search)).toEqual(['?registry=contoso.azurecr.io&limit=500']);
  });

  test.each<[string, Step]>([
    ['cannot be listed', 'down'],
    ['knows none', json(200, { images: [], next: null })],
    ['knows none that is near', json(200, { images: [{ repository: 'elsewhere/something', tags: ['latest'] }] })],
    ['answers oddly', json(200, { images: [{ repository: 7, tags: 'v1' }, 'x'] })],
  ])('is reported without names where the registry %s', async (_what, answer) => {
    const wait = startWait((_before, url) => (url.pathname === '/api/images' ? answer : unknown()));
    await wait.clock.advance(40_000);
    expect(wait.said).toContain('unknown: ');
    wait.interruption.abort('SIGINT');
    await wait.ended;
  });

  test('that some region has is none', async () => {
    const wait = startWait(notYet);
    await wait.clock.advance(60_000);
    await wait.ended;
    expect(wait.said).not.toContainEqual(expect.stringContaining('unknown'));
  });
});
