/** Reads for families over real HTTP: manifests from a replica or the login server, and the pages of referrers. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ociManifestReader } from '../../src/adapters/oci-registry/manifest-reader.ts';
import { digestOf, regionOf, registryOf, repositoryOf } from '../support/build.ts';
import { manualClock } from '../support/manual-clock.ts';
import { content, descriptor, index, types } from '../support/registry-stand-in.ts';

const repository = repositoryOf('team/app');
const digest = digestOf(1);
const own = `/v2/team/app/referrers/${digest}`;
const schema = `/v2/team/app/manifests/${digest.replace(':', '-')}`;
const notation = 'application/vnd.cncf.notary.signature';
const registryHeaders = { 'docker-distribution-api-version': 'registry/2.0' };

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Answers these paths, and everything else with a registry's 404. */
async function serve(answers: Record<string, Answer>) {
  const server = createServer((request, response) => {
    const { status, headers, body } = answers[request.url ?? ''] ?? { status: 404, headers: registryHeaders, body: '' };
    response.writeHead(status ?? 200, headers);
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return registryOf({ loginServer: `127.0.0.1:${port}` });
}

function reader() {
  const credential = { getToken: async () => null };
  return ociManifestReader({ credential, fetch, clock: manualClock(), timeoutMs: 2_000 });
}

const listOf = (...entries: readonly object[]) => JSON.stringify({ schemaVersion: 2, manifests: entries });
const entry = (number: number) => ({
  mediaType: types.ociImage,
  digest: digestOf(number),
  size: 1,
  artifactType: notation,
});
const referrer = (number: number) => ({ digest: digestOf(number), artifactType: notation, content: null });

describe('a manifest', () => {
  const top = index([descriptor(content(types.ociImage, 'child'))]);
  const answer = {
    headers: { 'content-type': top.mediaType, 'docker-content-digest': top.digest },
    body: top.body,
  };

  test('from the login server, in plain http on this machine', async () => {
    const registry = await serve({ [`/v2/team/app/manifests/${top.digest}`]: answer });
    const read = await reader().read(registry, undefined, repository, top.digest, [top.mediaType]);
    expect(read).toEqual({ kind: 'manifest', mediaType: top.mediaType, body: top.body.toString() });
  });

  test('from the replica that has an endpoint of its own', async () => {
    const replica = await serve({ [`/v2/team/app/manifests/${top.digest}`]: answer });
    const registry = {
      ...(await serve({})),
      regionalEndpoints: new Map([[regionOf('eastus'), `http://${replica.loginServer}`]]),
    };
    const read = (region: string) => reader().read(registry, regionOf(region), repository, top.digest, []);
    expect(await read('eastus')).toMatchObject({ kind: 'manifest' });
    expect(await read('westeurope')).toMatchObject({ kind: 'absent' });
  });

  test.each<[string, Answer]>([
    ['whose bytes are not those of its digest', { ...answer, body: '{"manifests":[]}' }],
    ['that is another one', { ...answer, headers: { ...answer.headers, 'docker-content-digest': digest } }],
    ['that is too large', { ...answer, body: ' '.repeat(4 * 1024 * 1024 + 1) }],
  ])('%s is no answer, neither about the manifest nor about the registry', async (_what, odd) => {
    const registry = await serve({ [`/v2/team/app/manifests/${top.digest}`]: odd });
    const read = await reader().read(registry, undefined, repository, top.digest, []);
    expect(read).toMatchObject({ kind: 'unclear', scope: 'image' });
  });

  test('that is refused: unknown', async () => {
    const registry = await serve({ [`/v2/team/app/manifests/${top.digest}`]: { status: 403 } });
    const read = await reader().read(registry, undefined, repository, top.digest, []);
    expect(read).toEqual({ kind: 'unclear', reason: '403 for the manifest', retryAfterMs: undefined });
  });
});

describe('what is attached', () => {
  test.each<[string, Record<string, Answer>, unknown]>([
    ['nothing', { [own]: { body: listOf() } }, []],
    ['on one page', { [own]: { body: listOf(entry(2)) } }, [referrer(2)]],
    [
      'on several pages',
      {
        [own]: { body: listOf(entry(2)), headers: { link: `<${own}?last=2>; rel="next"` } },
        [`${own}?last=2`]: { body: listOf(entry(3)), headers: { link: `</v2/other>; rel="prev"` } },
      },
      [referrer(2), referrer(3)],
    ],
    [
      'a next page elsewhere',
      { [own]: { body: listOf(entry(2)), headers: { link: '</v2/x/y>; rel="next"' } } },
      undefined,
    ],
    [
      'a next page that fails: what is on it is not known',
      {
        [own]: { body: listOf(entry(2)), headers: { link: `<${own}?last=2>; rel="next"` } },
        [`${own}?last=2`]: { status: 503 },
      },
      undefined,
    ],
    ['an endless list', { [own]: { body: listOf(), headers: { link: `<${own}>; rel="next"` } } }, undefined],
    ['a registry in trouble', { [own]: { status: 500 } }, undefined],
    ['no right', { [own]: { status: 403 } }, undefined],
    ['a page that is no list', { [own]: { body: '<html>' } }, undefined],
    ['a registry without the API, and nothing under the tag', {}, []],
    ['a 404 of somebody else', { [own]: { status: 404 }, [schema]: { status: 404, body: '<html>' } }, undefined],
  ])('%s', async (_what, answers, expected) => {
    const registry = await serve(answers);
    expect(await reader().referrers(registry, undefined, repository, digest)).toEqual(expected);
  });

  test('by the tag schema, where the registry has no API for it', async () => {
    const listed = content(types.ociIndex, listOf(entry(2)));
    const registry = await serve({
      [schema]: {
        headers: { 'content-type': types.ociIndex, 'docker-content-digest': listed.digest },
        body: listed.body,
      },
    });
    expect(await reader().referrers(registry, undefined, repository, digest)).toEqual([referrer(2)]);
  });
});

describe('whether it is there at all', () => {
  test.each<[string, Answer, boolean]>([
    ['for everybody', { status: 200 }, true],
    ['for those with a token', { status: 401 }, true],
    ['something else', { status: 404 }, false],
  ])('%s', async (_what, answer, isThere) => {
    expect(await reader().reaches(await serve({ '/v2/': answer }))).toBe(isThere);
  });

  test('nobody', async () => {
    expect(await reader().reaches(registryOf({ loginServer: '127.0.0.1:1' }))).toBe(false);
  });

  test('at an endpoint of a replica alone', async () => {
    const replica = await serve({ '/v2/': { status: 401 } });
    const regionalEndpoints = new Map([[regionOf('eastus'), `http://${replica.loginServer}`]]);
    expect(await reader().reaches(registryOf({ loginServer: '127.0.0.1:1', regionalEndpoints }))).toBe(true);
  });
});
