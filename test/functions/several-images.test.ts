/** `POST /api/wait` and `POST /api/availability`: the same questions, for several images. */
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { memoryImageStore } from '../../src/adapters/memory.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { availabilityOfImagesFunction } from '../../src/functions/api/availability-of-images.ts';
import { waitForImagesFunction } from '../../src/functions/api/wait-for-images.ts';
import { severalDocument } from '../../src/functions/documents/several-images.ts';
import { digestOf, registryOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const imageOf = (n: number) => `contoso.azurecr.io/team/app@${digestOf(n)}`;

const ask = ({ tracker }: MemoryTracker, body: unknown) =>
  call(availabilityOfImagesFunction(tracker), { path: 'availability', body: JSON.stringify(body) });

async function wait(memory: MemoryTracker, body: object, seconds = 0) {
  const answer = call(waitForImagesFunction(memory.tracker), { path: 'wait', body: JSON.stringify(body) });
  await memory.clock.advance(seconds * 1_000);
  await memory.clock.settle();
  return answer;
}

const push = (memory: MemoryTracker, region: string, n: number, timestamp = '2026-06-01T12:00:00Z', tag?: string) =>
  deliver(memory, region, bodyOf({ timestamp, target: { digest: digestOf(n), ...(tag && { tag }) } }));

async function everywhere(memory: MemoryTracker, n: number) {
  for (const region of ['eastus', 'westeurope']) await push(memory, region, n);
}

test('the answer is as it is described, in the order asked, each image once', async () => {
  const memory = memoryTracker();
  await everywhere(memory, 2);
  await push(memory, 'eastus', 1);
  const regional = imageOf(2).replace('contoso.', 'contoso.eastus.geo.');
  const { status, body } = await ask(memory, { images: [imageOf(2), imageOf(1), regional], whatever: 1 });
  expect(status).toBe(200);
  expect(z.strictObject(severalDocument().shape).safeParse(body).error).toBeUndefined();
  expect(body).toMatchObject({
    satisfied: false,
    state: 'replicating',
    requirement: { regions: ['eastus', 'westeurope'], require: 'all' },
    missing: [{ image: imageOf(1), regions: ['westeurope'] }],
    ended: [],
    images: [
      { image: imageOf(2), satisfied: true },
      { image: imageOf(1), satisfied: false },
    ],
  });
  expect((body as { images: unknown[] }).images).toHaveLength(2);
});

test.each([[{ regions: 'eastus' }], [{ regions: ['eastus'], require: 1 }], [{ require: 'any', regions: '' }]])(
  'the requirement %j is that of each',
  async (requirement) => {
    const memory = memoryTracker();
    for (const n of [1, 2]) await push(memory, 'eastus', n);
    const { status, body } = await wait(memory, { images: `${imageOf(1)}\n${imageOf(2)}\n`, ...requirement });
    expect({ status, body }).toMatchObject({ status: 200, body: { satisfied: true } });
  },
);

describe('repeats count once', () => {
  const regional = imageOf(2).replace('contoso.', 'contoso.eastus.geo.');
  test.each<[string, string | string[], string[]]>([
    ['one image, many times', Array.from({ length: 1_000 }, () => imageOf(1)), [imageOf(1)]],
    ['in a text', Array.from({ length: 101 }, () => imageOf(1)).join('\n'), [imageOf(1)]],
    ['whatever it is called', [imageOf(2), imageOf(1), regional], [imageOf(2), imageOf(1)]],
    [
      'a hundred images, each twice',
      Array.from({ length: 200 }, (_, i) => imageOf(i % 100)),
      Array.from({ length: 100 }, (_, i) => imageOf(i)),
    ],
  ])('%s', async (_what, images, answered) => {
    const { status, body } = await wait(memoryTracker(), { images, timeout: 0 });
    expect({ status, body }).toMatchObject({ status: 202, body: { images: answered.map((image) => ({ image })) } });
  });
});

describe('a wait is answered', () => {
  test('200 when all are there', async () => {
    const memory = memoryTracker();
    for (const n of [1, 2]) await everywhere(memory, n);
    const answer = await wait(memory, { images: [imageOf(1), imageOf(2)] });
    expect(answer).toMatchObject({ status: 200, body: { satisfied: true, state: 'available', missing: [] } });
    expect(answer.headers).not.toHaveProperty('retry-after');
  });

  test.each([[5], ['5'], [' 5 ']])('202 after a timeout of %j, with when to ask again', async (timeout) => {
    const memory = memoryTracker();
    await everywhere(memory, 1);
    const answer = await wait(memory, { images: [imageOf(1), imageOf(2)], timeout }, 5);
    expect(answer).toMatchObject({ status: 202, headers: { 'retry-after': '1' }, body: { state: 'unknown' } });
  });

  test.each([[''], [null], [undefined]])('202 after a minute with %j', async (timeout) => {
    const memory = memoryTracker();
    expect(await wait(memory, { images: [imageOf(1)], timeout }, 60)).toMatchObject({ status: 202 });
  });

  test('410 when one is deleted, at the end of its time', async () => {
    const memory = memoryTracker();
    await everywhere(memory, 1);
    await push(memory, 'eastus', 2);
    const target = { digest: digestOf(2) };
    await deliver(memory, 'eastus', bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:09Z', target }));
    const answer = await wait(memory, { images: [imageOf(1), imageOf(2)], timeout: 0 });
    expect(answer).toMatchObject({ status: 410, body: { ended: [{ image: imageOf(2), outcome: 'deleted' }] } });
  });

  test('409 when the tag of one has moved on', async () => {
    const memory = memoryTracker();
    for (const region of ['eastus', 'westeurope']) {
      await push(memory, region, 1, '2026-06-01T12:00:00Z', 'v1');
      await push(memory, region, 2, '2026-06-01T12:00:09Z', 'v1');
    }
    const moved = `contoso.azurecr.io/team/app:v1@${digestOf(1)}`;
    const answer = await wait(memory, { images: [imageOf(2), moved], timeout: 0 });
    expect(answer).toMatchObject({ status: 409, body: { ended: [{ outcome: 'superseded' }] } });
  });

  test('503 when the storage cannot be read', async () => {
    const read = () => Promise.reject(new UpstreamError('unavailable', 'away'));
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), read } } });
    expect(await wait(memory, { images: [imageOf(1), imageOf(2)], timeout: 2 }, 3)).toMatchObject({ status: 503 });
  });
});

