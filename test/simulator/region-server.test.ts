/**
 * `/v2/` of one region over real HTTP: what a client gets that does everything right, and what it gets when it does not
 * accept an index, keeps a token too long, or asks a region with a fault.
 */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { ARTIFACT_TYPES, buildArtifact } from '../../src/local/simulator/artifact-manifest.ts';
import { buildImage, buildIndex } from '../../src/local/simulator/manifest.ts';
import { openRandom } from '../../src/local/simulator/random.ts';
import { type RegionServerOptions, startRegionServers } from '../../src/local/simulator/region-server.ts';
import type { StandInServer } from '../../src/local/simulator/stand-in-server.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';
import { createWorld } from '../../src/local/simulator/world.ts';
import type { WorldOptions } from '../../src/local/simulator/world-state.ts';

const ALL_TYPES = [
  ...['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'],
  ...['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'],
].join(', ');
const IMAGE = buildImage(openRandom(1));
const INDEX = buildIndex(openRandom(2));
let servers = new Map<string, StandInServer>();

afterEach(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  servers = new Map();
});

async function start(options: RegionServerOptions = {}, worldOptions: Partial<WorldOptions> = {}) {
  const scheduler = createVirtualScheduler();
  const base = { registry: 'contoso', regions: ['eastus', 'westeurope'], seed: 3, scheduler };
  const world = createWorld({ ...base, ...worldOptions });
  servers = await startRegionServers(world, options);
  return { world, scheduler, eastus: take('eastus'), westeurope: take('westeurope') };
}

function take(region: string): StandInServer {
  const server = servers.get(region);
  if (server === undefined) throw new Error(`${region}: no server`);
  return server;
}

async function post(server: StandInServer, path: string, form: Record<string, string>) {
  const response = await fetch(`${server.url}${path}`, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, tokens: (await response.json()) as Record<string, string> };
}

/** The whole token flow, from the challenge on, as a client does it. */
async function fetchToken(server: StandInServer, path: string): Promise<string> {
  const challenge = (await fetch(`${server.url}${path}`)).headers.get('www-authenticate') ?? '';
  const [, realm = '', service = '', scope = ''] =
    /realm="([^"]+)",service="([^"]+)",scope="([^"]+)"/.exec(challenge) ?? [];
  expect(realm).toBe(`${server.url}/oauth2/token`);
  const entra = { grant_type: 'access_token', service, tenant: 'contoso', access_token: 'an Entra token' };
  const refresh_token = (await post(server, '/oauth2/exchange', entra)).tokens.refresh_token ?? '';
  const form = { grant_type: 'refresh_token', service, scope, refresh_token };
  return (await post(server, '/oauth2/token', form)).tokens.access_token ?? '';
}

async function ask(server: StandInServer, path: string, accept = ALL_TYPES, method = 'HEAD', token?: string) {
  const authorization = `Bearer ${token ?? (await fetchToken(server, path))}`;
  return fetch(`${server.url}${path}`, { method, headers: { accept, authorization }, redirect: 'manual' });
}

