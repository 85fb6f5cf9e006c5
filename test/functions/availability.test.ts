import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryImageStore } from '../../src/adapters/memory.ts';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { availabilityFunction } from '../../src/functions/api/availability.ts';
import { eventsFunction } from '../../src/functions/api/events.ts';
import { waitFunction } from '../../src/functions/api/wait.ts';
import { digestOf, regionOf, registryOf, replicaSetOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver, secrets } from '../support/webhook.ts';

const digest = digestOf(1);
const image = `contoso.azurecr.io/team/app@${digest}`;

function ask(memory: MemoryTracker, query: Record<string, string>) {
  return call(availabilityFunction(memory.tracker), { path: `availability?${new URLSearchParams(query)}` });
}

async function documentOf(memory: MemoryTracker, query: Record<string, string>): Promise<AvailabilityDocument> {
  const answer = await ask(memory, query);
  expect(answer).toMatchObject({ status: 200 });
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  return answer.body as AvailabilityDocument;
}

describe('the answer', () => {
  test('about an image never seen is 200', async () => {
    expect(await documentOf(memoryTracker(), { image })).toMatchObject({ image, state: 'unknown', satisfied: false });
  });

  test('follows what the webhooks say', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    await memory.clock.advance(2_500);
    expect(await documentOf(memory, { image })).toMatchObject({ state: 'replicating', missing: ['westeurope'] });
    await deliver(memory, 'westeurope', bodyOf({ target: { tag: 'v1' } }));
    expect(await documentOf(memory, { image })).toMatchObject({
      state: 'available',
      satisfied: true,
      availableAt: '2026-06-01T12:00:02.500Z',
      regions: [{ lagSeconds: 0 }, { lagSeconds: 2.5 }],
    });
    await memory.clock.advance(5_000);
    expect((await documentOf(memory, { image })).announcedAt).not.toBeNull();
  });

  test('counts every region that is named, whichever way', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    for (const regions of [
      'regions=eastus&regions=westeurope',
      'regions=eastus,westeurope',
      'regions=eastus%2Cwesteurope',
      'regions=,eastus,%0A,westeurope,',
    ]) {
      const { body } = await call(availabilityFunction(memory.tracker), {
        path: `availability?image=${image}&${regions}`,
      });
      expect(body).toMatchObject({ satisfied: false, requirement: { needed: 2, have: 1 }, missing: ['westeurope'] });
    }
  });

  test.each([
    ['artifacts=signature,,sbom,', 200],
    ['artifacts=,', 400],
    ['platforms=,linux/amd64,,linux/arm64', 200],
    ['platforms=,', 400],
    ['regions=,', 400],
    ['regions=&require=&artifacts=&platforms=', 200],
  ])('takes empty parts of a list for nothing, and a list of nothing for a mistake: %s', async (query, status) => {
    const asked = availabilityFunction(memoryTracker().tracker);
    expect((await call(asked, { path: `availability?image=${image}&${query}` })).status).toBe(status);
  });

  test.each([
    `contoso.eastus.geo.azurecr.io/team/app@${digest}`,
    `CONTOSO.azurecr.io/team/app@${digest}`,
    'contoso.azurecr.io/team/app:v1',
    `contoso.azurecr.io/team/app:v1@${digest}`,
  ])('is about the same image when it is called %s', async (text) => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    expect(await documentOf(memory, { image: text })).toMatchObject({ image, digest, state: 'replicating' });
  });

  test('without tag and digest is about latest', async () => {
    const { image, tag } = await documentOf(memoryTracker(), { image: 'contoso.azurecr.io/team/app' });
    expect([image, tag?.name]).toEqual(['contoso.azurecr.io/team/app:latest', 'latest']);
  });

  test('lists a region outside the set once it has reported', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'northeurope');
    const { regions } = await documentOf(memory, { image });
    expect(regions.find(({ region }) => region === 'northeurope')).toMatchObject({
      expected: false,
      state: 'available',
    });
  });

  test('counts over what is required', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    expect(await documentOf(memory, { image, regions: 'East US' })).toMatchObject({ satisfied: true });
    expect(await documentOf(memory, { image, require: 'any' })).toMatchObject({ satisfied: true });
    expect(await documentOf(memory, { image, regions: 'westeurope' })).toMatchObject({ satisfied: false });
  });

  test('is for the registry of the reference', async () => {
    const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
    const memory = memoryTracker({ registries });
    await deliver(memory, 'eastus');
    const other = await documentOf(memory, { image: `fabrikam.azurecr.io/team/app@${digest}` });
    expect(other).toMatchObject({ registry: 'fabrikam.azurecr.io', state: 'unknown' });
  });
});

/** They share the reading of the question. */
const askers = {
  availability: availabilityFunction,
  wait: waitFunction,
  events: eventsFunction,
};

describe.each(Object.entries(askers))('%s refuses', (path, make) => {
  const refusedBy = (memory: MemoryTracker, query: string) => call(make(memory.tracker), { path: `${path}?${query}` });

  test.each<[string, string]>([
    ['no image', ''],
    ['an empty image', 'image='],
    ['an upper-case repository', 'image=contoso.azurecr.io/Team/App'],
    ['a masked digest', `image=contoso.azurecr.io/team/app@sha256:xxxx`],
    ['an address', 'image=https://contoso.azurecr.io/team/app'],
    ['a name alone', 'image=nonsense'],
    ['no login server', 'image=team/app:v1'],
    ['no repository', 'image=contoso.azurecr.io'],
    ['two images', `image=${image}&image=${image}`],
    ['two images by their tags', 'image=contoso.azurecr.io/app:v1&image=contoso.azurecr.io/app:v1'],
    ['two images without either', 'image=contoso.azurecr.io/app&image=contoso.azurecr.io/app'],
  ])('%s: 400, naming the field', async (_what, query) => {
    expect(await refusedBy(memoryTracker(), query)).toMatchObject({
      status: 400,
      headers: { 'content-type': 'application/problem+json' },
      body: { type: 'about:blank', title: 'Bad request', status: 400, errors: [{ field: 'image' }] },
    });
  });

  test.each(['fabrikam.azurecr.io/app', 'docker.io/app', 'contoso.azurecr.io.evil.example/app', 'localhost/app'])(
    'the unknown registry of %s: 404',
    async (text) => {
      const answer = await refusedBy(memoryTracker(), `image=${text}`);
      expect(answer).toMatchObject({ status: 404, body: { title: 'Not found', status: 404 } });
    },
  );
});

