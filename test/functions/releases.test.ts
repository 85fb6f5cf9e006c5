/** `/api/releases`: made, asked about, waited for, listed and deleted by name. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { deleteReleaseFunction } from '../../src/functions/api/delete-release.ts';
import { putReleaseFunction } from '../../src/functions/api/put-release.ts';
import { releaseFunction } from '../../src/functions/api/release.ts';
import { describeReleases, releasesFunction } from '../../src/functions/api/releases.ts';
import { waitForReleaseFunction } from '../../src/functions/api/wait-for-release.ts';
import { releaseDocument } from '../../src/functions/documents/release-document.ts';
import { digestOf, registryOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import type { ReleaseInstance, ReleaseWorld } from '../support/memory-releases.ts';
import { releaseInstance, releaseWorld } from '../support/memory-releases.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const imageOf = (n: number) => `contoso.azurecr.io/team/app@${digestOf(n)}`;
const path = 'releases/shop-2.4';

const put = ({ memory, releases }: ReleaseInstance, body: unknown, name = 'shop-2.4') =>
  call(putReleaseFunction(memory.tracker, releases), { path, params: { name }, body: JSON.stringify(body) });
const ask = ({ releases }: ReleaseInstance, name = 'shop-2.4') =>
  call(releaseFunction(releases), { path, params: { name } });
const remove = ({ releases }: ReleaseInstance, name = 'shop-2.4') =>
  call(deleteReleaseFunction(releases), { path, params: { name } });
const list = ({ releases }: ReleaseInstance, query = '') =>
  call(releasesFunction(releases), { path: `releases?${query}` });

async function wait(
  { clock }: ReleaseWorld,
  { releases }: ReleaseInstance,
  timeout = '',
  seconds = 0,
  name = 'shop-2.4',
) {
  const answer = call(waitForReleaseFunction(releases), {
    path: `${path}/wait${timeout && `?timeout=${timeout}`}`,
    params: { name },
  });
  await clock.advance(seconds * 1_000);
  return answer;
}

async function everywhere({ memory }: ReleaseInstance, ...numbers: number[]) {
  for (const n of numbers) {
    for (const region of ['eastus', 'westeurope'])
      await deliver(memory, region, bodyOf({ target: { digest: digestOf(n) } }));
  }
}

function made() {
  const world = releaseWorld();
  return { world, instance: releaseInstance(world) };
}

test('201 at first, 200 afterwards, and the answer is as it is described', async () => {
  const { instance } = made();
  await everywhere(instance, 1);
  const first = await put(instance, { images: [imageOf(2), imageOf(1)], regions: '', whatever: 1 });
  expect(first.status).toBe(201);
  expect(first.log).toEqual(['release shop-2.4 created, revision 1']);
  expect(z.strictObject(releaseDocument().shape).safeParse(first.body).error).toBeUndefined();
  expect(first.body).toMatchObject({
    name: 'shop-2.4',
    revision: 1,
    createdAt: '2026-06-01T12:00:00.000Z',
    availableAt: null,
    announcedAt: null,
    delayed: false,
    satisfied: false,
    state: 'unknown',
    missing: [{ image: imageOf(2), regions: ['eastus', 'westeurope'] }],
    images: [{ image: imageOf(2) }, { image: imageOf(1) }],
  });
  expect(await ask(instance)).toMatchObject({ status: 200, body: first.body as object });
});

test.each<[string, unknown, number]>([
  ['the same', { images: [imageOf(1), imageOf(2)] }, 1],
  ['in another order, with a repeat', { images: [imageOf(2), imageOf(1), imageOf(1)] }, 1],
  ['as a text', { images: `${imageOf(1)}\n${imageOf(2)}`, require: 'all', regions: [] }, 1],
  ['by a regional login server', { images: [imageOf(1).replace('contoso.', 'contoso.eastus.geo.'), imageOf(2)] }, 1],
  ['another image', { images: [imageOf(1), imageOf(3)] }, 2],
  ['a tag beside the digest', { images: [imageOf(1).replace('@', ':v1@'), imageOf(2)] }, 2],
  ['another requirement', { images: [imageOf(1), imageOf(2)], require: 'any' }, 2],
  ['with what must be attached', { images: [imageOf(1), imageOf(2)], artifacts: 'signature' }, 2],
  ['for some platforms', { images: [imageOf(1), imageOf(2)], platforms: ['linux/amd64'] }, 2],
  ['regions by name', { images: [imageOf(1), imageOf(2)], regions: 'westeurope, East US' }, 2],
])('sent again, %s: revision', async (_, body, revision) => {
  const { instance } = made();
  await put(instance, { images: [imageOf(1), imageOf(2)] });
  expect(await put(instance, body)).toMatchObject({ status: 200, body: { revision } });
  expect(await put(instance, body)).toMatchObject({ status: 200, body: { revision } });
});

describe('a wait is answered', () => {
  test('200 with since when it is there', async () => {
    const { world, instance } = made();
    await everywhere(instance, 1);
    await put(instance, { images: [imageOf(1)] });
    const answer = await wait(world, instance);
    expect(answer).toMatchObject({ status: 200, body: { satisfied: true, availableAt: '2026-06-01T12:00:00.000Z' } });
  });

  test.each([
    ['5', 5],
    ['', 60],
  ])('202 after %j', async (timeout, seconds) => {
    const { world, instance } = made();
    await put(instance, { images: [imageOf(1)] });
    const answer = await wait(world, instance, timeout, seconds);
    expect(answer).toMatchObject({ status: 202, headers: { 'retry-after': '1' }, body: { name: 'shop-2.4' } });
  });

  test('410 when one is deleted', async () => {
    const { world, instance } = made();
    await put(instance, { images: [imageOf(1)] });
    for (const action of ['push', 'delete']) {
      const timestamp = action === 'push' ? '2026-06-01T12:00:00Z' : '2026-06-01T12:00:05Z';
      await deliver(instance.memory, 'eastus', bodyOf({ action, timestamp }));
    }
    expect(await wait(world, instance, '0')).toMatchObject({ status: 410, body: { ended: [{ outcome: 'deleted' }] } });
  });

  test('409 when the tag of one has moved on', async () => {
    const { world, instance } = made();
    await put(instance, { images: [imageOf(1).replace('@', ':v1@')] });
    for (const region of ['eastus', 'westeurope']) {
      for (const n of [1, 2]) {
        const target = { digest: digestOf(n), tag: 'v1' };
        await deliver(instance.memory, region, bodyOf({ timestamp: `2026-06-01T12:00:0${n}Z`, target }));
      }
    }
    expect(await wait(world, instance, '0')).toMatchObject({ status: 409 });
  });
});

test('deleted it is gone, once', async () => {
  const { world, instance } = made();
  await put(instance, { images: [imageOf(1)] });
  expect(await remove(instance)).toMatchObject({ status: 204, text: '' });
  for (const answer of [await remove(instance), await ask(instance), await wait(world, instance, '0')]) {
    expect(answer).toMatchObject({ status: 404, headers: { 'content-type': 'application/problem+json' } });
    expect(answer.text).toContain('shop-2.4');
  }
  expect(await list(instance)).toMatchObject({ status: 200, body: { releases: [], next: null } });
});

test('listed newest first, a page at a time, as it is described', async () => {
  const { world, instance } = made();
  for (const n of [1, 2, 3]) {
    await put(instance, { images: [imageOf(n)], ...(n === 1 && { regions: 'eastus', require: 1 }) }, `shop-${n}`);
    await world.clock.advance(1_000);
  }
  const first = await list(instance, 'limit=2');
  const schema = describeReleases().answers[200]?.schema;
  expect(schema?.safeParse(first.body).error).toBeUndefined();
  const { releases, next } = first.body as { releases: { name: string }[]; next: string };
  expect(releases.map(({ name }) => name)).toEqual(['shop-3', 'shop-2']);
  const second = await list(instance, `limit=2&cursor=${next}`);
  expect(second.body).toMatchObject({
    releases: [{ name: 'shop-1', images: [imageOf(1)], requirement: { regions: ['eastus'], require: 1 } }],
    next: null,
  });
});

test('an image that is named a hundred and one times is one image', async () => {
  const { instance } = made();
  const answer = await put(instance, { images: Array.from({ length: 101 }, () => imageOf(1)) });
  expect(answer).toMatchObject({ status: 201, body: { images: [{ image: imageOf(1) }] } });
});

describe('refused is', () => {
  test.each(['Shop', 'shop 2', '-shop', 'a'.repeat(129), ''])('the name %j', async (name) => {
    const { world, instance } = made();
    const body = { images: [imageOf(1)] };
    const answers = [
      await put(instance, body, name),
      await ask(instance, name),
      await wait(world, instance, '0', 0, name),
      await remove(instance, name),
    ];
    for (const answer of answers) expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'name' }] } });
  });

  test.each<[string, unknown, string]>([
    ['no list', {}, 'images'],
    ['an empty list', { images: [] }, 'images'],
    ['more than a hundred', { images: Array.from({ length: 101 }, (_, i) => imageOf(i)) }, 'images'],
    ['an unreadable reference', { images: [imageOf(1), 'team/app:v1'] }, 'images[1]'],
    ['an unknown region', { images: [imageOf(1)], regions: 'mars' }, 'regions'],
    ['an impossible requirement', { images: [imageOf(1)], require: 3 }, 'require'],
    ['a list', [], 'body'],
  ])('%s', async (_, body, field) => {
    const { instance } = made();
    expect(await put(instance, body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
    expect(await ask(instance)).toMatchObject({ status: 404 });
  });

  test.each(['limit=0', 'limit=501', 'cursor=x', 'cursor=MTAwMCBTaG9w'])('?%s', async (query) => {
    expect(await list(made().instance, query)).toMatchObject({ status: 400, body: { errors: [{}] } });
  });

  test('a wait of another length', async () => {
    const { world, instance } = made();
    expect(await wait(world, instance, '201')).toMatchObject({ status: 400, body: { errors: [{ field: 'timeout' }] } });
  });

  test('a registry that is not tracked: 404; a body that is empty: 400, too large: 413', async () => {
    const { memory, releases } = made().instance;
    const options = putReleaseFunction(memory.tracker, releases);
    const params = { name: 'shop' };
    const body = JSON.stringify({ images: ['fabrikam.azurecr.io/app:v1'] });
    expect(await call(options, { path, params, body })).toMatchObject({ status: 404 });
    expect(await call(options, { path, params })).toMatchObject({ status: 400 });
    expect(await call(options, { path, params, body: ' '.repeat(300_000) })).toMatchObject({ status: 413 });
  });
});

test('a registry that has left the settings is named', async () => {
  const { world, instance } = made();
  await put(instance, { images: [imageOf(1)] });
  const later = releaseInstance(
    world,
    {},
    { registries: [registryOf({ name: 'other', loginServer: 'other.azurecr.io' })] },
  );
  const answer = await ask(later);
  expect(answer).toMatchObject({ status: 404 });
  expect(answer.text).toContain('contoso.azurecr.io');
});

test('503 when the storage does not answer', async () => {
  const world = releaseWorld();
  const away = () => Promise.reject(new UpstreamError('unavailable', 'away'));
  const store = { ...world.store, read: away, page: away };
  const instance = releaseInstance(world, { store });
  const answers = [
    await put(instance, { images: [imageOf(1)] }),
    await ask(instance),
    await remove(instance),
    await list(instance),
  ];
  for (const { status } of answers) expect(status).toBe(503);
  expect(await wait(world, instance, '1', 2)).toMatchObject({ status: 503 });
});
