/** What is attached to an image: if asked for, it must be there too; if not, it delays nothing and is not published. */
import { describe, expect, test } from 'vitest';
import { parseArtifacts } from '../../../src/core/image/attached.ts';
import type { Digest } from '../../../src/core/model/digest.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ManifestProbe } from '../../../src/core/ports.ts';
import { digestOf, regionOf, registryOf, replicaSetOf, repositoryOf, tagOf } from '../../support/build.ts';
import type { Index } from '../../support/index-of.ts';
import { attachmentOf, indexType, manifestType, memoryManifests } from '../../support/index-of.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const repository = repositoryOf('team/app');
const image = digestOf(1);
const signature = digestOf(2);
const another = digestOf(3);
const sbom = digestOf(4);
const notation = 'application/vnd.cncf.notary.signature';
const cosign = `${image.replace(':', '-')}.sig`;

async function world(...documents: readonly Index[]) {
  const manifests = memoryManifests(...documents);
  const made = { ...memoryTracker({ ports: { manifests } }), manifests };
  await made.clock.settle();
  return made;
}

type World = Awaited<ReturnType<typeof world>>;

/** Another process on the same storage, which has sent no request. */
async function restarted(w: World): Promise<World> {
  const next = memoryTracker({ clock: w.clock, ports: { ...w } });
  await w.clock.settle();
  return { ...w, tracker: next.tracker };
}

async function report(
  { tracker, clock }: World,
  digest: Digest,
  region: string,
  tag?: string,
  kind: 'push' | 'delete' = 'push',
  mediaType = manifestType,
) {
  await clock.advance(1);
  const now = clock.now();
  await tracker.process({
    name: { registry: registry.name, repository, digest },
    fact: {
      kind,
      region: regionOf(region),
      eventTime: toEventTime(now),
      receivedAt: now,
      evidence: 'webhook',
      tag: tag === undefined ? undefined : tagOf(tag),
      mediaType,
    },
  });
  await clock.settle();
}

async function everywhere(w: World, digest: Digest, tag?: string) {
  for (const region of ['eastus', 'westeurope']) await report(w, digest, region, tag);
}

async function ask({ tracker, clock }: World, ...artifacts: readonly string[]) {
  await clock.advance(3_001);
  const question = { registry, repository, digest: image, tag: undefined, artifacts };
  return tracker.answer(question, defaultRequirement(replicaSetOf()));
}

test.each<[string | undefined, readonly string[] | undefined]>([
  [undefined, []],
  [' ', []],
  ['signature,sbom', ['sbom', 'signature']],
  ['signature, signature', ['signature']],
  [notation, [notation]],
  ['signatures', undefined],
  [',signature,,sbom,', ['sbom', 'signature']],
  [',', undefined],
  ['a b/c', undefined],
])('asked as %s: %s', (text, expected) => {
  const read = parseArtifacts(text);
  expect(read.ok ? read.value : undefined).toEqual(expected);
});

test('without a signature it is waited for', async () => {
  const w = await world();
  await everywhere(w, image, 'v1');
  expect(await ask(w)).toMatchObject({ satisfied: true });
  expect(await ask(w, 'signature')).toMatchObject({
    satisfied: false,
    state: 'available',
    missing: ['eastus', 'westeurope'],
    artifacts: [{ kind: 'signature', known: true, missing: ['eastus', 'westeurope'] }],
  });
});

test('by cosign: a region counts once its tag points at the signature that is the newest', async () => {
  const w = await world();
  await everywhere(w, image, 'v1');
  await report(w, signature, 'eastus', cosign);
  expect(await ask(w, 'signature')).toMatchObject({ satisfied: false, missing: ['westeurope'] });
  await report(w, signature, 'westeurope', cosign);
  expect(await ask(w, 'signature')).toMatchObject({
    satisfied: true,
    members: [{ digest: signature, kind: 'artifact', missing: [] }],
  });
  await report(w, another, 'eastus', cosign);
  expect((await ask(w, 'signature')).satisfied).toBe(false);
  await report(w, another, 'westeurope', cosign);
  expect((await ask(w, 'signature')).satisfied).toBe(true);
});

test('by subject: at least one, and every one that is known', async () => {
  const w = await world();
  await everywhere(w, image, 'v1');
  w.manifests.attached = [
    { digest: signature, artifactType: notation, content: null },
    { digest: another, artifactType: notation, content: null },
    { digest: sbom, artifactType: 'application/spdx+json', content: null },
  ];
  await everywhere(w, signature);
  await report(w, another, 'eastus');
  expect(await ask(w, 'signature')).toMatchObject({ satisfied: false, missing: ['westeurope'] });
  expect((await ask(w, notation)).satisfied).toBe(false);
  await report(w, another, 'westeurope');
  expect((await ask(w, 'signature')).satisfied).toBe(true);
  expect((await ask(w, notation)).satisfied).toBe(true);
  expect(await ask(w, 'sbom', 'signature')).toMatchObject({ satisfied: false });
  await everywhere(w, sbom);
  expect((await ask(w, 'sbom', 'signature')).satisfied).toBe(true);
});