describe('refused is', () => {
  const many = (n: number) => Array.from({ length: n }, (_, i) => imageOf(i));
  test.each<[string, unknown, string]>([
    ['no list', {}, 'images'],
    ['an empty list', { images: [] }, 'images'],
    ['an empty text', { images: ' \n' }, 'images'],
    ['more than a hundred', { images: many(101) }, 'images'],
    ['more than a hundred in a text', { images: many(101).join() }, 'images'],
    ['more than a thousand references', { images: Array.from({ length: 1_001 }, () => imageOf(1)) }, 'images'],
    ['an object', { images: { 0: imageOf(1) } }, 'images'],
    ['a number among them', { images: [imageOf(1), 7] }, 'images[1]'],
    ['an unreadable reference', { images: [imageOf(1), imageOf(2), 'team/app:v1'] }, 'images[2]'],
    ['an empty one', { images: `${imageOf(1)},,${imageOf(2)}` }, 'images[1]'],
    ['an unknown region', { images: [imageOf(1)], regions: 'mars' }, 'regions'],
    ['an impossible requirement', { images: [imageOf(1)], require: 3 }, 'require'],
    ['a time too long', { images: [imageOf(1)], timeout: 201 }, 'timeout'],
    ['a time that is none', { images: [imageOf(1)], timeout: '1e1' }, 'timeout'],
    ['no object', [imageOf(1)], 'body'],
  ])('%s: 400 that names the field', async (_name, body, field) => {
    const answer = await call(waitForImagesFunction(memoryTracker().tracker), {
      path: 'wait',
      body: JSON.stringify(body),
    });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  test('a registry that is not tracked: 404 that names it', async () => {
    const answer = await ask(memoryTracker(), { images: [imageOf(1), 'fabrikam.azurecr.io/app:v1'] });
    expect(answer).toMatchObject({ status: 404, body: { detail: expect.stringContaining('fabrikam.azurecr.io') } });
  });

  test('a body that is empty: 400, too large: 413', async () => {
    const { tracker } = memoryTracker();
    const options = availabilityOfImagesFunction(tracker);
    expect(await call(options, { path: 'availability' })).toMatchObject({ status: 400 });
    expect(await call(options, { path: 'availability', body: ' '.repeat(300_000) })).toMatchObject({ status: 413 });
  });
});

test('images of two registries are each held to their own regions', async () => {
  const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
  const memory = memoryTracker({ registries });
  await everywhere(memory, 1);
  const other = `fabrikam.azurecr.io/team/app@${digestOf(1)}`;
  expect(await ask(memory, { images: [imageOf(1), other] })).toMatchObject({
    status: 200,
    body: { satisfied: false, images: [{ satisfied: true }, { satisfied: false, registry: 'fabrikam.azurecr.io' }] },
  });
});