describe('a manifest', () => {
  test('is found by digest and by tag, with its digest, type and length', async () => {
    const { world, scheduler, eastus, westeurope } = await start();
    world.push('team/app', 'v1', INDEX, { region: 'eastus' });
    await scheduler.run();
    for (const [server, reference] of [
      [eastus, INDEX.digest],
      [westeurope, 'v1'],
    ] as const) {
      const response = await ask(server, `/v2/team/app/manifests/${reference}`);
      expect(response.status).toBe(200);
      expect(response.headers.get('docker-content-digest')).toBe(INDEX.digest);
      expect(response.headers.get('content-type')).toBe(INDEX.mediaType);
      expect(response.headers.get('content-length')).toBe(String(INDEX.bytes.length));
    }
  });

  test('is the bytes its digest was made from', async () => {
    const { world, eastus } = await start();
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    const body = Buffer.from(await (await ask(eastus, '/v2/team/app/manifests/v1', ALL_TYPES, 'GET')).arrayBuffer());
    expect(`sha256:${createHash('sha256').update(body).digest('hex')}`).toBe(IMAGE.digest);
  });

  test('is found under a percent-encoded repository name too', async () => {
    const { world, eastus } = await start();
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    const path = `/v2/team%2Fapp/manifests/${encodeURIComponent(IMAGE.digest)}`;
    expect((await ask(eastus, path)).status).toBe(200);
  });

  test('is 404 where it has not arrived, and says whether the repository is known', async () => {
    const { world, scheduler, westeurope } = await start();
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    const path = '/v2/team/app/manifests/v1';
    const early = await ask(westeurope, path, ALL_TYPES, 'GET');
    expect([early.status, await early.json()]).toMatchObject([404, { errors: [{ code: 'NAME_UNKNOWN' }] }]);
    await scheduler.run();
    const other = await ask(westeurope, '/v2/team/app/manifests/v2', ALL_TYPES, 'GET');
    expect([other.status, await other.json()]).toMatchObject([404, { errors: [{ code: 'MANIFEST_UNKNOWN' }] }]);
    expect((await ask(westeurope, path)).status).toBe(200);
  });

  test.each([
    ['*/*', 404],
    ['application/vnd.docker.distribution.manifest.v2+json', 404],
    [`application/json, ${INDEX.mediaType};q=0.9`, 200],
  ])('that is an index is with Accept: %s a %i', async (accept, status) => {
    const { world, scheduler, eastus } = await start();
    world.push('team/app', 'v1', INDEX, { region: 'eastus' });
    await scheduler.run();
    expect((await ask(eastus, '/v2/team/app/manifests/v1', accept)).status).toBe(status);
  });

  test.each(ARTIFACT_TYPES)(
    'of type %s is 404 for a client that does not accept it by name, with an error that says that it exists',
    async (type) => {
      const { world, eastus } = await start();
      const artifact = buildArtifact(openRandom(4), type);
      world.push('team/app', 'v1', artifact, { region: 'eastus' });
      const path = `/v2/team/app/manifests/${artifact.digest}`;
      expect((await ask(eastus, path, `${ALL_TYPES}, ${type}`)).status).toBe(200);
      const refused = await ask(eastus, path, `${ALL_TYPES}, */*`, 'GET');
      const message = 'OCI artifact found, but accept header does not support OCI artifacts';
      expect([refused.status, await refused.json()]).toMatchObject([
        404,
        { errors: [{ code: 'MANIFEST_UNKNOWN', message }] },
      ]);
    },
  );

  test('comes, as every answer, with the version of the registry', async () => {
    const { world, eastus } = await start();
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    for (const path of ['manifests/v1', 'manifests/v2', `blobs/${IMAGE.blobs[0]?.digest}`, 'blobs/sha256:0']) {
      const response = await ask(eastus, `/v2/team/app/${path}`);
      expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    }
  });

  test('in another region is served once the registry fetches for its clients, so a 200 proves nothing', async () => {
    const { world, westeurope } = await start({ syncProxy: true });
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    expect((await ask(westeurope, '/v2/team/app/manifests/v1')).status).toBe(200);
    expect(world.truth.isIn('westeurope', `team/app@${IMAGE.digest}`)).toBe(false);
  });
});

describe('a blob', () => {
  const [config] = IMAGE.blobs;

  test('is there with its manifest, unless scattered', async () => {
    const { world, scheduler, eastus } = await start({}, { faults: { scatter: 1 } });
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    const path = `/v2/team/app/blobs/${config?.digest}`;
    expect((await ask(eastus, path)).status).toBe(404);
    await scheduler.run();
    const found = await ask(eastus, path);
    expect([found.status, found.headers.get('content-length')]).toEqual([200, String(config?.bytes.length)]);
  });

  test('can be somewhere else, without a token', async () => {
    const { world, eastus } = await start({ redirectBlobs: true });
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    const redirected = await ask(eastus, `/v2/team/app/blobs/${config?.digest}`);
    expect(redirected.status).toBe(307);
    expect((await fetch(`${eastus.url}${redirected.headers.get('location')}`)).status).toBe(200);
  });
});

