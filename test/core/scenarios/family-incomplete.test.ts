/** An index of which one part is missing: however reports fall between the reads of it, it is held that long, and no longer. */
import { expect, test } from 'vitest';
import type { Digest } from '../../../src/core/model/digest.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ManifestAnswer } from '../../../src/core/ports.ts';
import { regionOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import type { Index } from '../../support/index-of.ts';
import { indexOf, indexType, manifestType, memoryManifests, platformOf } from '../../support/index-of.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const repository = repositoryOf('team/app');
const [amd, other] = [platformOf(1, 'amd64'), platformOf(2)];
const inner = indexOf(amd);
const innerListed = { digest: inner.digest, mediaType: indexType };
const outer = indexOf(innerListed, other);
const hour = 3_600_000;

async function world(...served: readonly Index[]) {
  const manifests = memoryManifests(...served);
  const answers = new Map<Digest, ManifestAnswer>();
  /** What happens before the registry's answer about this digest has come back, the how many-th time. */
  const meanwhile = { digest: inner.digest, times: 0, does: async () => {} };
  const reader: typeof manifests = {
    ...manifests,
    async read(...asked) {
      const answer = await manifests.read(...asked);
      if (asked[3] === meanwhile.digest && --meanwhile.times === 0) await meanwhile.does();
      return answers.get(asked[3]) ?? answer;
    },
  };
  const memory = memoryTracker({ ports: { manifests: reader } });
  await memory.clock.settle();
  const send = (digest: Digest, region: string, kind: 'push' | 'delete' = 'push') => {
    const now = memory.clock.now();
    const mediaType = digest.startsWith('sha256:00000') ? manifestType : indexType;
    return memory.tracker.process({
      name: { registry: registry.name, repository, digest },
      fact: {
        kind,
        region: regionOf(region),
        eventTime: toEventTime(now),
        receivedAt: now,
        evidence: 'webhook',
        tag: undefined,
        mediaType: kind === 'push' ? mediaType : undefined,
      },
    });
  };
  const report = async (...report: Parameters<typeof send>) => {
    await memory.clock.advance(1);
    await send(...report);
    await memory.clock.settle();
  };
  const documentOf = (digest: Digest = outer.digest) =>
    memory.tracker.answer({ registry, repository, digest, tag: undefined }, defaultRequirement(replicaSetOf()));
  const available = () => memory.publisher.published.filter(({ type }) => type.includes('ImageAvailable'));
  return { ...memory, manifests, answers, meanwhile, send, report, documentOf, available };
}

test('what is missing is reported while the last attempt to read it is under way, after hours', async () => {
  const w = await world(outer);
  await w.report(outer.digest, 'eastus');
  await passTime(w, 3 * hour, 30_000);
  w.meanwhile.times = 3;
  w.meanwhile.does = async () => {
    w.manifests.serve(inner);
    await w.send(inner.digest, 'eastus');
  };
  await w.report(other.digest, 'eastus');
  await passTime(w, 5_000);
  expect(w.meanwhile.times).toBeLessThanOrEqual(0);
  expect(await w.documentOf()).toMatchObject({ membersKnown: true });
});

test('what is missing is reported after the registry has answered, and before its record knows of the index', async () => {
  const w = await world(outer);
  w.meanwhile.times = 3;
  w.meanwhile.does = async () => {
    w.manifests.serve(inner);
    await w.send(inner.digest, 'eastus');
  };
  await w.report(outer.digest, 'eastus');
  await passTime(w, 5_000);
  expect(w.meanwhile.times).toBeLessThanOrEqual(0);
  expect(await w.documentOf()).toMatchObject({ membersKnown: true });
});

test('reports of what else it lists use up none of the tries', async () => {
  const w = await world(outer);
  await w.report(outer.digest, 'eastus');
  await passTime(w, 2_000);
  for (const region of ['eastus', 'westeurope', 'northeurope', 'westus', 'centralus']) {
    await w.report(other.digest, region);
    await passTime(w, 2_000);
  }
  w.manifests.serve(inner);
  await passTime(w, 65_000);
  expect(await w.documentOf()).toMatchObject({ membersKnown: true });
});

test('nor do reports of an index that the login server does not find', async () => {
  const w = await world();
  for (const region of ['eastus', 'westus', 'northeurope', 'centralus', 'southindia']) {
    await w.report(inner.digest, region);
    await passTime(w, 2_000);
  }
  w.manifests.serve(inner);
  await passTime(w, 65_000);
  expect(await w.documentOf(inner.digest)).toMatchObject({ membersKnown: true });
});

test('deleted, and pushed again while the registry does not answer: it is read once it does', async () => {
  const w = await world(outer);
  for (const region of ['eastus', 'westeurope']) await w.report(outer.digest, region);
  for (const region of ['eastus', 'westeurope']) await w.report(outer.digest, region, 'delete');
  await passTime(w, 12 * hour, 60_000);
  w.manifests.answer = { kind: 'unclear', reason: 'ECONNREFUSED', retryAfterMs: undefined };
  w.answers.set(inner.digest, w.manifests.answer);
  await w.report(indexOf(platformOf(7)).digest, 'eastus');
  await passTime(w, 3_000);
  await w.report(outer.digest, 'eastus');
  await passTime(w, 10_000);
  w.manifests.answer = undefined;
  w.answers.clear();
  w.manifests.serve(inner);
  await passTime(w, 700_000, 5_000);
  expect(await w.documentOf()).toMatchObject({ membersKnown: true });
  for (const digest of [inner.digest, amd.digest, other.digest]) await w.report(digest, 'eastus');
  expect(await w.documentOf()).toMatchObject({ missing: ['westeurope'] });
});

const strange: ManifestAnswer = { kind: 'unclear', reason: 'another digest', retryAfterMs: undefined, scope: 'image' };

test('another index in it is not understood: it is held while the one is missing, and then counts by its reports', async () => {
  const second = indexOf(other);
  const both = indexOf({ digest: second.digest, mediaType: indexType }, innerListed);
  const w = await world(both, second);
  for (const region of ['eastus', 'westeurope']) await w.report(both.digest, region);
  await passTime(w, 2_000);
  w.answers.set(second.digest, strange);
  await passTime(w, 3 * hour, 30_000);
  expect(w.available()).toEqual([]);
  w.manifests.serve(inner);
  await w.report(inner.digest, 'eastus');
  await passTime(w, 5_000);
  expect(await w.documentOf(both.digest)).toMatchObject({ satisfied: true, membersKnown: false });
});

test.each(['the index itself', 'the index that lists it'])(
  '%s is not understood any more: it is held',
  async (which) => {
    const middle = indexOf(innerListed);
    const top = indexOf({ digest: middle.digest, mediaType: indexType });
    const w = await world(top, middle);
    for (const region of ['eastus', 'westeurope']) await w.report(top.digest, region);
    await passTime(w, 2_000);
    w.answers.set(which === 'the index itself' ? top.digest : middle.digest, strange);
    await passTime(w, 3 * hour, 30_000);
    expect(w.available()).toEqual([]);
    w.answers.clear();
    w.manifests.serve(inner);
    await passTime(w, 2 * hour + 60_000, 30_000);
    expect(await w.documentOf(top.digest)).toMatchObject({ satisfied: false, membersKnown: true });
  },
);

test('one that was published before it could be read is read again when it is pushed again', async () => {
  const w = await world();
  w.manifests.answer = { kind: 'unclear', reason: 'timeout', retryAfterMs: undefined };
  for (const region of ['eastus', 'westeurope']) await w.report(outer.digest, region);
  await w.clock.advance(2_000);
  expect(await w.documentOf()).toMatchObject({ satisfied: true, membersKnown: false });
  w.manifests.answer = undefined;
  w.manifests.serve(outer);
  await passTime(w, 120_000, 5_000);
  expect(await w.documentOf()).toMatchObject({ satisfied: false, membersKnown: false });
  w.manifests.serve(inner);
  await w.report(outer.digest, 'eastus');
  expect(await w.documentOf()).toMatchObject({ satisfied: false, membersKnown: true });
});
