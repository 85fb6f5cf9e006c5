/**
 * The probe against real registries: two processes of the distribution registry stand for two replicas. What the
 * stand-in believes about the protocol is held against them here.
 */
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ociManifestProbe } from '../../src/adapters/oci-registry/manifest-probe.ts';
import type { Digest } from '../../src/core/digest.ts';
import type { Repository, Tag } from '../../src/core/reference.ts';
import type { Region } from '../../src/core/region.ts';
import type { Registry } from '../../src/core/registry.ts';
import type { Content, Image } from '../support/registry-stand-in.ts';
import { descriptor, image, index, types } from '../support/registry-stand-in.ts';

const isInstalled = (command: string) => spawnSync(command, ['--version']).error === undefined;
const canRun = isInstalled('docker-registry') && isInstalled('skopeo');
if (!canRun) {
  test('docker-registry and skopeo are installed where this must not be skipped', () => {
    console.warn('\n*** SKIPPED: the probe was NOT tried against real registries.');
    console.warn('*** Install them with: apt-get install -y docker-registry skopeo\n');
    expect(process.env.CI ?? '', 'CI must have docker-registry and skopeo').toBe('');
  });
}

const eastus = 'eastus' as Region;
const westeurope = 'westeurope' as Region;
const absent = `sha256:${'0'.repeat(64)}` as Digest;

const probe = ociManifestProbe({
  credential: { getToken: () => Promise.reject(new Error('a registry without tokens must not need one')) },
  fetch: globalThis.fetch,
  clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
});

interface RealRegistry {
  readonly origin: string;
  readonly folder: string;
  readonly process: ChildProcess;
}

const started: RealRegistry[] = [];
const originOf = (which: number) => started[which]?.origin ?? '';

