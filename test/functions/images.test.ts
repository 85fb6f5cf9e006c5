import { describe, expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { imagesFunction } from '../../src/functions/api/images.ts';
import { digestOf, regionOf, registryOf, repositoryOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

interface Page {
  readonly images: readonly AvailabilityDocument[];
  readonly next: string | null;
}

async function list(memory: MemoryTracker, query = ''): Promise<Page> {
  const answer = await call(imagesFunction(memory.tracker), { path: `images?${query}` });
  expect(answer.status).toBe(200);
  expect(Object.keys(answer.body as object).sort()).toEqual(['images', 'next']);
  return answer.body as Page;
}

const digestsOf = ({ images }: Page) => images.map(({ digest }) => digest);

async function push(memory: MemoryTracker, number: number, regions: readonly string[], repository = 'team/app') {
  await memory.clock.advance(1_000);
  for (const region of regions) {
    await deliver(memory, region, bodyOf({ target: { digest: digestOf(number), repository } }));
  }
}

/** 1 is everywhere, 2 in one region, 3 deleted, 4 in the other region and another repository; pushed in this order. */
async function fourImages(): Promise<MemoryTracker> {
  const memory = memoryTracker();
  await push(memory, 1, ['eastus', 'westeurope']);
  await push(memory, 2, ['eastus']);
  await push(memory, 3, ['eastus']);
  const body = bodyOf({ action: 'delete', timestamp: '2026-06-01T12:10:00Z', target: { digest: digestOf(3) } });
  await deliver(memory, 'eastus', body);
  await push(memory, 4, ['westeurope'], 'team/other');
  return memory;
}

describe('the list', () => {
  test('is empty before anything was pushed', async () => {
    expect(await list(memoryTracker())).toEqual({ images: [], next: null });
  });

  test('is newest first, with the document of each image', async () => {
    const page = await list(await fourImages());
    expect(digestsOf(page)).toEqual([4, 3, 2, 1].map(digestOf));
    expect(page.images.map(({ state }) => state)).toEqual(['replicating', 'deleted', 'replicating', 'available']);
    expect(page.next).toBeNull();
  });

  test.each<[string, number[]]>([
    ['repository=team/app', [3, 2, 1]],
    ['repository=team/other', [4]],
    ['repository=team', []],
    ['state=replicating', [4, 2]],
    ['state=available', [1]],
    ['state=deleted', [3]],
    ['state=delayed', []],
    ['region=westeurope', [4, 1]],
    // What is deleted is missing nowhere.
    ['region=West%20Europe&missing=true', [2]],
    ['missing=true', [4, 2]],
    ['region=westeurope&missing=true&state=replicating', [2]],
    ['region=westeurope&missing=false', [4, 1]],
    ['state=replicating&repository=team/app', [2]],
    ['limit=2', [4, 3]],
    ['registry=contoso', [4, 3, 2, 1]],
    ['registry=Contoso.azurecr.io', [4, 3, 2, 1]],
    ['registry=contoso.eastus.geo.azurecr.io', [4, 3, 2, 1]],
  ])('with %s', async (query, numbers) => {
    expect(digestsOf(await list(await fourImages(), query))).toEqual(numbers.map(digestOf));
  });

  test('of the delayed ones follows the time', async () => {
    const memory = await fourImages();
    await memory.clock.advance(900_000);
    await memory.tracker.reconcile({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(2) });
    const page = await list(memory, 'state=delayed');
    expect(page.images).toMatchObject([{ digest: digestOf(2), delayed: true, state: 'replicating' }]);
  });

  test('goes on where the page before has ended, without repeats and gaps', async () => {
    const memory = memoryTracker();
    for (let number = 1; number <= 7; number++) await push(memory, number, ['eastus']);
    const seen: unknown[] = [];
    let query = 'limit=3';
    for (let pages = 0; pages < 3; pages++) {
      const page = await list(memory, query);
      seen.push(...digestsOf(page));
      if (page.next === null) break;
      query = `limit=3&cursor=${page.next}`;
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1].map(digestOf));
  });

  test('has 50 images a page by default', async () => {
    const memory = memoryTracker();
    for (let number = 1; number <= 52; number++) await push(memory, number, ['eastus']);
    const page = await list(memory);
    expect(page.images).toHaveLength(50);
    expect(page.next).not.toBeNull();
    expect((await list(memory, 'limit=500')).images).toHaveLength(52);
  });

  test('is for one registry', async () => {
    const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
    const memory = memoryTracker({ registries });
    await deliver(memory, 'eastus');
    expect((await list(memory, 'registry=contoso')).images).toHaveLength(1);
    expect((await list(memory, 'registry=fabrikam')).images).toEqual([]);
  });
});

describe('refused', () => {
  test.each<[string, string]>([
    ['state', 'state=unknown'],
    ['state', 'state='],
    ['repository', 'repository=Team/App'],
    ['repository', 'repository='],
    ['region', 'region=east-us'],
    ['missing', 'missing=yes'],
    ['limit', 'limit=0'],
    ['limit', 'limit=501'],
    ['limit', 'limit=-1'],
    ['limit', 'limit=1.5'],
    ['limit', 'limit='],
    ['limit', 'limit=99999999999'],
    ['cursor', 'cursor='],
    ['cursor', 'cursor=%00'],
    ['cursor', "cursor=' or 1"],
    ['cursor', `cursor=${'a'.repeat(2_000)}`],
  ])('for %s: 400 with %s', async (field, query) => {
    const answer = await call(imagesFunction(memoryTracker().tracker), { path: `images?${query}` });
    expect(answer).toMatchObject({ status: 400, body: { status: 400, errors: [{ field }] } });
  });

  test.each(['region=mars', 'region=Mars&missing=true'])(
    'for another planet, %s: 400, naming the regions',
    async (query) => {
      const answer = await call(imagesFunction((await fourImages()).tracker), { path: `images?${query}` });
      const reason = '"mars" is not a region of this registry; known regions: eastus, westeurope';
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'region', reason }] } });
    },
  );

  test('not for a region that is only observed, or has reported though it is not expected', async () => {
    const registries = [registryOf({ observedOnly: [regionOf('northeurope')] })];
    const memory = memoryTracker({ registries });
    await push(memory, 1, ['uksouth']);
    expect(digestsOf(await list(memory, 'region=uksouth'))).toEqual([digestOf(1)]);
    expect(digestsOf(await list(memory, 'region=northeurope'))).toEqual([]);
  });

  test('not for any region while the replicas are not known', async () => {
    const memory = memoryTracker({ registries: [registryOf({ regions: undefined })] });
    expect(await list(memory, 'region=mars')).toEqual({ images: [], next: null });
  });

  test.each(['fabrikam', '', 'constructor'])('for the registry %j: 404', async (registry) => {
    const answer = await call(imagesFunction(memoryTracker().tracker), { path: `images?registry=${registry}` });
    expect(answer).toMatchObject({ status: 404, body: { status: 404 } });
  });

  test('without a registry while there are two: 400, naming them', async () => {
    const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
    const answer = await call(imagesFunction(memoryTracker({ registries }).tracker), { path: 'images' });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'registry', reason: expect.stringMatching(/contoso\.azurecr\.io, fabrikam/) }] },
    });
  });

  describe('for a cursor that no page of this list has given', () => {
    const listed = 'registry=contoso&state=replicating';

    async function refusalOf(memory: MemoryTracker, query: string) {
      const answer = await call(imagesFunction(memory.tracker), { path: `images?${query}` });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'cursor' }] } });
    }

    test.each(['bad', 'not-a-cursor', '0', 'YWJj', 'nonsense', 'A'.repeat(1_000)])('%s', async (cursor) => {
      const memory = await fourImages();
      await refusalOf(memory, `cursor=${cursor}`);
      await refusalOf(memory, `${listed}&cursor=${cursor}`);
    });

    test.each<[string, (cursor: string) => string]>([
      ['cut at its end', (cursor) => cursor.slice(0, -1)],
      ['cut at its start', (cursor) => cursor.slice(1)],
      ['lengthened', (cursor) => `${cursor}A`],
      ['with another letter', (cursor) => cursor.replace(/.$/, (letter) => (letter === 'A' ? 'B' : 'A'))],
    ])('a real one, %s', async (_what, spoil) => {
      const memory = await fourImages();
      for (const query of ['', listed]) {
        const { next } = await list(memory, `${query}&limit=1`);
        await refusalOf(memory, `${query}&cursor=${spoil(next ?? '')}`);
      }
    });

    test.each([
      'state=deleted',
      'repository=team/app',
      'region=eastus',
      'region=eastus&missing=true',
      'missing=true',
      'registry=fabrikam',
    ])('the one of another list, asked for with %s', async (query) => {
      const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
      const memory = memoryTracker({ registries });
      for (let number = 1; number <= 2; number++) await push(memory, number, ['eastus']);
      const { next } = await list(memory, 'registry=contoso&limit=1');
      await refusalOf(memory, `registry=contoso&${query}&cursor=${next}`.replace('contoso&registry=', ''));
    });

    test('but not with another limit, or the registry written otherwise', async () => {
      const memory = await fourImages();
      const { next } = await list(memory, 'limit=1');
      expect((await list(memory, `registry=Contoso.azurecr.io&limit=2&cursor=${next}`)).images).toHaveLength(2);
    });
  });
});
