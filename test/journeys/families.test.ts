/**
 * Two real registries as replicas, and an index of four platforms with attestations, a cosign signature by tag and one by
 * subject, copied member by member in random order, with webhooks that come late, in any order, or never. The app reads the
 * index from the registries themselves.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { openRandom } from '../../src/local/simulator/random.ts';
import type { RunningTopic } from '../../src/local/topic.ts';
import { startTopic } from '../../src/local/topic.ts';
import type { App } from '../support/app.ts';
import { getJson, loginServer, registry, startInstance, until } from '../support/app.ts';
import type { RealRegistry } from '../support/real-registry.ts';
import {
  canRunRegistries,
  expectStatus,
  pushImage,
  putManifest,
  reportMissingRegistries,
  startRegistry,
} from '../support/real-registry.ts';
import type { Shim } from '../support/registry-shim.ts';
import { startShim } from '../support/registry-shim.ts';
import type { Content, Image } from '../support/registry-stand-in.ts';
import { content, descriptor, image, index, types } from '../support/registry-stand-in.ts';

if (!canRunRegistries) reportMissingRegistries('families were NOT tried with real registries as replicas.');

const regions = ['eastus', 'westeurope'] as const;
const architectures = ['amd64', 'arm64', 'arm', 's390x'];
const random = openRandom(1, 'orders and delays');
const notation = 'application/vnd.cncf.notary.signature';

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((one) => ({ one, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one);
}

/** What a build pushes: images in any order, and what names them after them. */
function familyOf(name: string) {
  const platforms = architectures.map((architecture) => image(`${name} ${architecture}`));
  const attestations = architectures.map((architecture) => image(`${name} attestation ${architecture}`));
  const top = index([
    ...platforms.map(({ manifest }, i) =>
      descriptor(manifest, { platform: { os: 'linux', architecture: architectures[i] } }),
    ),
    ...attestations.map(({ manifest }, i) =>
      descriptor(manifest, {
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: {
          'vnd.docker.reference.type': 'attestation-manifest',
          'vnd.docker.reference.digest': platforms[i]?.manifest.digest,
        },
      }),
    ),
  ]);
  const cosign = image(`${name} cosign`);
  const signed = image(`${name} notation`);
  const document = { ...JSON.parse(signed.manifest.body.toString()), artifactType: notation, subject: descriptor(top) };
  const notary: Image = { ...signed, manifest: content(types.ociImage, JSON.stringify(document)) };
  return { members: [...platforms, ...attestations], top, cosign, notary };
}

describe.runIf(canRunRegistries)('families of two real registries', () => {
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
      () => random() * 1_500,
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

  const ask = async (reference: string, more = '') =>
    (await getJson<AvailabilityDocument>(`${app.url}/api/availability?image=${loginServer}/${reference}${more}`)).body;
  const typesOf = (subject: string) =>
    topic.events
      .filter((event) => String(event.subject) === subject)
      .map(({ type }) => String(type).replace('AcrReplication.', ''));

  async function push(region: string, repository: string, { members, top }: ReturnType<typeof familyOf>) {
    for (const member of shuffled(members)) await pushImage(originOf(region), repository, member);
    await putManifest(originOf(region), repository, top, 'v1');
  }

  async function remove(region: string, repository: string, { digest }: Content) {
    await expectStatus(202, originOf(region), `/v2/${repository}/manifests/${digest}`, { method: 'DELETE' });
  }

  test('is published once, when the last member is in the last region, and loses the region with one of them', async () => {
    const family = familyOf('whole');
    const { members, top } = family;
    const reference = `team/whole@${top.digest}`;
    for (const member of shuffled(members).slice(0, 2)) lost.add(`westeurope ${member.manifest.digest}`);
    await push('eastus', 'team/whole', family);
    await until(
      () => ask(reference),
      (document) => document.missing.length === 1 && document.membersKnown,
      30_000,
    );
    const last = members[0] as Image;
    for (const member of shuffled(members.slice(1))) await pushImage(originOf('westeurope'), 'team/whole', member);
    expect(typesOf(reference)).not.toContain('ImageAvailableInAllReplicas');
    await pushImage(originOf('westeurope'), 'team/whole', last);
    await putManifest(originOf('westeurope'), 'team/whole', top, 'v1');
    const whole = await until(
      () => ask(reference),
      ({ satisfied }) => satisfied,
      60_000,
    );
    expect(whole.members?.map(({ digest, kind, platform, missing }) => [digest, kind, platform, missing])).toEqual(
      members.map(({ manifest }, i) => {
        const isPlatform = i < architectures.length;
        const platform = isPlatform ? `linux/${architectures[i]}` : null;
        return [manifest.digest, isPlatform ? 'platform' : 'attestation', platform, []];
      }),
    );
    await until(
      () => typesOf(reference),
      (published) => published.includes('ImageAvailableInAllReplicas'),
      30_000,
    );
    expect(typesOf(reference).filter((type) => type === 'ImageAvailableInAllReplicas')).toHaveLength(1);
    for (const { manifest } of members) expect(typesOf(`team/whole@${manifest.digest}`)).toEqual([]);

    // Deleted everywhere, and one region never reports it: the app probes its replica.
    lost.clear();
    lost.add(`eastus ${last.manifest.digest}`);
    for (const region of regions) await remove(region, 'team/whole', last.manifest);
    await until(
      () => ask(reference),
      ({ missing }) => missing.length === regions.length,
      40_000,
    );
    for (const region of regions) {
      await putManifest(originOf(region), 'team/whole', last.manifest, last.manifest.digest);
    }
    await until(
      () => ask(reference),
      ({ satisfied }) => satisfied,
      60_000,
    );
  }, 150_000);

  test('is waited for with its signatures', async () => {
    const family = familyOf('signed');
    const { top, cosign, notary } = family;
    const reference = `team/signed@${top.digest}`;
    for (const region of regions) await push(region, 'team/signed', family);
    await until(
      () => ask(reference),
      ({ satisfied }) => satisfied,
      60_000,
    );
    expect(await ask(reference, '&artifacts=signature')).toMatchObject({
      satisfied: false,
      artifacts: [{ kind: 'signature', known: true, missing: [...regions] }],
    });
    const waiting = getJson<AvailabilityDocument>(
      `${app.url}/api/wait?image=${loginServer}/${reference}&artifacts=signature&timeout=60`,
    );
    const tag = `${top.digest.replace(':', '-')}.sig`;
    for (const region of regions) {
      await pushImage(originOf(region), 'team/signed', cosign);
      await putManifest(originOf(region), 'team/signed', cosign.manifest, tag);
    }
    expect((await waiting).status).toBe(200);

    // This registry has no referrers API: clients list what is attached under a tag.
    const listed = index([descriptor(notary.manifest, { artifactType: notation })]);
    await pushImage(originOf('eastus'), 'team/signed', notary);
    await putManifest(originOf('eastus'), 'team/signed', listed, top.digest.replace(':', '-'));
    await until(
      () => ask(reference, '&artifacts=signature'),
      ({ missing }) => missing.length === 1 && missing[0] === ('westeurope' as never),
      30_000,
    );
    await pushImage(originOf('westeurope'), 'team/signed', notary);
    await until(
      () => ask(reference, '&artifacts=signature'),
      ({ satisfied }) => satisfied,
      30_000,
    );
    expect(typesOf(`team/signed@${cosign.manifest.digest}`)).toEqual([]);
    expect(typesOf(`team/signed@${notary.manifest.digest}`)).toEqual([]);
  }, 150_000);
});