test('one that was listed once is waited for, whichever replica answers next', async () => {
  const w = await world();
  await everywhere(w, image, 'v1');
  await everywhere(w, signature);
  w.manifests.attached = [signature, another].map((digest) => ({ digest, artifactType: notation, content: null }));
  expect((await ask(w, 'signature')).satisfied).toBe(false);
  w.manifests.attached = [{ digest: signature, artifactType: notation, content: null }];
  expect((await ask(w, 'signature')).satisfied).toBe(false);
});

describe('reported with a subject, read, and not on the list of the registry', () => {
  test('it is waited for, as one that is listed', async () => {
    const attached = attachmentOf(image, notation);
    const w = await world(attached);
    await everywhere(w, image, 'v1');
    await everywhere(w, signature);
    w.manifests.attached = [{ digest: signature, artifactType: notation, content: null }];
    expect((await ask(w, 'signature')).satisfied).toBe(true);
    await report(w, attached.digest, 'eastus');
    expect(await ask(w, 'signature')).toMatchObject({ satisfied: false, missing: ['westeurope'] });
    await report(w, attached.digest, 'westeurope');
    expect((await ask(w, 'signature')).satisfied).toBe(true);
  });

  test.each<[string, readonly [] | undefined]>([
    ['which is empty', []],
    ['which no replica answers', undefined],
  ])('%s: it is enough', async (_what, list) => {
    const attached = attachmentOf(image, notation);
    const w = await world(attached);
    w.manifests.attached = list;
    await everywhere(w, image, 'v1');
    await everywhere(w, attached.digest);
    expect(await ask(w, 'signature')).toMatchObject({
      satisfied: true,
      artifacts: [{ kind: 'signature', known: true, missing: [] }],
      members: [{ digest: attached.digest, artifactType: notation }],
    });
    expect((await ask(w, notation)).satisfied).toBe(true);
    expect((await ask(w, 'sbom')).satisfied).toBe(false);
  });

  test('before the image itself was reported', async () => {
    const attached = attachmentOf(image, notation);
    const w = await world(attached);
    await report(w, attached.digest, 'eastus');
    await everywhere(w, image, 'v1');
    expect(await ask(w, 'signature')).toMatchObject({ satisfied: false, missing: ['westeurope'] });
  });

  test('another instance knows of it', async () => {
    const attached = attachmentOf(image, notation);
    const w = await world(attached);
    await everywhere(w, image, 'v1');
    await report(w, attached.digest, 'eastus');
    expect(await ask(await restarted(w), 'signature')).toMatchObject({ satisfied: false, missing: ['westeurope'] });
  });
});

test('one that was listed once is waited for after a restart', async () => {
  const w = await world();
  await everywhere(w, image, 'v1');
  await everywhere(w, signature);
  w.manifests.attached = [signature, another].map((digest) => ({ digest, artifactType: notation, content: null }));
  expect((await ask(w, 'signature')).satisfied).toBe(false);
  const next = await restarted(w);
  next.manifests.attached = [{ digest: signature, artifactType: notation, content: null }];
  expect((await ask(next, 'signature')).satisfied).toBe(false);
});

test('one that was deleted in every region that had it is waited for only while it is listed', async () => {
  const w = await world();
  await everywhere(w, image, 'v1');
  await everywhere(w, signature);
  await report(w, another, 'eastus');
  w.manifests.attached = [signature, another].map((digest) => ({ digest, artifactType: notation, content: null }));
  expect((await ask(w, 'signature')).satisfied).toBe(false);
  await report(w, another, 'eastus', undefined, 'delete');
  expect((await ask(w, 'signature')).satisfied).toBe(false);
  w.manifests.attached = [{ digest: signature, artifactType: notation, content: null }];
  expect((await ask(w, 'signature')).satisfied).toBe(true);
  expect((await ask(await restarted(w), 'signature')).satisfied).toBe(true);
  for (const region of ['eastus', 'westeurope']) await report(w, signature, region, undefined, 'delete');
  w.manifests.attached = [];
  expect((await ask(w, 'signature')).satisfied).toBe(false);
});

