/**
 * Three real registries as replicas: images are pushed for real, copied with delay, and every notification of a registry
 * becomes an ACR webhook of its region by a small shim. The app runs as a real process and asks the real `/v2/` for what
 * a lost webhook did not report.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { RunningTopic } from '../../src/local/topic.ts';
import { startTopic } from '../../src/local/topic.ts';
import type { App } from '../support/app.ts';
import { deliver, getJson, loginServer, registry, startInstance, until } from '../support/app.ts';
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
import type { Shim } from '../support/registry-shim.ts';
import { startShim } from '../support/registry-shim.ts';
import type { Content } from '../support/registry-stand-in.ts';
import { descriptor, image, index } from '../support/registry-stand-in.ts';

if (!canRunRegistries) reportMissingRegistries('the app was NOT tried with real registries as replicas.');

const regions = ['eastus', 'westeurope', 'southeastasia'] as const;

describe.runIf(canRunRegistries)('three real registries as replicas', () => {
  const replicas = new Map<string, RealRegistry>();
  const lost = new Set<string>();
  let shim: Shim;
  let topic: RunningTopic;
  let app: App;
  const originOf = (region: string) => replicas.get(region)?.origin ?? '';

  beforeAll(async () => {
    shim = await startShim(
      () => app.url,
      (region, digest) => lost.has(`${region} ${digest}`),
    );
    for (const region of regions) replicas.set(region, await startRegistry(shim.url(region)));
    topic = await startTopic();
    const regionalEndpoints = Object.fromEntries(regions.map((region) => [region, originOf(region)]));
    app = await startInstance({
      topic,
      settings: {
        REGISTRIES: JSON.stringify([{ name: registry, regions, regionalEndpoints }]),
        PROBE_AFTER_SECONDS: '3',
      },
    });
  }, 60_000);
  afterAll(async () => {
    await app?.stop();
    await topic?.stop();
    shim?.stop();
    await Promise.all([...replicas.values()].map((replica) => replica.stop()));
  }, 60_000);

  const ask = async (reference: string) =>
    (await getJson<AvailabilityDocument>(`${app.url}/api/availability?image=${loginServer}/${reference}`)).body;
  const publishedOf = (digest: string) =>
    topic.events.filter(({ type, subject }) => type.endsWith('InAllReplicas') && String(subject).endsWith(digest));

  async function pushMulti(repository: string, name: string): Promise<Content> {
    const platforms = [image(`${name}-amd64`), image(`${name}-arm64`)];
    for (const platform of platforms) await pushImage(originOf('eastus'), repository, platform);
    const top = index(platforms.map(({ manifest }) => descriptor(manifest)));
    await putManifest(originOf('eastus'), repository, top, 'v1');
    return top;
  }

  test('a multi-platform image, copied region by region, is available when the last has it', async () => {
    const top = await pushMulti('team/app', 'app');
    await until(
      () => ask('team/app:v1'),
      (document) => document.digest === top.digest,
      20_000,
    );
    copyImage(originOf('eastus'), originOf('westeurope'), 'team/app:v1');
    const waiting = getJson<AvailabilityDocument>(`${app.url}/api/wait?image=${loginServer}/team/app:v1&timeout=60`);
    await until(
      () => ask(`team/app@${top.digest}`),
      (document) => document.missing.length === 1,
      20_000,
    );
    expect(publishedOf(top.digest)).toEqual([]);
    copyImage(originOf('eastus'), originOf('southeastasia'), 'team/app:v1');
    expect(await waiting).toMatchObject({ status: 200, body: { state: 'available', digest: top.digest, missing: [] } });
    await until(
      () => publishedOf(top.digest).length,
      (count) => count === 1,
      20_000,
    );
  }, 90_000);

  test('a webhook that was lost is made up for by asking the replica itself', async () => {
    const single = image('single');
    lost.add(`westeurope ${single.manifest.digest}`);
    await pushImage(originOf('eastus'), 'team/lost', single);
    await putManifest(originOf('eastus'), 'team/lost', single.manifest, 'v1');
    for (const region of ['westeurope', 'southeastasia'])
      copyImage(originOf('eastus'), originOf(region), 'team/lost:v1');
    const document = await until(
      () => ask(`team/lost@${single.manifest.digest}`),
      ({ state }) => state === 'available',
      60_000,
    );
    expect(document.regions.find(({ region }) => region === 'westeurope')?.evidence).toEqual(['probe']);
    expect(document.regions.find(({ region }) => region === 'southeastasia')?.evidence).toContain('webhook');
  }, 90_000);

  test('an image that no webhook has reported is found while a client waits for it', async () => {
    const unreported = image('unreported');
    for (const region of regions) lost.add(`${region} ${unreported.manifest.digest}`);
    await pushImage(originOf('eastus'), 'team/unreported', unreported);
    await putManifest(originOf('eastus'), 'team/unreported', unreported.manifest, 'v1');
    for (const region of ['westeurope', 'southeastasia'])
      copyImage(originOf('eastus'), originOf(region), 'team/unreported:v1');
    const waited = await getJson<AvailabilityDocument>(
      `${app.url}/api/wait?image=${loginServer}/team/unreported:v1&timeout=60`,
    );
    expect(waited).toMatchObject({
      status: 200,
      body: { digest: unreported.manifest.digest, tag: { state: 'converged' } },
    });
  }, 90_000);

  test('with "deep" a report counts once everything below the manifest is there, and not before', async () => {
    const top = await pushMulti('team/deep', 'deep');
    const arm = image('deep-arm64').manifest;
    for (const region of ['westeurope', 'southeastasia'])
      copyImage(originOf('eastus'), originOf(region), 'team/deep:v1');
    const child = `/v2/team/deep/manifests/${arm.digest}`;
    await expectStatus(202, originOf('westeurope'), child, { method: 'DELETE' });
    const regionalEndpoints = Object.fromEntries(regions.map((region) => [region, originOf(region)]));
    const careful = await startInstance({
      settings: {
        REGISTRIES: JSON.stringify([{ name: registry, regions, regionalEndpoints, verify: 'deep' }]),
        PROBE_AFTER_SECONDS: '3',
      },
    });
    try {
      for (const region of regions)
        await deliver([careful.url], { digest: top.digest, region, repository: 'team/deep' });
      const where = `image=${loginServer}/team/deep@${top.digest}`;
      const now = async () => (await getJson<AvailabilityDocument>(`${careful.url}/api/availability?${where}`)).body;
      const document = await until(now, ({ missing }) => missing.length === 1, 30_000);
      expect(document.regions.map(({ region, state }) => [region, state])).toEqual([
        ['eastus', 'available'],
        ['southeastasia', 'available'],
        ['westeurope', 'unverified'],
      ]);
      expect(document).toMatchObject({ state: 'replicating', satisfied: false, missing: ['westeurope'] });
      expect(document.regions[0]?.evidence).toEqual(['webhook', 'deepProbe']);
      const waiting = getJson<AvailabilityDocument>(`${careful.url}/api/wait?${where}&timeout=90`);
      await putManifest(originOf('westeurope'), 'team/deep', arm, arm.digest);
      expect(await waiting).toMatchObject({ status: 200, body: { state: 'available', satisfied: true } });
    } finally {
      await careful.stop();
    }
  }, 150_000);

  test('a delete is published region by region, and at the end everywhere', async () => {
    const deleted = image('deleted');
    await pushImage(originOf('eastus'), 'team/deleted', deleted);
    await putManifest(originOf('eastus'), 'team/deleted', deleted.manifest, 'v1');
    for (const region of ['westeurope', 'southeastasia'])
      copyImage(originOf('eastus'), originOf(region), 'team/deleted:v1');
    const path = `/v2/team/deleted/manifests/${deleted.manifest.digest}`;
    await until(
      () => ask(`team/deleted@${deleted.manifest.digest}`),
      ({ state }) => state === 'available',
      30_000,
    );
    for (const region of regions) await expectStatus(202, originOf(region), path, { method: 'DELETE' });
    await until(
      () => ask(`team/deleted@${deleted.manifest.digest}`),
      ({ state }) => state === 'deleted',
      30_000,
    );
    await until(
      () => publishedOf(deleted.manifest.digest).map((event) => event.type),
      (types) => types.includes('AcrReplication.ImageDeletedInAllReplicas'),
      30_000,
    );
  }, 90_000);
});
