/** `wait` and `status` with several images: one question, one deadline, one summary. */
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readSeveral } from '../../src/cli/several-document.ts';
import { drawSeveral } from '../../src/cli/several-live.ts';
import { plainSeveral } from '../../src/cli/several-progress.ts';
import { callCommand } from '../support/call-command.ts';
import { manualClock } from '../support/manual-clock.ts';
import { documentWith, problemWith, severalWith, startTrackerStandIn } from '../support/tracker-stand-in.ts';

const [shop, worker] = ['contoso.azurecr.io/team/shop:v1', 'contoso.azurecr.io/team/worker:v1'];
const tag = { name: 'v1', state: 'converging', regions: [] };
const shopWith = (have: string[], missing: string[]) =>
  documentWith(have, missing, { image: shop, repository: 'team/shop', tag });
const workerWith = (have: string[], missing: string[], more = {}) =>
  documentWith(have, missing, { image: worker, repository: 'team/worker', tag, ...more });
const both = ['eastus', 'westeurope'];
const there = { status: 200, body: severalWith([shopWith(both, []), workerWith(both, [])], 'available') };
const half = severalWith([shopWith(both, []), workerWith(['eastus'], ['westeurope'])], 'replicating');
const notYet = { status: 202, body: half };
const gone = {
  status: 410,
  body: severalWith([shopWith(both, []), workerWith([], both, { state: 'deleted' })], 'deleted', [
    { image: worker, outcome: 'deleted' },
  ]),
};

test('all are asked for in one question, each once, with one requirement and one deadline', async () => {
  const tracker = await startTrackerStandIn(() => there);
  const words = [
    'wait',
    shop,
    worker,
    shop,
    '--url',
    tracker.url,
    '--regions',
    'East US,westeurope',
    '--require',
    'any',
  ];
  const { code, out, err } = await callCommand([...words, '--key', 'k1']);
  expect([code, out]).toEqual([0, '2 of 2 images are where they must be after 0 s\n']);
  expect(err).toMatch(/^waiting for 2 images, at most 30 min\n/);
  expect(tracker.asked).toEqual([
    {
      path: '/api/wait',
      query: {},
      key: 'k1',
      body: { images: [shop, worker], regions: 'eastus,westeurope', require: 'any', timeout: 0 },
    },
  ]);
});

test('the same image twice is one image', async () => {
  const tracker = await startTrackerStandIn(() => ({ status: 200, body: shopWith(both, []) }));
  const { code } = await callCommand(['wait', shop, shop, '--url', tracker.url]);
  expect([code, tracker.asked[0]?.query.image]).toEqual([0, shop]);
});

test.each([
  ['all there', there, 0, /2 of 2 images are where they must be/],
  ['not in time', notYet, 2, /timed out after 0 s: 1 of 2 images .*; missing: team\/worker:v1 \(westeurope\)\n/],
  ['one gone', gone, 3, /deleted: contoso\S+ is deleted in every region that had it; 1 of 2 images/],
  ['no key', { status: 401 }, 4, /a question without a key/],
  ['no connection', 'cut' as const, 5, /cannot be reached/],
  ['wrong', problemWith(400, 'images[1]: must be'), 64, /images\[1\]: must be/],
  ['an older tracker', { status: 404 }, 64, /./],
  ['an answer about one', { status: 200, body: shopWith(both, []) }, 64, /is no availability document/],
])('wait: %s', async (_, said, code, words) => {
  const { url } = await startTrackerStandIn(() => said);
  const called = await callCommand(['wait', shop, worker, '--url', url, '--timeout', '0']);
  expect(called.code).toBe(code);
  expect(called.out + called.err).toMatch(words);
});

test('an outage is waited out', async () => {
  const tracker = await startTrackerStandIn((_, before) => (before === 0 ? notYet : before < 3 ? 'cut' : there));
  const called = await callCommand(['wait', shop, worker, '--url', tracker.url, '--timeout', '1m']);
  expect(called.code).toBe(0);
  expect(called.err).toContain('the tracker answers again');
});

