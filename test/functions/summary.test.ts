/** The counts, and the lists that come with them, as a reader asks for them. */
import { describe, expect, test } from 'vitest';
import { imagesFunction } from '../../src/functions/api/images.ts';
import { describeSummary, summaryFunction } from '../../src/functions/api/summary.ts';
import { digestOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import { expectDescribed } from '../support/described.ts';
import { memoryCatalogue, memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

async function threeImages() {
  const memory = memoryTracker({ ports: { catalogue: memoryCatalogue() } });
  const push = async (n: number, repository: string, tag: string, regions: readonly string[]) => {
    await memory.clock.advance(1_000);
    for (const region of regions) {
      await deliver(memory, region, bodyOf({ target: { digest: digestOf(n * 0x1000), repository, tag } }));
    }
  };
  await push(1, 'shop/cart', 'v1.2.3', ['eastus', 'westeurope']);
  await push(2, 'shop/till', 'v1.3.0', ['eastus']);
  await push(3, 'base/node', '24-alpine', ['eastus', 'westeurope']);
  await memory.clock.advance(2_000);
  await memory.clock.settle();
  const list = async (query: string) => {
    const answer = await call(imagesFunction(memory.tracker), { path: `images?${query}` });
    expect(answer.status).toBe(200);
    const { images, next } = answer.body as { images: { repository: string }[]; next: string | null };
    return { repositories: images.map(({ repository }) => repository), next };
  };
  return { memory, list };
}

test('counts every image once, in all and by region', async () => {
  const { memory } = await threeImages();
  const answer = await call(summaryFunction(memory.tracker), { path: 'summary?registry=contoso' });
  expectDescribed(describeSummary(), answer, 200);
  expect(answer.body).toEqual({
    images: { available: 2, replicating: 1, deleting: 0, deleted: 0 },
    delayed: 0,
    divergedTags: 0,
    unpublished: 0,
    regions: [
      { region: 'eastus', available: 3, missing: 0, delayed: 0, divergedTags: 0 },
      { region: 'westeurope', available: 2, missing: 1, delayed: 0, divergedTags: 0 },
    ],
    asOf: expect.stringMatching(/Z$/),
  });
});

test('of a registry without images, and of one that is not tracked', async () => {
  const memory = memoryTracker({ ports: { catalogue: memoryCatalogue() } });
  const empty = await call(summaryFunction(memory.tracker), { path: 'summary' });
  expectDescribed(describeSummary(), empty, 200);
  expect(empty.body).toMatchObject({ images: { available: 0 }, asOf: null });
  const unknown = await call(summaryFunction(memory.tracker), { path: 'summary?registry=fabrikam' });
  expect(unknown.status).toBe(404);
});

describe('the list', () => {
  test.each<[string, string[]]>([
    ['q=cart', ['shop/cart']],
    ['q=shop', ['shop/till', 'shop/cart']],
    ['q=1.3', ['shop/till']],
    ['q=ALPINE', ['base/node']],
    ['q=p/t', ['shop/till']],
    [`q=${digestOf(0x1000)}`, ['shop/cart']],
    [`q=${encodeURIComponent(`contoso.azurecr.io/shop/cart:v1.2.3@${digestOf(0x1000)}`)}`, ['shop/cart']],
    [`q=${encodeURIComponent('https://contoso.eastus.geo.azurecr.io/shop/till:v1')}`, ['shop/till']],
    ['q=shop/cart:', ['shop/cart']],
    ['q=shop/cart:v2', []],
    ['q=%20%20', ['base/node', 'shop/till', 'shop/cart']],
    ['q=%3Cscript%3E', []],
    ['q=v1&state=replicating', ['shop/till']],
    ['q=v1&region=westeurope&missing=true', ['shop/till']],
    ['sort=name', ['base/node', 'shop/cart', 'shop/till']],
    ['sort=lag', ['shop/till', 'base/node', 'shop/cart']],
    ['sort=name&state=available', ['base/node', 'shop/cart']],
    ['q=shop&sort=name', ['shop/cart', 'shop/till']],
    ['state=diverged', []],
    ['q=v1&repository=shop/cart', ['shop/cart']],
    ['sort=lag&repository=shop/till', ['shop/till']],
  ])('%s', async (query, expected) => {
    const { list } = await threeImages();
    expect((await list(query)).repositories).toEqual(expected);
  });

  test.each(['q=shop', 'sort=name', 'sort=lag'])('%s goes on page by page', async (query) => {
    const { list } = await threeImages();
    const whole = (await list(query)).repositories;
    const found: string[] = [];
    let next: string | null = '';
    for (let page = 0; page < 9 && next !== null; page++) {
      const asked: Awaited<ReturnType<typeof list>> = await list(
        `${query}&limit=1${next === '' ? '' : `&cursor=${next}`}`,
      );
      found.push(...asked.repositories);
      next = asked.next;
    }
    expect(found).toEqual(whole);
    expect(next).toBeNull();
  });
});