describe.each(['availability', 'wait'] as const)('%s refuses', (path) => {
  test.each<[string, string, string]>([
    ['an unknown region', 'regions=northeurope', 'regions'],
    ['an unknown region among known ones', 'regions=eastus,northeurope', 'regions'],
    ['an impossible number', 'require=3', 'require'],
    ['an unknown region where it is named once more', 'regions=eastus&regions=northeurope', 'regions'],
    ['more than were named', 'regions=eastus&require=2', 'require'],
  ])('%s: 400, naming the known regions', async (_what, query, field) => {
    const memory = memoryTracker();
    const answer = await call(askers[path](memory.tracker), { path: `${path}?image=${image}&${query}` });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ field, reason: expect.stringContaining('known regions: eastus, westeurope') }] },
    });
  });

  test('nothing for a variable that was not set: the default is meant', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    await deliver(memory, 'westeurope');
    const answer = await call(askers[path](memory.tracker), { path: `${path}?image=${image}&regions=&require=` });
    const requirement = { regions: ['eastus', 'westeurope'], require: 'all', needed: 2, have: 2 };
    expect(answer).toMatchObject({ status: 200, body: { satisfied: true, requirement } });
  });

  test('a requirement that is none: 400', async () => {
    const memory = memoryTracker();
    const answer = await call(askers[path](memory.tracker), { path: `${path}?image=${image}&require=most` });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'require' }] } });
  });
});

describe('hostile input', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'aA0.-_/:@[]%?&#+ \0\n"\'<>\u212a\ud83d') }),
    fc.constantFrom(
      `contoso.azurecr.io/app:${'t'.repeat(2_000)}`,
      'contoso.azurecr.io/../../etc/passwd',
      "contoso.azurecr.io/app' or PartitionKey ne '",
      'contoso.azurecr.io/app:constructor',
      'contoso.azurecr.io/app:__proto__',
      'contoso.azurecr.io/constructor:toString',
      '__proto__',
    ),
    fc.string().map((text) => `contoso.azurecr.io/${text}`),
    fc.string().map((text) => `contoso.azurecr.io/app:${text}`),
    fc.string().map((text) => `contoso.azurecr.io/app@sha256:${text}`),
  );

  test('is answered with 200, 400 or 404, wherever it stands, and never holds a secret', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    const query = fc.record(
      { image: fc.oneof(hostile, fc.constant(image)), regions: hostile, require: hostile },
      { requiredKeys: ['image'] },
    );
    await fc.assert(
      fc.asyncProperty(query, async (asked) => {
        const answer = await ask(memory, asked);
        expect([200, 400, 404]).toContain(answer.status);
        expect(answer.text.length).toBeLessThan(3_000);
        for (const secret of secrets) expect(answer.text).not.toContain(secret);
      }),
      { numRuns: 1_000 },
    );
  });

  test('in the address itself, escaped or not, does not break it', async () => {
    const memory = memoryTracker();
    for (const query of [
      'image=%',
      'image=%ff%fe',
      'image=%ED%A0%80',
      'image=%00',
      'image[]=1',
      '&&&',
      'image=a&image=b',
    ]) {
      const { status } = await call(availabilityFunction(memory.tracker), { path: `availability?${query}` });
      expect([400, 404]).toContain(status);
    }
  });
});

describe('the replica set', () => {
  test('is shown with its source', async () => {
    const replicaSet = () => ({
      ...replicaSetOf(registryOf(), Date.parse('2026-06-01T10:00:00Z')),
      source: 'remembered' as const,
    });
    expect((await documentOf(memoryTracker({ replicaSet }), { image })).replicas).toEqual({
      source: 'remembered',
      refreshedAt: '2026-06-01T10:00:00.000Z',
      stale: true,
    });
  });

  test('decides at the moment of the answer', async () => {
    let registry = registryOf();
    const memory = memoryTracker({ replicaSet: () => replicaSetOf(registry) });
    await deliver(memory, 'eastus');
    expect(await documentOf(memory, { image })).toMatchObject({ satisfied: false });
    registry = registryOf({ regions: [regionOf('eastus')] });
    expect(await documentOf(memory, { image })).toMatchObject({ satisfied: true, state: 'available' });
  });
});

test.each([
  ['unavailable', 503],
  ['throttled', 503],
  ['unauthorized', 503],
  ['conflict', 503],
  ['invalid', 500],
] as const)('tables that are %s: %i, without what they said', async (code, status) => {
  const read = () =>
    Promise.reject(
      new UpstreamError(code, 'https://contosodata.table.core.windows.net said no', { retryAfterMs: 2_100 }),
    );
  const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), read } } });
  const answer = await ask(memory, { image });
  expect(answer.status).toBe(status);
  expect(answer.headers['retry-after']).toBe(status === 503 ? '3' : undefined);
  expect(answer.text).not.toContain('contosodata');
});