test('json is the answer, on one line', async () => {
  const { url } = await startTrackerStandIn(() => notYet);
  const words = ['--url', url, '--output', 'json'];
  for (const command of [
    ['wait', shop, worker, '--timeout', '0'],
    ['status', shop, worker],
  ]) {
    const { out } = await callCommand([...command, ...words]);
    expect(out.split('\n')).toHaveLength(2);
    expect(JSON.parse(out)).toEqual(half);
  }
});

test('status shows a row for each', async () => {
  const tracker = await startTrackerStandIn(() => ({ status: 200, body: half }));
  const { code, out } = await callCommand(['status', shop, worker, '--url', tracker.url]);
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    '1 of 2 images are in every expected region',
    'IMAGE           STATE        REGIONS  MISSING',
    'team/shop:v1    available        2/2',
    'team/worker:v1  replicating      1/2  westeurope',
    '',
  ]);
  expect(tracker.asked).toMatchObject([{ path: '/api/availability', body: { images: [shop, worker] } }]);
});

test('where they are of more than one registry, each is named with its own', async () => {
  const [one, other] = ['contoso.azurecr.io', 'fabrikam.azurecr.io'].map((registry) => ({
    ...shopWith(['eastus'], ['westeurope']),
    registry,
    image: `${registry}/team/shop:v1`,
  }));
  if (one === undefined || other === undefined) expect.fail();
  const body = severalWith([one, other], 'replicating');
  const { url } = await startTrackerStandIn(() => ({ status: 202, body }));
  const images = [one.image, other.image];
  const status = await callCommand(['status', ...images, '--url', url]);
  const waited = await callCommand(['wait', ...images, '--url', url, '--timeout', '0']);
  const live = drawSeveral(
    { request, answer: read(body), notices: [], elapsedMs: 0, size: { columns: 80, rows: 24 } },
    (_color, text) => text,
  );
  for (const image of images) {
    expect(status.out).toMatch(new RegExp(`^${image} +replicating`, 'm'));
    expect(waited.out).toContain(`${image} (westeurope)`);
    expect(waited.err).toContain(`${image}: in 1 of 2 regions`);
    expect(live).toMatch(new RegExp(`^· ${image} +1/2  westeurope$`, 'm'));
  }
});

const request = { images: [shop, worker], regions: undefined, require: undefined, timeoutMs: 600_000 };
const read = (document: object) => readSeveral({ ...document }) ?? expect.fail();

test('a log gets a line for each image that changes, and one a minute while none does', async () => {
  const output = new PassThrough();
  const clock = manualClock();
  const progress = plainSeveral(output, request, clock);
  progress.answered(read(half), 0);
  progress.answered(read(half), 1_000);
  await clock.advance(60_000);
  progress.answered(read(there.body), 60_000);
  progress.finish();
  expect(String(output.read()).split('\n')).toEqual([
    'waiting for 2 images, at most 10 min',
    '   0 s  team/shop:v1: in 2 of 2 regions (1 of 2 images)',
    '   0 s  team/worker:v1: in 1 of 2 regions; missing: westeurope (1 of 2 images)',
    ' 1 min  still waiting: 1 of 2 images are where they must be; missing: team/worker:v1 (westeurope)',
    ' 1 min  team/worker:v1: in 2 of 2 regions (2 of 2 images)',
    '',
  ]);
});

describe('a terminal', () => {
  const draw = (answer: object | undefined, rows = 24, columns = 80) =>
    drawSeveral(
      { request, answer: answer && read(answer), notices: [], elapsedMs: 5_000, size: { columns, rows } },
      (_color, text) => text,
    ).split('\n');

  test('shows a row for each', () => {
    expect(draw(undefined)).toEqual(['2 images  5 s of 10 min']);
    expect(draw(half)).toEqual([
      '1 of 2 images are where they must be  5 s of 10 min',
      '✔ team/shop:v1    2/2',
      '· team/worker:v1  1/2  westeurope',
    ]);
    expect(draw(gone.body)[2]).toBe('✖ team/worker:v1  0/2  deleted');
  });

  test('that is too low shows those that are waited for, and no line is longer than it', () => {
    expect(draw(half, 4, 30)).toEqual([
      '1 of 2 images are where they must be  5 s of 10 min',
      '· team/…r:v1  1/2  westeurope',
      '  and 1 more',
    ]);
  });
});
