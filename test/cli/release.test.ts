/** `wait --release` and `status --release`: the tracker knows which images these are. */
import { describe, expect, test } from 'vitest';
import { runAction } from '../../src/cli/run-action.ts';
import { call, callCommand } from '../support/call-command.ts';
import type { Said } from '../support/tracker-stand-in.ts';
import { documentWith, problemWith, severalWith, startTrackerStandIn } from '../support/tracker-stand-in.ts';

const shop = 'contoso.azurecr.io/team/shop:v1';
const both = ['eastus', 'westeurope'];
const documentOf = (have: string[], missing: string[]) => ({
  name: 'shop-2.4',
  revision: 2,
  ...severalWith([documentWith(have, missing, { image: shop, repository: 'team/shop' })], 'replicating'),
});
/** Of an image that one region has deleted. */
const leavingWest = {
  state: 'deleting',
  regions: both.map((region) => ({ region, required: true, state: region === 'eastus' ? 'available' : 'deleted' })),
};
const there = { status: 200, body: documentOf(both, []) };
const notYet = { status: 202, body: documentOf(['eastus'], ['westeurope']) };

async function ask(words: readonly string[], said: Said = there) {
  const tracker = await startTrackerStandIn(() => said);
  return { ...(await callCommand([...words, '--url', tracker.url])), asked: tracker.asked };
}

test.each<[string, Said, number, RegExp]>([
  ['all there', there, 0, /^1 of 1 images are where they must be after 0 s\n/],
  ['not in time', notYet, 2, /timed out after 0 s: 0 of 1 images/],
  ['none of that name', problemWith(404, 'There is no release "shop-2.4".'), 64, /There is no release "shop-2.4"/],
  ['no connection', 'cut', 5, /cannot be reached/],
])('wait: %s', async (_, said, code, words) => {
  const called = await ask(['wait', '--release', 'shop-2.4', '--timeout', '0'], said);
  expect(called.code).toBe(code);
  expect(called.out + called.err).toMatch(words);
  expect(called.err).toContain('waiting for release shop-2.4, at most 0 s\n');
  expect(called.asked[0]).toMatchObject({ path: '/api/releases/shop-2.4/wait', query: { timeout: '0' } });
});

test('wait: an image that is being deleted is not waited for longer', async () => {
  const one = documentWith(['eastus'], ['westeurope'], { image: shop, repository: 'team/shop', ...leavingWest });
  const body = { name: 'shop-2.4', revision: 1, ...severalWith([one], 'deleting') };
  const { out, err } = await ask(['wait', '--release', 'shop-2.4', '--timeout', '0'], { status: 202, body });
  expect(out).toMatch(
    /^timed out .* missing: team\/shop@sha256:a+ \(being deleted: deleted in 1 region, still in 1\)\n/,
  );
  expect(err).toMatch(/ {2}team\/shop@sha256:a+: being deleted: deleted in 1 region, still in 1 \(0 of 1 images\)\n/);
  expect(err).toContain('\nPush what is deleted again, or wait for another image.\n');
  expect(err).not.toContain('--timeout');
});

test('releases: one with an image that is being deleted', async () => {
  const one = documentWith(['eastus'], ['westeurope'], { image: shop, repository: 'team/shop', ...leavingWest });
  const head = { name: 'shop-2.4', revision: 1, createdAt: '2026-06-01T12:00:00.000Z', delayed: true };
  const tracker = await startTrackerStandIn(({ path }) => ({
    status: 200,
    body: path.endsWith('/releases')
      ? { releases: [{ ...head, images: [shop] }], next: null }
      : { ...head, ...severalWith([one], 'deleting') },
  }));
  const { out } = await callCommand(['releases', '-o', 'wide', '--url', tracker.url]);
  expect(out).toMatch(/shop-2\.4 +deleting +0\/1 .* \(being deleted: deleted in 1 region, still in 1\)/);
});

test('status', async () => {
  const { code, out, asked } = await ask(['status', '--release', 'shop-2.4'], { ...notYet, status: 200 });
  expect(code).toBe(0);
  expect(out.replaceAll(/ {2,}/g, '  ').split('\n')).toEqual([
    'release shop-2.4 (revision 2): replicating, 0 of 1 images are where they must be',
    'team/shop@sha256:aaaaaaaaaaaa: missing in westeurope',
    'IMAGE  STATE  REGIONS  MISSING',
    'team/shop@sha256:aaaaaaaaaaaa  replicating  1/2  westeurope',
    '',
  ]);
  expect(asked.map(({ path }) => path)).toEqual(['/api/releases/shop-2.4']);
  const json = await ask(['status', '--release', 'shop-2.4', '-o', 'json']);
  expect(JSON.parse(json.out)).toEqual(there.body);
});

