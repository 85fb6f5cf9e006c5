/**
 * How a replica's answers are read. Only a registry's own 404 is "absent"; whatever else is not a clear yes is
 * "unclear".
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ManifestProbeOptions } from '../../src/adapters/oci-registry/manifest-probe.ts';
import { ociManifestProbe } from '../../src/adapters/oci-registry/manifest-probe.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import type { Repository, Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { ManifestProbe } from '../../src/core/ports.ts';
import type { Answer, RegistryStandIn } from '../support/registry-stand-in.ts';
import {
  artifact,
  descriptor,
  foreignNotFound,
  image,
  index,
  notFound,
  olderTypes,
  startRegistryStandIn,
  types,
} from '../support/registry-stand-in.ts';

const eastus = 'eastus' as Region;
const app = 'team/app' as Repository;
const v1 = 'v1' as Tag;
const one = image('one');
const digest = one.manifest.digest;
const now = Date.parse('2026-06-01T12:00:00Z');

let replica: RegistryStandIn;
let probe: ManifestProbe;

beforeEach(async () => {
  replica = await startRegistryStandIn();
  probe = makeProbe();
});
afterEach(() => replica.stop());

function makeProbe(options: Partial<ManifestProbeOptions> = {}): ManifestProbe {
  return ociManifestProbe({
    credential: { getToken: () => Promise.reject(new Error('must not be asked')) },
    fetch: globalThis.fetch,
    clock: { now: () => now, sleep: () => Promise.resolve() },
    ...options,
  });
}

function ask(reference: Digest | Tag = digest, by = probe, mediaTypes?: readonly string[]) {
  return by.ask(registryAt(replica.origin), eastus, app, reference, 'manifest', mediaTypes);
}

function registryAt(origin: string): Registry {
  return {
    name: 'contoso',
    loginServer: 'contoso.azurecr.io',
    resourceId: undefined,
    regions: [eastus],
    observedOnly: [],
    regionalEndpoints: new Map([[eastus, origin]]),
    verify: 'missing',
  };
}

function answers(answer: Answer) {
  replica.misbehave = () => answer;
}

test.each(Object.values(types))('a manifest of type %s that is there is present', async (mediaType) => {
  const { manifest } = mediaType === types.ociIndex ? { manifest: index([], mediaType) } : image('x', mediaType);
  replica.add(app, manifest);
  const present = { kind: 'present', digest: manifest.digest, mediaType, isWhole: false };
  expect(await ask(manifest.digest)).toEqual({ ...present, answeredAt: expect.any(Number) });
  expect(replica.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `HEAD /v2/team/app/manifests/${manifest.digest}`,
  ]);
});

test.each(Object.values(olderTypes))(
  'a manifest of type %s is present without anybody naming it',
  async (mediaType) => {
    const manifest = artifact(mediaType, []);
    replica.add(app, manifest);
    expect(await ask(manifest.digest)).toMatchObject({ kind: 'present', digest: manifest.digest, mediaType });
  },
);

test('a manifest of a type that only its webhook knows is present, asked for by digest and by tag', async () => {
  const mediaType = 'application/vnd.example.thing.manifest.v7+json';
  const manifest = artifact(mediaType, []);
  replica.add(app, manifest);
  replica.tags.set('team/app:v1', manifest.digest);
  for (const reference of [manifest.digest, v1]) {
    expect(await ask(reference)).toMatchObject({ kind: 'unclear' });
    expect(await ask(reference, probe, [mediaType])).toMatchObject({ kind: 'present', mediaType });
  }
});

test('a type that is none, or too many of them, are not asked for', async () => {
  replica.add(app, one.manifest);
  const rubbish = ['a/b\r\nx-evil: 1', 'é/b', '', 'a', `a/${'b'.repeat(200)}`];
  expect(await ask(digest, probe, rubbish)).toMatchObject({ kind: 'present' });
  const many = Array.from({ length: 500 }, (_, which) => `application/vnd.${which}.${'x'.repeat(90)}`);
  expect(await ask(digest, probe, many)).toMatchObject({ kind: 'present' });
  expect(String(replica.seen[0]?.headers.accept)).not.toContain('evil');
  expect(String(replica.seen.at(-1)?.headers.accept).length).toBeLessThan(2_500);
});

test('a tag answers with the digest it points at', async () => {
  replica.add(app, one.manifest);
  replica.tags.set('team/app:v1', digest);
  expect(await ask(v1)).toMatchObject({ kind: 'present', digest });
});

test.each([digest, v1])('404 with an error document is absent, asked for %s', async (reference) => {
  expect(await ask(reference)).toEqual({ kind: 'absent', answeredAt: expect.any(Number) });
  expect(replica.seen.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
});

test('so is the 404 of a repository that is not known', async () => {
  answers(notFound('NAME_UNKNOWN'));
  expect(await ask()).toMatchObject({ kind: 'absent' });
});

test("404 with the registry's version is absent, whatever is in it", async () => {
  for (const body of ['', '<html>404</html>']) {
    answers({ status: 404, headers: { 'docker-distribution-api-version': 'registry/2.0' }, body });
    expect(await ask()).toMatchObject({ kind: 'absent' });
  }
});

test.each(foreignNotFound)('404 that is not a registry saying so is unclear: %s', async (_name, answer) => {
  answers(answer);
  for (const reference of [digest, v1]) expect(await ask(reference)).toMatchObject({ kind: 'unclear' });
});

test('404 because of a type is unclear: it is there', async () => {
  answers(notFound('MANIFEST_UNKNOWN', 'OCI index found, but Accept header does not support OCI indexes'));
  expect(await ask()).toMatchObject({
    kind: 'unclear',
    reason: '404 for the manifest: there, in a type that was not asked for',
  });
});

test('a 404 to HEAD that GET does not confirm is present', async () => {
  replica.add(app, one.manifest);
  replica.misbehave = ({ method }) => (method === 'HEAD' ? { status: 404 } : undefined);
  expect(await ask()).toMatchObject({ kind: 'present', digest });
});

test("a proxy's page with 200 is unclear", async () => {
  answers({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' });
  expect(await ask()).toMatchObject({ kind: 'unclear', reason: '200 without a usable digest' });
});

test('an answer carries when the replica gave it, by its own clock', async () => {
  const date = 'Mon, 01 Jun 2026 11:58:59 GMT';
  const found = { status: 200, headers: { 'docker-content-digest': digest, date } };
  const { headers, ...rest } = notFound('MANIFEST_UNKNOWN');
  for (const answer of [found, { ...rest, headers: { ...headers, date } }]) {
    answers(answer);
    expect(await ask()).toMatchObject({ answeredAt: Date.parse('2026-06-01T11:58:59Z') });
  }
});

test.each(['', 'soon', '0', '2026-06-01T11:58:59Z', 'Mon, 41 Jun 2026 11:58:59 GMT', 'Mon, 01 Jun 1926 11:58:59 GMT'])(
  'with an invalid date (%j), our clock gives the time',
  async (date) => {
    answers({ status: 404, headers: { date, 'docker-distribution-api-version': 'registry/2.0' } });
    expect(await ask()).toEqual({ kind: 'absent', answeredAt: undefined });
  },
);

test.each([204, 206, 400, 403, 405, 410, 418, 429, 500, 502, 503, 504])('%i is unclear', async (status) => {
  answers({ status });
  expect(await ask()).toEqual({ kind: 'unclear', reason: `${status} for the manifest`, retryAfterMs: undefined });
});

test.each([301, 302, 303, 307, 308])('a redirect (%i) is unclear and not followed', async (status) => {
  const elsewhere = await startRegistryStandIn();
  answers({ status, headers: { location: `${elsewhere.origin}/v2/team/app/manifests/${digest}` } });
  expect(await ask()).toMatchObject({ kind: 'unclear', reason: `${status} for the manifest` });
  expect(elsewhere.seen).toEqual([]);
  await elsewhere.stop();
});

const retryAfter: [string, number | undefined][] = [
  ['7', 7_000],
  ['0', 0],
  ['Mon, 01 Jun 2026 12:00:30 GMT', 30_000],
  ['Mon, 01 Jun 2026 11:00:00 GMT', 0],
  ['999999999', 3_600_000],
  ['soon', undefined],
  ['-5', undefined],
];
test.each(retryAfter)('Retry-After: %s', async (header, retryAfterMs) => {
  answers({ status: 429, headers: { 'retry-after': header } });
  expect(await ask()).toEqual({ kind: 'unclear', reason: '429 for the manifest', retryAfterMs });
});

test('200 with another digest than the one asked for is unclear', async () => {
  const other = image('other').manifest;
  answers({ status: 200, headers: { 'content-type': types.ociImage, 'docker-content-digest': other.digest } });
  expect(await ask()).toMatchObject({ kind: 'unclear', reason: '200 with another digest' });
});

test.each([undefined, '', 'sha256:abc', `sha512:${'a'.repeat(64)}`, `${digest}, ${digest}`])(
  '200 with the digest %j is unclear',
  async (header) => {
    answers({ status: 200, headers: header === undefined ? {} : { 'docker-content-digest': header } });
    expect(await ask(v1)).toMatchObject({ kind: 'unclear', reason: '200 without a usable digest' });
  },
);

test.each([
  ['Application/Vnd.OCI.Image.Manifest.v1+JSON; charset=utf-8', types.ociImage],
  ['what is this', undefined],
  ['', undefined],
])('content type %j', async (header, mediaType) => {
  answers({ status: 200, headers: { 'content-type': header, 'docker-content-digest': digest } });
  expect(await ask()).toMatchObject({ kind: 'present', mediaType });
});

test('a replica that does not answer in time is unclear', async () => {
  replica.misbehave = () => 'silence';
  const started = performance.now();
  expect(await ask(digest, makeProbe({ timeoutMs: 100 }))).toMatchObject({ kind: 'unclear', reason: 'timeout' });
  expect(performance.now() - started).toBeLessThan(3_000);
});

test('a replica that hangs up is unclear', async () => {
  replica.misbehave = () => 'hangUp';
  expect(await ask()).toMatchObject({ kind: 'unclear', reason: 'UND_ERR_SOCKET' });
});

test('a replica that is not reachable is unclear, without its address', async () => {
  const { origin } = replica;
  await replica.stop();
  const answer = await ask();
  expect(answer).toEqual({ kind: 'unclear', reason: 'ECONNREFUSED', retryAfterMs: undefined });
  expect(JSON.stringify(answer)).not.toContain(new URL(origin).port);
});

test('a replica without an endpoint of its own is unclear', async () => {
  const answer = await probe.ask(
    { ...registryAt(replica.origin), regionalEndpoints: false },
    eastus,
    app,
    digest,
    'manifest',
  );
  expect(answer).toMatchObject({ kind: 'unclear', reason: 'no endpoint of its own' });
});

test('the standard endpoint is asked where the settings name none', async () => {
  const urls: string[] = [];
  const fetch: typeof globalThis.fetch = (url) => {
    urls.push(String(url));
    return Promise.reject(new TypeError('not today'));
  };
  const registry = { ...registryAt(''), loginServer: 'contoso-d7ez.azurecr.io', regionalEndpoints: true };
  await makeProbe({ fetch }).ask(registry, eastus, app, v1, 'manifest');
  expect(urls).toEqual(['https://contoso-d7ez.eastus.geo.azurecr.io/v2/team/app/manifests/v1']);
});

test('an index is asked for by its own type, too', async () => {
  const list = index([descriptor(one.manifest)], types.dockerList);
  replica.add(app, list);
  expect(await ask(list.digest)).toMatchObject({ kind: 'present', mediaType: types.dockerList });
  const asked = String(replica.seen[0]?.headers.accept).split(', ');
  expect(asked.sort()).toEqual([...Object.values(types), ...Object.values(olderTypes), '*/*'].sort());
});

test('manifests are asked for as they are stored', async () => {
  await ask();
  expect(new Set(replica.seen.map(({ headers }) => headers['accept-encoding']))).toEqual(new Set(['identity']));
});
