/**
 * The probe against real registries: two processes of the distribution registry serve as two replicas. What the
 * stand-in assumes about the protocol is checked against them here.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ociManifestProbe } from '../../src/adapters/oci-registry/manifest-probe.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import type { Repository, Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import type { RealRegistry } from '../support/real-registry.ts';
import {
  canRunRegistries,
  copyImage,
  expectStatus,
  pushImage,
  putManifest,
  reportMissingRegistries,
  startRegistry,
} from '../support/real-registry.ts';
import type { Content } from '../support/registry-stand-in.ts';
import { descriptor, image, index, types } from '../support/registry-stand-in.ts';

if (!canRunRegistries) reportMissingRegistries('the probe was NOT tried against real registries.');

const eastus = 'eastus' as Region;
const westeurope = 'westeurope' as Region;
const absent = `sha256:${'0'.repeat(64)}` as Digest;

const probe = ociManifestProbe({
  credential: { getToken: () => Promise.reject(new Error('a registry without tokens must not need one')) },
  fetch: globalThis.fetch,
  clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
});

const started: RealRegistry[] = [];
const originOf = (which: number) => started[which]?.origin ?? '';

describe.runIf(canRunRegistries)('real registries', () => {
  beforeAll(async () => {
    for (let which = 0; which < 2; which++) started.push(await startRegistry());
  });
  afterAll(async () => {
    await Promise.all(started.map((one) => one.stop()));
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
    await pushImage(originOf(0), repository, single);
    await putManifest(originOf(0), repository, top, 'v1');

    const present = { kind: 'present', digest: top.digest, mediaType, answeredAt: expect.any(Number) };
    expect(await ask(eastus, repository, top.digest)).toEqual({ ...present, isWhole: false });
    expect(await ask(eastus, repository, 'v1')).toEqual({ ...present, isWhole: false });
    expect(await ask(eastus, repository, 'v1', 'deep')).toEqual({ ...present, isWhole: true });
    expect(await ask(eastus, repository, absent)).toEqual({ kind: 'absent', answeredAt: expect.any(Number) });
    expect(await ask(eastus, repository, 'v2')).toEqual({ kind: 'absent', answeredAt: expect.any(Number) });
    expect(await ask(westeurope, repository, top.digest)).toEqual({ kind: 'absent', answeredAt: expect.any(Number) });
    expect(await ask(westeurope, repository, top.digest, 'deep')).toEqual({
      kind: 'absent',
      answeredAt: expect.any(Number),
    });
  });

  const amd64 = image('amd64');
  const arm64 = image('arm64');
  const attestation = image('attestation');
  const multi = index([
    descriptor(amd64.manifest, { platform: { architecture: 'amd64', os: 'linux' } }),
    descriptor(arm64.manifest, { platform: { architecture: 'arm64', os: 'linux' } }),
    descriptor(attestation.manifest, { platform: { architecture: 'unknown', os: 'unknown' } }),
  ]);
  const answeredAt = expect.any(Number);
  const whole = { kind: 'present', digest: multi.digest, mediaType: types.ociIndex, isWhole: true, answeredAt };
  const pushMulti = async (repository: string) => {
    for (const one of [amd64, arm64, attestation]) await pushImage(originOf(0), repository, one);
    await putManifest(originOf(0), repository, multi, 'v1');
  };

  test('an index copied to another replica is whole there, too', async () => {
    await pushMulti('copied/app');
    copyImage(originOf(0), originOf(1), 'copied/app:v1');
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
    await expectStatus(202, originOf(0), `/v2/${repository}/${kind}/${part?.digest}`, { method: 'DELETE' });
    expect(await ask(eastus, repository, 'v1', 'deep')).toEqual({ ...whole, isWhole: false });
    expect(await ask(eastus, repository, 'v1')).toMatchObject({ kind: 'present', digest: multi.digest });
  });

  test('an index that was deleted is absent', async () => {
    await pushMulti('deleted/app');
    await expectStatus(202, originOf(0), `/v2/deleted/app/manifests/${multi.digest}`, { method: 'DELETE' });
    expect(await ask(eastus, 'deleted/app', multi.digest)).toEqual({ kind: 'absent', answeredAt: expect.any(Number) });
    expect(await ask(eastus, 'deleted/app', 'v1')).toEqual({ kind: 'absent', answeredAt: expect.any(Number) });
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