describe.runIf(canRun)('real registries', () => {
  beforeAll(async () => {
    for (let which = 0; which < 2; which++) started.push(await startRegistry());
  });
  afterAll(async () => {
    for (const { process: running, folder } of started) {
      running.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  });

  const ask = (region: Region, repository: string, reference: string, depth: 'manifest' | 'deep' = 'manifest') => {
    const registry: Registry = {
      name: 'contoso',
      loginServer: 'contoso.azurecr.io',
      resourceId: undefined,
      regions: [eastus, westeurope],
      observedOnly: [],
      regionalEndpoints: new Map([
        [eastus, originOf(0)],
        [westeurope, originOf(1)],
      ]),
      verify: 'deep',
    };
    return probe.ask(registry, region, repository as Repository, reference as Digest | Tag, depth);
  };

  test.each(Object.values(types))('%s: present by digest and by tag, absent elsewhere', async (mediaType) => {
    const repository = `kinds/of-${Object.values(types).indexOf(mediaType)}`;
    const isIndex = mediaType === types.ociIndex || mediaType === types.dockerList;
    const single = image(mediaType, isIndex ? types.ociImage : mediaType);
    const top = isIndex ? index([descriptor(single.manifest)], mediaType) : single.manifest;
    await pushImage(repository, single);
    await putManifest(repository, top, 'v1');

    const present = { kind: 'present', digest: top.digest, mediaType };
    expect(await ask(eastus, repository, top.digest)).toEqual({ ...present, isWhole: false });
    expect(await ask(eastus, repository, 'v1')).toEqual({ ...present, isWhole: false });
    expect(await ask(eastus, repository, 'v1', 'deep')).toEqual({ ...present, isWhole: true });
    expect(await ask(eastus, repository, absent)).toEqual({ kind: 'absent' });
    expect(await ask(eastus, repository, 'v2')).toEqual({ kind: 'absent' });
    expect(await ask(westeurope, repository, top.digest)).toEqual({ kind: 'absent' });
    expect(await ask(westeurope, repository, top.digest, 'deep')).toEqual({ kind: 'absent' });
  });

  const amd64 = image('amd64');
  const arm64 = image('arm64');
  const attestation = image('attestation');
  const multi = index([
    descriptor(amd64.manifest, { platform: { architecture: 'amd64', os: 'linux' } }),
    descriptor(arm64.manifest, { platform: { architecture: 'arm64', os: 'linux' } }),
    descriptor(attestation.manifest, { platform: { architecture: 'unknown', os: 'unknown' } }),
  ]);
  const whole = { kind: 'present', digest: multi.digest, mediaType: types.ociIndex, isWhole: true };
  const pushMulti = async (repository: string) => {
    for (const one of [amd64, arm64, attestation]) await pushImage(repository, one);
    await putManifest(repository, multi, 'v1');
  };

  test('an index copied to another replica is whole there, too', async () => {
    await pushMulti('copied/app');
    const reference = (which: number) => `docker://${new URL(originOf(which)).host}/copied/app:v1`;
    const options = ['--all', '--src-tls-verify=false', '--dest-tls-verify=false', '--preserve-digests'];
    const { status, stderr } = spawnSync(
      'skopeo',
      ['--insecure-policy', 'copy', ...options, reference(0), reference(1)],
      {
        encoding: 'utf8',
        timeout: 20_000,
      },
    );
    expect(status, stderr).toBe(0);
    expect(await ask(westeurope, 'copied/app', 'v1', 'deep')).toEqual(whole);
  });

  const parts: [string, string, Content | undefined][] = [
    ['child', 'manifests', arm64.manifest],
    ['attestation', 'manifests', attestation.manifest],
    ['layer', 'blobs', amd64.blobs[1]],
    ['config', 'blobs', attestation.blobs[0]],
  ];
  test.each(parts)('an index that has lost a %s is there, and not whole', async (name, kind, part) => {
    const repository = `broken/${name}`;
    await pushMulti(repository);
    expect(await ask(eastus, repository, 'v1', 'deep')).toEqual(whole);
    await expectStatus(202, `/v2/${repository}/${kind}/${part?.digest}`, { method: 'DELETE' });
    expect(await ask(eastus, repository, 'v1', 'deep')).toEqual({ ...whole, isWhole: false });
    expect(await ask(eastus, repository, 'v1')).toMatchObject({ kind: 'present', digest: multi.digest });
  });

  test('an index that was deleted is absent', async () => {
    await pushMulti('deleted/app');
    await expectStatus(202, `/v2/deleted/app/manifests/${multi.digest}`, { method: 'DELETE' });
    expect(await ask(eastus, 'deleted/app', multi.digest)).toEqual({ kind: 'absent' });
    expect(await ask(eastus, 'deleted/app', 'v1')).toEqual({ kind: 'absent' });
  });

  test('a replica that has stopped is unclear', async () => {
    const stopped = await startRegistry();
    started.push(stopped);
    stopped.process.kill('SIGKILL');
    await new Promise((resolve) => stopped.process.once('exit', resolve));
    const registry = { regionalEndpoints: new Map([[eastus, stopped.origin]]) } as unknown as Registry;
    const answer = await probe.ask(registry, eastus, 'team/app' as Repository, absent, 'deep');
    expect(answer).toMatchObject({ kind: 'unclear', reason: 'ECONNREFUSED' });
  });
});

async function startRegistry(): Promise<RealRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'real-registry-'));
  const port = await freePort();
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: folder }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
  };
  // JSON is YAML.
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const running = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  const origin = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    const isUp = await fetch(`${origin}/v2/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { origin, folder, process: running };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  running.kill('SIGKILL');
  throw new Error('docker-registry did not start');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function pushImage(repository: string, { manifest, blobs }: Image): Promise<void> {
  for (const blob of blobs) {
    const upload = await expectStatus(202, `/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const location = new URL(upload.headers.get('location') ?? '', originOf(0));
    location.searchParams.set('digest', blob.digest);
    await expectStatus(201, location.href, { method: 'PUT', body: new Uint8Array(blob.body) });
  }
  await putManifest(repository, manifest, manifest.digest);
}

async function putManifest(repository: string, manifest: Content, reference: string): Promise<void> {
  await expectStatus(201, `/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: new Uint8Array(manifest.body),
  });
}

async function expectStatus(status: number, path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(new URL(path, originOf(0)), init);
  const body = await response.text();
  expect(response.status, `${init.method} ${path}: ${body}`).toBe(status);
  return response;
}
