/** Whether an image is complete: every child of an index, every config and layer, each of them checked. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ociManifestProbe } from '../../src/adapters/oci-registry/manifest-probe.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import type { Repository, Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { ManifestProbe } from '../../src/core/ports.ts';
import type { Answer, Content, Image, RegistryStandIn } from '../support/registry-stand-in.ts';
import {
  artifact,
  content,
  descriptor,
  foreignNotFound,
  image,
  index,
  olderTypes,
  signedManifest,
  startRegistryStandIn,
  types,
} from '../support/registry-stand-in.ts';

const eastus = 'eastus' as Region;
const app = 'team/app' as Repository;
const amd64 = image('amd64');
const arm64 = image('arm64');
const attestation = image('attestation');
const platform = (architecture: string, os = 'linux') => ({ platform: { architecture, os } });
const multi = index([
  descriptor(amd64.manifest, platform('amd64')),
  descriptor(arm64.manifest, platform('arm64')),
  descriptor(attestation.manifest, platform('unknown', 'unknown')),
]);

let replica: RegistryStandIn;
let probe: ManifestProbe;
let now: number;

beforeEach(async () => {
  now = 0;
  replica = await startRegistryStandIn();
  probe = ociManifestProbe({
    credential: { getToken: () => Promise.resolve({ token: 'identity', expiresOnTimestamp: 0 }) },
    fetch: globalThis.fetch,
    clock: { now: () => now, sleep: () => Promise.resolve() },
  });
});
afterEach(() => replica.stop());

function ask(reference: Digest | Tag, mediaTypes?: readonly string[]) {
  const registry: Registry = {
    name: 'contoso',
    loginServer: 'contoso.azurecr.io',
    resourceId: undefined,
    regions: [eastus],
    observedOnly: [],
    regionalEndpoints: new Map([[eastus, replica.origin]]),
    verify: 'deep',
  };
  return probe.ask(registry, eastus, app, reference, 'deep', mediaTypes);
}

function addImages(...images: Image[]) {
  for (const { manifest, blobs } of images) {
    replica.add(app, manifest);
    for (const { digest } of blobs) replica.blobs.add(digest);
  }
}

function remove({ digest }: Content) {
  replica.manifests.set(
    app,
    (replica.manifests.get(app) ?? []).filter((one) => one.digest !== digest),
  );
  replica.blobs.delete(digest);
}

function answerFor(digest: string, answer: Answer | 'hangUp') {
  replica.misbehave = ({ path }) => (path.endsWith(digest) ? answer : undefined);
}

function blobOf({ blobs }: Image, which: number): Content {
  const blob = blobs[which];
  if (blob === undefined) throw new Error('the image has fewer blobs');
  return blob;
}

function addMulti() {
  addImages(amd64, arm64, attestation);
  replica.add(app, multi);
}

test.each([types.ociImage, types.dockerImage])('an image with all its parts is whole (%s)', async (mediaType) => {
  const whole = image('whole', mediaType);
  addImages(whole);
  const digest = whole.manifest.digest;
  expect(await ask(digest)).toEqual({
    kind: 'present',
    digest,
    mediaType,
    isWhole: true,
    answeredAt: expect.any(Number),
  });
  expect(replica.requests('HEAD', '/blobs/')).toHaveLength(3);
});

test('an index with all children and all their parts is whole', async () => {
  addMulti();
  replica.tags.set('team/app:v1', multi.digest);
  expect(await ask('v1' as Tag)).toMatchObject({ kind: 'present', digest: multi.digest, isWhole: true });
  expect(replica.requests('GET', '/manifests/')).toHaveLength(4);
  expect(replica.requests('HEAD', '/blobs/')).toHaveLength(9);
});

test('a manifest that is not there is absent', async () => {
  expect(await ask(multi.digest)).toEqual({ kind: 'absent', answeredAt: expect.any(Number) });
});

const parts: [string, () => Content][] = [
  ['a child', () => arm64.manifest],
  ['an attestation', () => attestation.manifest],
  ['a config', () => blobOf(amd64, 0)],
  ['a layer', () => blobOf(arm64, 2)],
  ["an attestation's layer", () => blobOf(attestation, 1)],
];
test.each(parts)('without %s it is there, but not whole', async (_name, part) => {
  addMulti();
  remove(part());
  expect(await ask(multi.digest)).toMatchObject({ kind: 'present', digest: multi.digest, isWhole: false });
});

test.each(parts)('when %s is unclear, everything is', async (_name, part) => {
  addMulti();
  answerFor(part().digest, { status: 429, headers: { 'retry-after': '3' } });
  expect(await ask(multi.digest)).toMatchObject({ kind: 'unclear', retryAfterMs: 3_000 });
});

test.each([200, 307])('a blob answering %i is there, and redirects are not followed', async (status) => {
  const storage = await startRegistryStandIn();
  addImages(amd64);
  replica.misbehave = ({ path }) =>
    path.includes('/blobs/') ? { status, headers: { location: `${storage.origin}/blob?signature=x` } } : undefined;
  expect(await ask(amd64.manifest.digest)).toMatchObject({ kind: 'present', isWhole: true });
  expect(storage.seen).toEqual([]);
  await storage.stop();
});

test.each(foreignNotFound)('404 for a part that is not a registry saying so is unclear: %s', async (_name, answer) => {
  addMulti();
  for (const part of [arm64.manifest, blobOf(amd64, 0), blobOf(arm64, 2)]) {
    answerFor(part.digest, answer);
    expect(await ask(multi.digest)).toMatchObject({ kind: 'unclear' });
  }
});

test("404 for a blob with the registry's version is believed without asking again", async () => {
  addImages(amd64);
  answerFor(blobOf(amd64, 1).digest, { status: 404, headers: { 'docker-distribution-api-version': 'registry/2.0' } });
  expect(await ask(amd64.manifest.digest)).toMatchObject({ kind: 'present', isWhole: false });
  expect(replica.requests('GET', '/blobs/')).toEqual([]);
});

test("a proxy's page is no blob", async () => {
  addImages(amd64);
  answerFor(blobOf(amd64, 1).digest, { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
  expect(await ask(amd64.manifest.digest)).toMatchObject({ kind: 'unclear', reason: 'a page instead of a blob' });
});

test.each([204, 301, 302, 401, 403, 500])('a blob answering %i is unclear', async (status) => {
  addImages(amd64);
  answerFor(blobOf(amd64, 1).digest, { status });
  expect(await ask(amd64.manifest.digest)).toMatchObject({ kind: 'unclear' });
});

test('a connection lost on the way is unclear', async () => {
  addMulti();
  answerFor(arm64.manifest.digest, 'hangUp');
  expect(await ask(multi.digest)).toMatchObject({ kind: 'unclear', reason: 'UND_ERR_SOCKET, of a child' });
});

test('what was found missing counts, whatever else is unclear', async () => {
  const broken = index([descriptor(amd64.manifest), descriptor(arm64.manifest)]);
  addImages(arm64);
  replica.add(app, broken);
  // The unclear answer comes first, while the 404 is still under way.
  replica.misbehave = async ({ path }) => {
    if (path.endsWith(arm64.manifest.digest)) return { status: 503 };
    if (path.endsWith(amd64.manifest.digest)) await new Promise((resolve) => setTimeout(resolve, 100));
    return undefined;
  };
  expect(await ask(broken.digest)).toMatchObject({ kind: 'present', isWhole: false });
});

test('layers that live elsewhere are not asked for, but only if they say where', async () => {
  const foreign = {
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    digest: `sha256:${'f'.repeat(64)}`,
    size: 1,
  };
  const windows = image('windows', types.dockerImage, [{ ...foreign, urls: ['https://mcr.example/layer'] }]);
  const withoutUrls = image('without', types.dockerImage, [foreign]);
  const disguised = image('disguised', types.dockerImage, [
    { ...foreign, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', urls: ['https://mcr.example/layer'] },
  ]);
  addImages(windows, withoutUrls, disguised);
  expect(await ask(windows.manifest.digest)).toMatchObject({ isWhole: true });
  expect(replica.requests('HEAD', foreign.digest)).toEqual([]);
  expect(await ask(withoutUrls.manifest.digest)).toMatchObject({ isWhole: false });
  expect(await ask(disguised.manifest.digest)).toMatchObject({ isWhole: false });
});

test('an index in an index is looked into', async () => {
  const outer = index([descriptor(multi)]);
  addMulti();
  replica.add(app, outer);
  expect(await ask(outer.digest)).toMatchObject({ isWhole: true });
  remove(blobOf(attestation, 1));
  expect(await ask(outer.digest)).toMatchObject({ isWhole: false });
});

test('an index nested without end is unclear', async () => {
  let outer = multi;
  addMulti();
  for (let depth = 0; depth < 6; depth++) {
    outer = index([descriptor(outer)]);
    replica.add(app, outer);
  }
  expect(await ask(outer.digest)).toMatchObject({ kind: 'unclear', reason: 'an index nested too deeply' });
});

test("a build cache's layers are looked for as blobs", async () => {
  const layer = blobOf(amd64, 1);
  const cache = index([descriptor(layer), descriptor(content('application/vnd.buildkit.cacheconfig.v0', '{}'))]);
  replica.add(app, cache);
  replica.blobs.add(layer.digest);
  expect(await ask(cache.digest)).toMatchObject({ isWhole: false });
  replica.blobs.add(content('', '{}').digest);
  expect(await ask(cache.digest)).toMatchObject({ isWhole: true });
});

test('parts that several share are asked for once', async () => {
  const twice = index([
    descriptor(amd64.manifest, platform('amd64')),
    descriptor(amd64.manifest, platform('amd64', 'linux2')),
  ]);
  addImages(amd64);
  replica.add(app, twice);
  expect(await ask(twice.digest)).toMatchObject({ isWhole: true });
  expect(replica.seen).toHaveLength(1 + 1 + 3);
});

test('bytes that do not match their digest are unclear', async () => {
  addMulti();
  const headers = { 'content-type': types.ociImage, 'docker-content-digest': amd64.manifest.digest };
  answerFor(amd64.manifest.digest, { status: 200, headers, body: arm64.manifest.body });
  const reason = 'a manifest that does not match its digest';
  expect(await ask(amd64.manifest.digest)).toMatchObject({ kind: 'unclear', reason });
  expect(await ask(multi.digest)).toMatchObject({ kind: 'unclear', reason: `${reason}, of a child` });
});

test('a manifest that is too large is unclear, and not read to its end', async () => {
  const huge = content(types.ociImage, Buffer.alloc(4 * 1024 * 1024 + 1, ' '));
  replica.add(app, huge);
  expect(await ask(huge.digest)).toMatchObject({ kind: 'unclear', reason: 'more than 4194304 bytes' });
});

test('more parts than any image has are unclear', async () => {
  const many = Array.from({ length: 2_001 }, () => descriptor(amd64.manifest));
  const list = index(many);
  replica.add(app, list);
  expect(await ask(list.digest)).toMatchObject({ kind: 'unclear', reason: 'more than 2000 parts' });
});

test('more parts than that, spread over children, are unclear', async () => {
  const blobs = (child: number) =>
    Array.from({ length: 900 }, (_, i) => descriptor(content('application/x', `${child} ${i}`)));
  const children = [1, 2, 3].map((child) => index(blobs(child)));
  const list = index(children.map((child) => descriptor(child)));
  replica.add(app, ...children, list);
  expect(await ask(list.digest)).toMatchObject({ kind: 'unclear', reason: 'more than 2000 parts' });
  expect(replica.requests('HEAD', '/blobs/')).toEqual([]);
});

test('a look that takes too long is unclear', async () => {
  addMulti();
  replica.misbehave = () => {
    now += 30_000;
    return undefined;
  };
  expect(await ask(multi.digest)).toMatchObject({ kind: 'unclear', reason: 'not done within 60 s' });
});

const { digest } = amd64.manifest;
const config = { mediaType: 'application/json', digest, size: 1 };
const rubbish: [string, string, unknown][] = [
  ['no object', types.ociImage, []],
  ['another type inside', types.ociImage, { mediaType: types.ociIndex, config, layers: [] }],
  ['an image that is an index as well', types.ociImage, { config, layers: [], manifests: [] }],
  ['an index that is an image as well', types.ociIndex, { config, layers: [], manifests: [] }],
  ['an image without layers', types.ociImage, { config }],
  ['an image without config', types.ociImage, { layers: [] }],
  ['an index without manifests', types.ociIndex, {}],
  ['a layer without digest', types.ociImage, { config, layers: [{}] }],
  ['a layer with a digest of another kind', types.ociImage, { config, layers: [{ digest: 'md5:00' }] }],
  ['a child that is null', types.ociIndex, { manifests: [null] }],
  ['an artifact whose blobs are no list', olderTypes.ociArtifact, { blobs: {} }],
  ['a schema 1 manifest whose layers are no list', olderTypes.schema1, { fsLayers: 'none' }],
  ['a schema 1 manifest with a layer without digest', olderTypes.schema1, { fsLayers: [{}] }],
];
test.each(rubbish)('%s is unclear, and no fault of the replica', async (_name, mediaType, document) => {
  const manifest = content(mediaType, JSON.stringify(document));
  addImages(amd64);
  replica.add(app, manifest);
  expect(await ask(manifest.digest)).toMatchObject({ kind: 'unclear', scope: 'image' });
});

test('a manifest that is not JSON, or has no type, is unclear', async () => {
  const text = content(types.ociImage, 'hello');
  replica.add(app, text);
  expect(await ask(text.digest)).toMatchObject({ kind: 'unclear', reason: 'a manifest that is not JSON' });
  const odd = content('', '{}');
  answerFor(odd.digest, { status: 200, headers: { 'docker-content-digest': odd.digest }, body: odd.body });
  expect(await ask(odd.digest)).toMatchObject({ kind: 'unclear', reason: 'a manifest without a type' });
});

const blobs = [content('application/json', 'a bill'), content('application/json', 'of materials')];
const older = [
  artifact(olderTypes.ociArtifact, blobs),
  artifact(olderTypes.orasArtifact, blobs),
  signedManifest(blobs),
  content(olderTypes.schema1, JSON.stringify({ fsLayers: blobs.map((blob) => ({ blobSum: blob.digest })) })),
].map((manifest) => ({ manifest, blobs }));
test.each(older.map((one) => [one.manifest.mediaType, one] as const))(
  'a manifest of type %s is whole with its blobs, alone and in an index',
  async (mediaType, one) => {
    const listed = index([descriptor(one.manifest), descriptor(amd64.manifest)]);
    addImages(one, amd64);
    replica.add(app, listed);
    expect(await ask(one.manifest.digest)).toMatchObject({ kind: 'present', mediaType, isWhole: true });
    expect(await ask(listed.digest)).toMatchObject({ isWhole: true });
    remove(blobOf(one, 1));
    expect(await ask(one.manifest.digest)).toMatchObject({ kind: 'present', isWhole: false });
    expect(await ask(listed.digest)).toMatchObject({ isWhole: false });
  },
);

test('a signed manifest that was changed is unclear', async () => {
  const signed = signedManifest(blobs);
  for (const body of [
    String(signed.body).replace('team/app', 'team/bad'),
    String(signed.body).replace(/"prot/, '"no'),
  ]) {
    const headers = { 'content-type': signed.mediaType, 'docker-content-digest': signed.digest };
    answerFor(signed.digest, { status: 200, headers, body });
    expect(await ask(signed.digest)).toMatchObject({ reason: 'a manifest that does not match its digest' });
  }
});

test.each([
  ['JSON', '{"anything":[1]}'],
  ['no JSON', 'anything'],
])('a kind of manifest that is not understood is whole as soon as it is there (%s)', async (_name, text) => {
  const odd = content('application/vnd.example.thing.manifest.v7+json', text);
  const unnamed = content('application/vnd.example.thing.v1', `${text} `);
  replica.add(app, odd);
  expect(await ask(odd.digest, [odd.mediaType])).toMatchObject({ kind: 'present', isWhole: true });

  const listed = index([descriptor(odd), descriptor(unnamed)]);
  replica.add(app, listed, unnamed);
  replica.blobs.clear();
  expect(await ask(listed.digest)).toMatchObject({ kind: 'present', isWhole: true });
  for (const gone of [odd, unnamed]) {
    remove(gone);
    expect(await ask(listed.digest)).toMatchObject({ kind: 'present', isWhole: false });
    replica.add(app, gone);
    replica.blobs.clear();
  }
  // The blob is answered with 404, but the registry has it as a manifest.
  replica.misbehave = ({ path }) => (path.includes('/blobs/') ? { status: 404 } : undefined);
  expect(await ask(listed.digest)).toMatchObject({ isWhole: true });
});

test('one token does for all the parts', async () => {
  replica.identity = 'identity';
  addMulti();
  expect(await ask(multi.digest)).toMatchObject({ isWhole: true });
  expect(replica.requests('POST', '/oauth2/')).toHaveLength(2);
  expect(
    replica.seen.filter(({ headers }) => headers.authorization === undefined && headers.accept !== 'application/json'),
  ).toHaveLength(1);
});