describe('tokens', () => {
  test('expire when their exp says so', async () => {
    let now = Date.UTC(2026, 5, 1);
    const { world, eastus } = await start({ now: () => now, accessTokenSeconds: 60 });
    world.push('team/app', 'v1', IMAGE, { region: 'eastus' });
    const path = '/v2/team/app/manifests/v1';
    const token = await fetchToken(eastus, path);
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(exp).toBe(now / 1_000 + 60);
    now += 59_000;
    expect((await ask(eastus, path, ALL_TYPES, 'HEAD', token)).status).toBe(200);
    now += 1_000;
    const late = await ask(eastus, path, ALL_TYPES, 'HEAD', token);
    expect([late.status, late.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('invalid_token'),
    ]);
  });

  test('are good for one repository and one region', async () => {
    const { eastus, westeurope } = await start();
    const token = await fetchToken(eastus, '/v2/team/app/manifests/v1');
    const other = await ask(eastus, '/v2/team/other/manifests/v1', ALL_TYPES, 'HEAD', token);
    expect([other.status, other.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('insufficient_scope'),
    ]);
    expect((await ask(westeurope, '/v2/team/app/manifests/v1', ALL_TYPES, 'HEAD', token)).status).toBe(401);
  });

  test('are not given without credentials', async () => {
    const { eastus } = await start();
    const service = new URL(eastus.url).host;
    expect((await post(eastus, '/oauth2/exchange', { grant_type: 'access_token', service })).status).toBe(401);
    expect(
      (await post(eastus, '/oauth2/token', { grant_type: 'refresh_token', service, refresh_token: 'a.b.c' })).status,
    ).toBe(401);
    expect((await fetch(`${eastus.url}/oauth2/exchange`)).status).toBe(404);
    expect((await fetch(`${eastus.url}/v2/`)).headers.get('www-authenticate')).not.toContain('scope');
  });
});

describe('a fault', () => {
  test('of the region drops the connection until it is over', async () => {
    const { world, eastus, westeurope } = await start();
    world.beginOutage('eastus');
    await expect(fetch(`${eastus.url}/v2/`)).rejects.toThrow();
    expect((await fetch(`${westeurope.url}/v2/`)).status).toBe(401);
    world.endOutage('eastus');
    expect((await fetch(`${eastus.url}/v2/`)).status).toBe(401);
    world.removeReplica('westeurope');
    await expect(fetch(`${westeurope.url}/v2/`)).rejects.toThrow();
  });

  test('throttles with a Retry-After that counts down', async () => {
    let now = Date.UTC(2026, 5, 1);
    const { eastus } = await start({ now: () => now });
    const retryAfter = async () => (await fetch(`${eastus.url}/v2/`)).headers.get('retry-after');
    eastus.throttle(60);
    expect(await retryAfter()).toBe('60');
    now += 45_000;
    expect(await retryAfter()).toBe('15');
    now += 15_000;
    expect(await retryAfter()).toBe(null);
    expect(eastus.requests.map(({ status }) => status)).toEqual([429, 429, 401]);
  });

  test.each([
    ['unavailable', 503],
    ['forbidden', 403],
    ['rubbish', 200],
    ['misrouted', 404],
    ['disabled', 404],
  ] as const)('can be %s', async (mode, status) => {
    const { eastus } = await start();
    eastus.setMode(mode);
    const response = await fetch(`${eastus.url}/v2/team/app/manifests/v1`);
    expect([response.status, response.headers.get('docker-distribution-api-version')]).toEqual([status, null]);
    eastus.setMode('ok');
    expect((await fetch(`${eastus.url}/v2/team/app/manifests/v1`)).status).toBe(401);
    expect(eastus.count('GET /v2/team/app/manifests/')).toBe(2);
  });

  test('can leave a client hanging', async () => {
    const { eastus } = await start();
    eastus.setMode('hanging');
    await expect(fetch(eastus.url, { signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/);
  });
});