test('what is listed is written once, and no more than fifty of it', async () => {
  const w = await world();
  await everywhere(w, image, 'v1');
  w.manifests.attached = Array.from({ length: 60 }, (_, i) => ({
    digest: digestOf(100 + i),
    artifactType: notation,
    content: null,
  }));
  const recordOf = async () => (await w.store.read({ registry: registry.name, repository, digest: image }))?.record;
  await ask(w, 'signature');
  const first = await recordOf();
  expect(first?.attachments).toHaveLength(50);
  expect(first?.attachments?.[0]).toEqual({ digest: digestOf(110), artifactType: notation, kind: 'signature' });
  await ask(w, 'signature');
  await ask(w, 'sbom');
  expect((await recordOf())?.writtenAs).toBe(first?.writtenAs);
});

test('where no replica can list what is attached, the answer says so', async () => {
  const w = await world();
  await everywhere(w, image, 'v1');
  w.manifests.attached = undefined;
  expect(await ask(w, 'signature')).toMatchObject({ satisfied: false, artifacts: [{ known: false }] });
});

test('a wait ends with the signature', async () => {
  const w = await world();
  await everywhere(w, image, 'v1');
  const question = { registry, repository, digest: image, tag: undefined, artifacts: ['signature'] };
  const waiting = w.tracker.wait(question, defaultRequirement(replicaSetOf()), 60_000);
  await w.clock.advance(5_000);
  await everywhere(w, signature, cosign);
  await w.clock.advance(2_000);
  expect((await waiting).outcome).toBe('satisfied');
  expect(w.clock.now()).toBeLessThan(Date.parse('2026-06-01T12:00:10Z'));
});

describe('nothing is published about an artifact by itself', () => {
  const own = ({ publisher }: World) => publisher.published.filter(({ subject }) => !subject.endsWith(image));

  test('under a tag of cosign', async () => {
    const w = await world();
    await everywhere(w, signature, cosign);
    await passTime(w, 1_000_000, 10_000);
    expect(own(w)).toEqual([]);
    expect(w.timer.set).toEqual([]);
  });

  test('with a subject', async () => {
    const attached = attachmentOf(image, notation);
    const w = await world(attached);
    await everywhere(w, attached.digest);
    await passTime(w, 1_000_000, 10_000);
    expect(own(w)).toEqual([]);
  });

  test('that is an index itself, with or without a tag', async () => {
    for (const tag of [undefined, 'sbom-of-v1']) {
      const body = JSON.stringify({
        ...{ schemaVersion: 2, mediaType: indexType, artifactType: 'application/vnd.in-toto+json', manifests: [] },
        subject: { mediaType: manifestType, digest: image, size: 1 },
      });
      const attestation: Index = { digest: digestOf(9), body };
      const w = await world(attestation);
      await everywhere(w, image, 'v1');
      const before = w.publisher.published.length;
      for (const region of ['eastus', 'westeurope'])
        await report(w, attestation.digest, region, tag, 'push', indexType);
      await passTime(w, 3_600_000, 60_000);
      expect(w.publisher.published.slice(before)).toEqual([]);
      expect(w.manifests.asked.filter((digest) => digest === attestation.digest)).toHaveLength(1);
      expect(await ask(w, 'attestation')).toMatchObject({ satisfied: true });
    }
  });

  test('and it is on the list with the members alone', async () => {
    const w = await world();
    await everywhere(w, image, 'v1');
    await everywhere(w, signature, cosign);
    const list = async (members: boolean) => {
      const filter = { repository: undefined, state: undefined, region: undefined, missing: false };
      const page = await w.tracker.images({ registry, ...filter, members, limit: 50, cursor: undefined });
      return page.images.map(({ digest }) => digest);
    };
    expect(await list(false)).toEqual([image]);
    expect(await list(true)).toEqual([signature, image]);
  });
});

test('what was attached before any webhook came is asked for at the replicas while a request waits', async () => {
  const manifests = memoryManifests();
  manifests.attached = [{ digest: signature, artifactType: notation, content: null }];
  const asked: string[] = [];
  const probe: ManifestProbe = {
    async ask(_registry, region, _repository, reference) {
      asked.push(`${region} ${reference === signature ? 'signature' : 'image'}`);
      return { kind: 'present', digest: reference as Digest, mediaType: manifestType, isWhole: true };
    },
  };
  const asking = registryOf({ regionalEndpoints: true });
  const made = memoryTracker({ registries: [asking], probe, policy: { probeAfterMs: 60_000 }, ports: { manifests } });
  const w = { ...made, manifests };
  await everywhere(w, image);
  const question = { registry: asking, repository, digest: image, tag: undefined, artifacts: ['signature'] };
  const waiting = w.tracker.wait(question, defaultRequirement(replicaSetOf()), 10_000);
  await w.clock.advance(10_000);
  expect(asked).toEqual(expect.arrayContaining(['eastus signature', 'westeurope signature']));
  expect((await waiting).document).toMatchObject({ satisfied: true, artifacts: [{ kind: 'signature', missing: [] }] });
});