describe('status says of a release', () => {
  const image = (name: string, have: string[], missing: string[], more: object = {}) =>
    documentWith(have, missing, {
      image: `contoso.azurecr.io/team/${name}:v1`,
      repository: `team/${name}`,
      tag: { name: 'v1', state: 'converged' },
      ...more,
    });
  const shown = async (more: object, ...images: ReturnType<typeof image>[]) => {
    const body = { name: 'shop-2.4', revision: 1, ...severalWith(images, 'replicating'), ...more };
    const { out } = await ask(['status', '--release', 'shop-2.4'], { status: 200, body });
    return out.split('IMAGE')[0]?.trimEnd().split('\n');
  };
  const gone = image('old', [], both, { state: 'deleted' });
  const leaving = image('app', ['eastus'], ['westeurope'], leavingWest);

  test.each<[string, object, ReturnType<typeof image>[], string[]]>([
    [
      'that it is delayed',
      { delayed: true },
      [image('cart', ['eastus'], ['westeurope'])],
      ['delayed, 0 of 1 images are where they must be', 'team/cart:v1: missing in westeurope'],
    ],
    [
      'that it was available',
      { availableAt: '2026-06-01T12:00:00.000Z', delayed: true },
      [image('cart', both, [])],
      ['available, 1 of 1 images are where they must be'],
    ],
    [
      'that an image was deleted',
      { delayed: true, ended: [{ image: gone.image, outcome: 'deleted' }] },
      [gone],
      ['deleted, 0 of 1 images are where they must be', 'team/old:v1 was deleted: it comes only if it is pushed again'],
    ],
    [
      'that an image is being deleted, and not that it is late',
      { delayed: true },
      [leaving],
      [
        'deleting, 0 of 1 images are where they must be',
        'team/app:v1 is being deleted: deleted in 1 region, still in 1; it comes only if it is pushed again',
      ],
    ],
    [
      'which image no region has reported',
      {},
      [image('new', [], both)],
      ['replicating, 0 of 1 images are where they must be', 'no region has reported team/new:v1 yet'],
    ],
    [
      'that a signature is missing',
      {},
      [
        image('cart', both, [], {
          satisfied: false,
          missing: ['westeurope'],
          artifacts: [{ kind: 'signature', missing: ['westeurope'] }],
        }),
      ],
      ['replicating, 0 of 1 images are where they must be', 'team/cart:v1: missing signature in westeurope'],
    ],
  ])('%s', async (_what, more, images, [state, ...lines]) => {
    expect(await shown(more, ...images)).toEqual([`release shop-2.4: ${state}`, ...lines]);
  });
});

describe('bad usage, before the tracker is asked', () => {
  test.each<[string[], RegExp]>([
    [['wait', '--release', 'Shop'], /release: must have .*got "Shop"/],
    [['wait', '--release', 'shop/../x'], /release: must have/],
    [['wait', '--release', 'shop', shop], /release: names its own images/],
    [['wait', '--release', 'shop', '--regions', 'eastus'], /release: has its own regions/],
    [['wait', '--release', 'shop', '--require', 'any'], /release: has its own regions/],
    [['wait', '--release', 'shop', '--platforms', 'linux/amd64'], /release: has its own regions/],
    [['wait', '--release', 'shop', '--timeout', 'soon'], /timeout: /],
    [['status', '--release', 'shop', shop], /release: names its own images/],
    [['status', '--release', 'shop', '--artifacts', 'signature'], /release: has its own regions/],
  ])('%j', async (words, said) => {
    const { code, err, asked } = await ask(words);
    expect([code, asked]).toEqual([64, []]);
    expect(err).toMatch(said);
  });
});

test('the action', async () => {
  const tracker = await startTrackerStandIn(() => there);
  const inputs = { INPUT_RELEASE: 'shop-2.4', INPUT_REQUIRE: 'all', INPUT_TIMEOUT: '0', INPUT_URL: tracker.url };
  expect(await call((cliContext) => runAction(cliContext), inputs)).toMatchObject({ code: 0 });
  expect(tracker.asked[0]?.path).toBe('/api/releases/shop-2.4/wait');
});
