/** The token flow against a replica that requires tokens, and against one that sends them elsewhere. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ManifestProbeOptions } from '../../src/adapters/oci-registry/manifest-probe.ts';
import { ociManifestProbe } from '../../src/adapters/oci-registry/manifest-probe.ts';
import type { Repository } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { ManifestProbe } from '../../src/core/ports.ts';
import type { RegistryStandIn } from '../support/registry-stand-in.ts';
import { image, startRegistryStandIn } from '../support/registry-stand-in.ts';

const eastus = 'eastus' as Region;
const westeurope = 'westeurope' as Region;
const app = 'team/app' as Repository;
const other = 'team/other' as Repository;
const { manifest } = image('one');
const identity = 'identity-token-nobody-else-may-see';
const start = Date.parse('2026-06-01T12:00:00Z');
const minute = 60_000;

let replica: RegistryStandIn;
let now: number;
let identityScopes: unknown[];
let probe: ManifestProbe;

beforeEach(async () => {
  now = start;
  identityScopes = [];
  replica = await startRegistryStandIn();
  replica.identity = identity;
  replica.tokensEndAt = start + 75 * minute;
  replica.add(app, manifest);
  replica.add(other, manifest);
  probe = makeProbe();
});
afterEach(() => replica.stop());

function makeProbe(options: Partial<ManifestProbeOptions> = {}): ManifestProbe {
  return ociManifestProbe({
    credential: {
      getToken(scopes) {
        identityScopes.push(scopes);
        return Promise.resolve({ token: identity, expiresOnTimestamp: now + 60 * minute });
      },
    },
    fetch: globalThis.fetch,
    clock: { now: () => now, sleep: () => Promise.resolve() },
    ...options,
  });
}

function registry(origins: [Region, string][] = [[eastus, replica.origin]]): Registry {
  return {
    name: 'contoso',
    loginServer: 'contoso.azurecr.io',
    resourceId: undefined,
    regions: origins.map(([region]) => region),
    observedOnly: [],
    regionalEndpoints: new Map(origins),
    verify: 'missing',
  };
}

const ask = (repository = app, by = probe) => by.ask(registry(), eastus, repository, manifest.digest, 'manifest');
const steps = () => replica.seen.map(({ method, path }) => `${method} ${path.replace(/sha256.*/, '…')}`);
const present = { kind: 'present', digest: manifest.digest };

test('challenge, exchange, token, answer', async () => {
  expect(await ask()).toMatchObject(present);
  expect(steps()).toEqual([
    'HEAD /v2/team/app/manifests/…',
    'POST /oauth2/exchange',
    'POST /oauth2/token',
    'HEAD /v2/team/app/manifests/…',
  ]);
  const service = new URL(replica.origin).host;
  const [first, exchange, token, second] = replica.seen;
  expect(first?.headers.authorization).toBeUndefined();
  expect(Object.fromEntries(exchange?.form ?? [])).toEqual({
    grant_type: 'access_token',
    service,
    access_token: identity,
  });
  expect(Object.fromEntries(token?.form ?? [])).toMatchObject({ service, scope: 'repository:team/app:pull' });
  expect(second?.headers.authorization).toMatch(/^Bearer e30\./);
  expect(identityScopes).toEqual(['https://containerregistry.azure.net/.default']);
});

test('tenant and audience are passed on', async () => {
  await ask(app, makeProbe({ tenant: 'contoso-tenant', audience: 'https://containerregistry.azure.cn' }));
  expect(replica.requests('POST', 'exchange')[0]?.form.get('tenant')).toBe('contoso-tenant');
  expect(identityScopes).toEqual(['https://containerregistry.azure.cn/.default']);
});

test('a replica that wants no token gets none, and nobody is asked for one', async () => {
  replica.identity = undefined;
  expect(await ask()).toMatchObject(present);
  expect(identityScopes).toEqual([]);
  expect(replica.seen).toHaveLength(1);
});

test('a token is used until shortly before it ends', async () => {
  await ask();
  now = start + 72 * minute;
  await ask();
  expect(replica.requests('POST', 'token')).toHaveLength(1);
  expect(replica.requests('HEAD', 'manifests')).toHaveLength(3);
  now = start + 74 * minute;
  replica.tokensEndAt = now + 75 * minute;
  expect(await ask()).toMatchObject(present);
  expect(replica.requests('POST', 'token')).toHaveLength(2);
});

test('a token that does not say when it ends is used for a minute', async () => {
  replica.tokensEndAt = undefined;
  await ask();
  now += 0.9 * minute;
  await ask();
  expect(replica.requests('POST', 'token')).toHaveLength(1);
  now += 0.2 * minute;
  await ask();
  expect(replica.requests('POST', 'token')).toHaveLength(2);
});

test('every repository has a token of its own, and one exchange does for the host', async () => {
  expect(await ask(app)).toMatchObject(present);
  expect(await ask(other)).toMatchObject(present);
  expect(await ask(app)).toMatchObject(present);
  expect(replica.requests('POST', 'exchange')).toHaveLength(1);
  expect(replica.requests('POST', 'token').map(({ form }) => form.get('scope'))).toEqual([
    'repository:team/app:pull',
    'repository:team/other:pull',
  ]);
});

test('every replica has tokens of its own', async () => {
  const second = await startRegistryStandIn();
  second.identity = identity;
  second.add(app, manifest);
  const both = registry([
    [eastus, replica.origin],
    [westeurope, second.origin],
  ]);
  await probe.ask(both, eastus, app, manifest.digest, 'manifest');
  await probe.ask(both, westeurope, app, manifest.digest, 'manifest');
  expect(second.seen[0]?.headers.authorization).toBeUndefined();
  expect(second.requests('POST', 'exchange')).toHaveLength(1);
  await second.stop();
});

test('probes at the same time share one exchange and one token', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
  expect(answers).toEqual(answers.map(() => expect.objectContaining(present)));
  expect(replica.requests('POST', 'exchange')).toHaveLength(1);
  expect(replica.requests('POST', 'token')).toHaveLength(1);
  expect(identityScopes).toHaveLength(1);
});

test('a revoked token is replaced once, together with what it was made from', async () => {
  await ask();
  replica.revokeTokens();
  expect(await ask()).toMatchObject(present);
  expect(replica.requests('POST', 'exchange')).toHaveLength(2);
});

test('probes at the same time replace a revoked token once', async () => {
  await ask();
  replica.revokeTokens();
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask()));
  expect(answers).toEqual(answers.map(() => expect.objectContaining(present)));
  expect(replica.requests('POST', 'exchange')).toHaveLength(2);
  expect(replica.requests('POST', 'token').length).toBeLessThanOrEqual(4);
});

test('a second 401 stands', async () => {
  const follow = { status: 401, headers: { 'www-authenticate': challenge() } };
  replica.misbehave = ({ path }) => (path.startsWith('/v2/') ? follow : undefined);
  expect(await ask()).toEqual({ kind: 'unclear', reason: '401 for the manifest', retryAfterMs: undefined });
  expect(replica.requests('HEAD', 'manifests')).toHaveLength(2);
});

test.each([
  ['exchange', 401, '401 for the identity exchange'],
  ['exchange', 403, '403 for the identity exchange'],
  ['exchange', 307, '307 for the identity exchange'],
  ['token', 500, '500 for the token'],
  ['token', 302, '302 for the token'],
])('/oauth2/%s answering %i is unclear', async (step, status, reason) => {
  const elsewhere = await startRegistryStandIn();
  replica.misbehave = ({ path }) =>
    path === `/oauth2/${step}` ? { status, headers: { location: `${elsewhere.origin}${path}` } } : undefined;
  expect(await ask()).toMatchObject({ kind: 'unclear', reason });
  expect(elsewhere.seen).toEqual([]);
  await elsewhere.stop();
});

test('a rate limit on the exchange says how long to wait', async () => {
  replica.misbehave = ({ path }) =>
    path === '/oauth2/exchange' ? { status: 429, headers: { 'retry-after': '9' } } : undefined;
  expect(await ask()).toEqual({ kind: 'unclear', reason: '429 for the identity exchange', retryAfterMs: 9_000 });
});

test.each(['', 'not json', '[]', 'null', '{}', '{"access_token":7}', '{"access_token":"two\\r\\nlines"}'])(
  'a token answer of %j is unclear',
  async (body) => {
    replica.misbehave = ({ path }) => (path === '/oauth2/token' ? { status: 200, body } : undefined);
    expect(await ask()).toMatchObject({ kind: 'unclear', reason: 'no usable access_token from the token' });
  },
);

test('no failure is remembered', async () => {
  replica.misbehave = ({ path }) => (path === '/oauth2/token' ? { status: 503 } : undefined);
  expect(await ask()).toMatchObject({ kind: 'unclear' });
  replica.misbehave = () => undefined;
  const before = replica.seen.length;
  expect(await ask()).toMatchObject(present);
  expect(replica.seen[before]?.headers.authorization).toBeUndefined();
});

test('an identity that cannot be had is unclear, with the name of the error only', async () => {
  const error = Object.assign(new Error(`request with ${identity} failed`), { name: 'CredentialUnavailableError' });
  const answer = await ask(app, makeProbe({ credential: { getToken: () => Promise.reject(error) } }));
  expect(answer).toMatchObject({ kind: 'unclear', reason: 'no identity token (CredentialUnavailableError)' });
});

test('an identity that keeps us waiting is unclear', async () => {
  const silent = makeProbe({ credential: { getToken: () => new Promise(() => {}) }, timeoutMs: 100 });
  expect(await ask(app, silent)).toMatchObject({ kind: 'unclear', reason: 'no identity token (TimeoutError)' });
});

function challenge(origin = replica.origin, scope = 'repository:team/app:pull'): string {
  return `Bearer realm="${origin}/oauth2/token",service="${new URL(replica.origin).host}",scope="${scope}"`;
}

test('a realm at another host gets nothing at all', async () => {
  const thief = await startRegistryStandIn();
  thief.identity = identity;
  const forged = { status: 401, headers: { 'www-authenticate': challenge(thief.origin) } };
  replica.misbehave = ({ path }) => (path.startsWith('/v2/') ? forged : undefined);
  expect(await ask()).toMatchObject({ kind: 'unclear', reason: 'realm on another origin' });
  expect(thief.seen).toEqual([]);
  expect(identityScopes).toEqual([]);
  await thief.stop();
});

test.each([
  ['a scope for another repository', () => challenge(replica.origin, 'repository:team/other:pull')],
  ['two challenges', () => [challenge(), challenge()]],
  ['an oversized challenge', () => `${challenge()},x="${'x'.repeat(8_000)}"`],
  ['no challenge', () => []],
])('%s is refused before the identity is asked for anything', async (_name, header) => {
  const forged = { status: 401, headers: { 'www-authenticate': header() } };
  replica.misbehave = ({ path }) => (path.startsWith('/v2/') ? forged : undefined);
  expect(await ask()).toMatchObject({ kind: 'unclear' });
  expect(replica.seen).toHaveLength(1);
  expect(identityScopes).toEqual([]);
});

test('a forged challenge in answer to a token gets nothing either', async () => {
  await ask();
  const thief = await startRegistryStandIn();
  const forged = { status: 401, headers: { 'www-authenticate': challenge(thief.origin) } };
  replica.misbehave = ({ path }) => (path.startsWith('/v2/') ? forged : undefined);
  expect(await ask()).toMatchObject({ kind: 'unclear', reason: 'realm on another origin' });
  expect(thief.seen).toEqual([]);
  await thief.stop();
});

test('what one replica has given is not shown to another that calls itself by the same name', async () => {
  const second = await startRegistryStandIn();
  const both = registry([
    [eastus, replica.origin],
    [westeurope, second.origin],
  ]);
  for (const [standIn, token] of [
    [replica, 'refresh-of-the-first'] as const,
    [second, 'refresh-of-the-second'] as const,
  ]) {
    const realm = `${standIn.origin}/oauth2/token`;
    const challenge = `Bearer realm="${realm}",service="contoso.azurecr.io",scope="repository:team/app:pull"`;
    standIn.misbehave = ({ path, headers }) => {
      if (path === '/oauth2/exchange') return { status: 200, body: JSON.stringify({ refresh_token: token }) };
      if (path === '/oauth2/token') return { status: 200, body: JSON.stringify({ access_token: 'access' }) };
      return headers.authorization === undefined
        ? { status: 401, headers: { 'www-authenticate': challenge } }
        : { status: 404 };
    };
  }
  for (const region of [eastus, westeurope]) await probe.ask(both, region, app, manifest.digest, 'manifest');
  const shown = (standIn: RegistryStandIn) =>
    standIn.requests('POST', '/oauth2/token').map(({ form }) => form.get('refresh_token'));
  expect([shown(replica), shown(second)]).toEqual([['refresh-of-the-first'], ['refresh-of-the-second']]);
  await second.stop();
});
