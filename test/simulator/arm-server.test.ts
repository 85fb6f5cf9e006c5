/**
 * The management API stand-in, called by the client package that the tracker uses and, to see the requests and answers
 * themselves, by plain requests.
 */
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { afterEach, describe, expect, test } from 'vitest';
import { type ArmServer, type ArmServerOptions, startArmServer } from '../../src/local/simulator/arm-server.ts';
import { buildImage } from '../../src/local/simulator/manifest.ts';
import { openRandom } from '../../src/local/simulator/random.ts';
import { createSimulator, type SimulatorOptions } from '../../src/local/simulator/simulator.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';
import { type StandInTracker, startStandInTracker } from './stand-in-tracker.ts';

const GROUP = 'registries';
const SUBSCRIPTION = '00000000-0000-4000-8000-000000000000';
const IMAGE = buildImage(openRandom(1));
let arm: ArmServer | undefined;
let tracker: StandInTracker | undefined;

afterEach(async () => {
  await Promise.all([arm?.stop(), tracker?.stop()]);
});

async function start(options: ArmServerOptions = {}, simulatorOptions: Partial<SimulatorOptions> = {}) {
  const scheduler = createVirtualScheduler();
  tracker = await startStandInTracker(['eastus', 'westeurope']);
  const base = { registry: 'contoso', regions: ['eastus', 'westeurope'], seed: 3, scheduler, url: tracker.url };
  const simulator = createSimulator({ ...base, secret: 'a-secret-of-some-length', ...simulatorOptions });
  arm = await startArmServer(simulator, options);
  const credential = {
    getToken: async () => ({ token: 'an Entra token', expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const client = new ContainerRegistryManagementClient(credential, SUBSCRIPTION, {
    ...{ endpoint: arm.url, allowInsecureConnection: true, retryOptions: { maxRetries: 0 } },
  });
  client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  return { ...simulator, scheduler, arm, tracker, client };
}

async function collect<Item>(pages: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

async function ask(path: string, init: RequestInit = {}, apiVersion = '2025-11-01') {
  const response = await fetch(`${arm?.url}${arm?.resourceId}${path}?api-version=${apiVersion}`, init);
  return { status: response.status, document: JSON.parse((await response.text()) || 'null') };
}

describe('replicas', () => {
  test('are listed with their region as location, which need not be their name', async () => {
    const { client } = await start();
    const replications = await collect(client.replications.list(GROUP, 'contoso'));
    expect(replications).toMatchObject([
      { name: 'eastus', location: 'eastus', provisioningState: 'Succeeded', status: { displayStatus: 'Ready' } },
      { name: 'geowesteurope', location: 'westeurope', regionEndpointEnabled: true },
    ]);
    expect(await client.replications.get(GROUP, 'contoso', 'geowesteurope')).toMatchObject({ location: 'westeurope' });
    await expect(client.replications.get(GROUP, 'contoso', 'mars')).rejects.toMatchObject({ statusCode: 404 });
  });

  test('are none when the registry was never replicated', async () => {
    const { client } = await start({}, { regions: ['eastus'] });
    expect(await collect(client.replications.list(GROUP, 'contoso'))).toEqual([]);
    expect((await client.registries.get(GROUP, 'contoso')).location).toBe('eastus');
  });

  test('are Creating, without a display status, while they are filled', async () => {
    const { client, world, scheduler } = await start();
    world.push('team/app', 'v1', IMAGE);
    await scheduler.run();
    world.addReplica('uksouth');
    const status = async () => (await client.replications.get(GROUP, 'contoso', 'geouksouth')) as object;
    expect(await status()).toMatchObject({ provisioningState: 'Creating', status: { displayStatus: undefined } });
    await scheduler.run();
    expect(await status()).toMatchObject({ provisioningState: 'Succeeded', status: { displayStatus: 'Ready' } });
  });

  test('can show another state, and stay listed when the home region is removed', async () => {
    const { client, world, arm } = await start();
    arm.overrides.set('westeurope', { provisioningState: 'Updating', regionEndpointEnabled: false });
    world.removeReplica('eastus');
    expect(await collect(client.replications.list(GROUP, 'contoso'))).toMatchObject([
      { location: 'westeurope', provisioningState: 'Updating', regionEndpointEnabled: false },
    ]);
  });

  test('can be listed in another way than they are found by name', async () => {
    const { client, arm } = await start();
    const listed = async () =>
      (await collect(client.replications.list(GROUP, 'contoso'))).map(({ location }) => location);
    arm.listing.repeats.add('eastus');
    arm.listing.lacks.add('westeurope');
    arm.listing.overrides.set('eastus', { provisioningState: 'Failed' });
    expect(await listed()).toEqual(['eastus', 'eastus']);
    expect(await client.replications.get(GROUP, 'contoso', 'eastus')).toMatchObject({ provisioningState: 'Succeeded' });
    expect(await client.replications.get(GROUP, 'contoso', 'geowesteurope')).toMatchObject({ location: 'westeurope' });
    arm.unfound.add('westeurope');
    arm.listing.lacks.clear();
    expect(await listed()).toEqual(['eastus', 'eastus', 'westeurope']);
    await expect(client.replications.get(GROUP, 'contoso', 'geowesteurope')).rejects.toMatchObject({ statusCode: 404 });
  });

  test('have host names of their own only in preview versions', async () => {
    await start();
    const hosts = async (version: string) => (await ask('', {}, version)).document.properties.regionalEndpointHostNames;
    expect(await hosts('2025-11-01')).toBeUndefined();
    expect(await hosts('2026-03-01-preview')).toEqual([
      'contoso.eastus.geo.azurecr.io',
      'contoso.westeurope.geo.azurecr.io',
    ]);
  });
});

describe('webhooks', () => {
  test('show neither address nor headers, except when asked for their callback', async () => {
    const { client, tracker } = await start();
    const { document } = await ask('/webhooks');
    expect(document.value).toHaveLength(2);
    expect(JSON.stringify(document)).not.toMatch(/serviceUri|customHeaders|a-secret/);
    const config = await client.webhooks.getCallbackConfig(GROUP, 'contoso', 'trackereastus');
    expect(config.serviceUri).toBe(`${tracker.url}/api/webhooks/contoso/eastus`);
    expect(config.customHeaders).toEqual({ Authorization: 'Bearer a-secret-of-some-length' });
  });

  test('that are created, changed and deleted are called accordingly', async () => {
    const { client, world, scheduler, tracker, webhooks } = await start();
    webhooks.clear();
    const created = await client.webhooks.create(GROUP, 'contoso', 'another1', {
      ...{ location: 'West Europe', serviceUri: `${tracker.url}/api/webhooks/contoso/westeurope`, actions: ['push'] },
      customHeaders: { 'x-key': 'some key' },
    });
    expect(created).toMatchObject({ name: 'another1', location: 'westeurope', status: 'enabled', actions: ['push'] });
    const pushAndCount = async (tag: string) => {
      const before = tracker.requests.length;
      world.push('team/app', tag, IMAGE);
      await scheduler.run();
      return tracker.requests.length - before;
    };
    expect(await pushAndCount('v1')).toBe(1);
    await client.webhooks.update(GROUP, 'contoso', 'another1', { status: 'disabled' });
    expect((await client.webhooks.get(GROUP, 'contoso', 'another1')).status).toBe('disabled');
    expect(await pushAndCount('v2')).toBe(0);
    await client.webhooks.delete(GROUP, 'contoso', 'another1');
    expect(await collect(client.webhooks.list(GROUP, 'contoso'))).toEqual([]);
  });

  test.each([
    ['a-b', { location: 'eastus' }, 400],
    ['another1', { location: 'mars' }, 400],
    ['trackereastus', { location: 'westeurope' }, 409],
    ['another1', { location: 'eastus', properties: {} }, 400],
  ])('named %s with %j are refused', async (name, body, status) => {
    await start();
    const properties = { serviceUri: 'http://127.0.0.1:9/', actions: ['push'] };
    const answer = await ask(`/webhooks/${name}`, { method: 'PUT', body: JSON.stringify({ properties, ...body }) });
    expect(answer.status).toBe(status);
    expect(answer.document.error.code).toMatch(/\w+/);
  });

  test('list their deliveries, newest first, with the whole event and without the secret', async () => {
    const { client, world, scheduler } = await start();
    world.push('team/app', 'v1', IMAGE);
    await scheduler.run();
    world.push('team/app', 'v2', IMAGE);
    await scheduler.run();
    const events = await collect(client.webhooks.listEvents(GROUP, 'contoso', 'trackerwesteurope'));
    expect(events).toMatchObject([
      { eventRequestMessage: { method: 'POST', content: { target: { tag: 'v2', digest: IMAGE.digest } } } },
      { eventRequestMessage: { content: { target: { tag: 'v1' } } }, eventResponseMessage: { statusCode: '200' } },
    ]);
    const { document } = await ask('/webhooks/trackerwesteurope/listEvents', { method: 'POST' });
    expect(JSON.stringify(document)).not.toContain('a-secret');
    expect(document.value[0].eventRequestMessage.headers.Authorization).toBe('******');
  });

  test('have pages of deliveries of which only the first can be read', async () => {
    const { world, scheduler } = await start({ eventsPageSize: 1 });
    world.push('team/app', 'v1', IMAGE);
    world.push('team/app', 'v2', IMAGE);
    await scheduler.run();
    const { document } = await ask('/webhooks/trackereastus/listEvents', { method: 'POST' });
    expect(document.value).toHaveLength(1);
    expect((await fetch(document.nextLink)).status).toBe(405);
  });

  test('can be pinged, and the ping arrives with the id that was answered', async () => {
    const { client, tracker } = await start();
    const { id } = await client.webhooks.ping(GROUP, 'contoso', 'trackerwesteurope');
    await expect.poll(() => tracker.requests.map(({ body }) => JSON.parse(body).id)).toEqual([id]);
    expect(tracker.requests[0]?.path).toBe('/api/webhooks/contoso/westeurope');
  });
});

describe('a fault', () => {
  test.each([
    ['unavailable', 503],
    ['forbidden', 403],
    ['rubbish', 200],
  ] as const)('can be %s', async (mode, status) => {
    const { arm } = await start();
    arm.setMode(mode);
    expect((await fetch(`${arm.url}${arm.resourceId}?api-version=2025-11-01`)).status).toBe(status);
  });

  test('does not stop the registry', async () => {
    const { arm, world, scheduler, tracker } = await start();
    arm.setMode('refusing');
    world.push('team/app', 'v1', IMAGE);
    await scheduler.run();
    expect(tracker.requests).toHaveLength(2);
    await expect(ask('')).rejects.toThrow();
  });

  test.each([
    ['without an api version', '', 400],
    ['for another registry', 'x?api-version=2025-11-01', 404],
    ['for something unknown', '/tokens?api-version=2025-11-01', 404],
  ])('asked %s it is an error', async (_what, suffix, status) => {
    const { arm } = await start();
    expect((await fetch(`${arm.url}${arm.resourceId}${suffix}`)).status).toBe(status);
  });

  test('refuses requests without a token if required', async () => {
    await start({ requireToken: true });
    expect((await ask('')).status).toBe(401);
    expect((await ask('', { headers: { authorization: 'Bearer x' } })).status).toBe(200);
    expect(
      (await ask('/webhooks/another1', { method: 'PUT', body: '{', headers: { authorization: 'Bearer x' } })).status,
    ).toBe(400);
  });
});
