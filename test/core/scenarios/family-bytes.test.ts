/** How large an image is, learned from manifests that are read anyway: without a request for that alone. */
import { describe, expect, test } from 'vitest';
import type { Digest } from '../../../src/core/model/digest.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import { digestOf, regionOf, registryOf, replicaSetOf, repositoryOf, tagOf } from '../../support/build.ts';
import type { Index } from '../../support/index-of.ts';
import {
  attachmentOf,
  indexOf,
  indexType,
  manifestOf,
  manifestType,
  memoryManifests,
  platformOf,
} from '../../support/index-of.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const repository = repositoryOf('team/app');
const [amd, arm] = [platformOf(1, 'amd64'), platformOf(2, 'arm64')];
const index = indexOf(amd, arm);
const manifests = [manifestOf(amd.digest, 1_000, 20_000, 300), manifestOf(arm.digest, 1_000, 40_000)];

async function world(...served: readonly Index[]) {
  const reader = memoryManifests(...served);
  const made = { ...memoryTracker({ ports: { manifests: reader } }), reader };
  await made.clock.settle();
  return made;
}

async function push({ tracker, clock }: MemoryTracker, digest: Digest, region = 'eastus', tag?: string) {
  await clock.advance(1);
  const now = clock.now();
  await tracker.process({
    name: { registry: registry.name, repository, digest },
    fact: {
      kind: 'push',
      region: regionOf(region),
      eventTime: toEventTime(now),
      receivedAt: now,
      evidence: 'webhook',
      tag: tag === undefined ? undefined : tagOf(tag),
      mediaType: digest.startsWith('sha256:00000') ? manifestType : indexType,
    },
  });
  await clock.settle();
}

async function bytesOf({ tracker }: MemoryTracker, digest: Digest) {
  const query = { registry, repository, digest, tag: undefined };
  return (await tracker.answer(query, defaultRequirement(replicaSetOf()))).bytes;
}

describe('an index', () => {
  test('has the bytes of a manifest that it lists for two platforms once', async () => {
    const twice = indexOf(amd, arm, { ...arm, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } });
    const here = await world(twice, ...manifests);
    for (const digest of [amd.digest, arm.digest, twice.digest]) await push(here, digest);
    expect(await bytesOf(here, twice.digest)).toBe(62_300);
  });

  test('is as large as its members together, and each of them is read once', async () => {
    const here = await world(index, ...manifests);
    for (const { digest } of [amd, arm, index]) await push(here, digest);
    expect(await bytesOf(here, amd.digest)).toBe(21_300);
    expect(await bytesOf(here, arm.digest)).toBe(41_000);
    expect(await bytesOf(here, index.digest)).toBe(62_300);
    for (const { digest } of [amd, arm, index]) await push(here, digest, 'westeurope');
    await passTime(here, 120_000);
    expect(here.reader.asked.toSorted()).toEqual([amd.digest, arm.digest, index.digest].toSorted());
    expect(await bytesOf(here, index.digest)).toBe(62_300);
    const { members } = await here.tracker.answer(
      { registry, repository, digest: index.digest, tag: undefined },
      defaultRequirement(replicaSetOf()),
    );
    expect(members?.map((member) => 'bytes' in member)).toEqual([false, false]);
  });

  test('is of no known size while one of its members is not', async () => {
    const here = await world(index, ...manifests.slice(0, 1));
    for (const { digest } of [amd, arm, index]) await push(here, digest);
    expect(await bytesOf(here, amd.digest)).toBe(21_300);
    expect(await bytesOf(here, arm.digest)).toBeNull();
    expect(await bytesOf(here, index.digest)).toBeNull();
  });

  test('is of no known size while its members are not known', async () => {
    const here = await world(...manifests);
    for (const { digest } of [amd, arm, index]) await push(here, digest);
    expect(await bytesOf(here, index.digest)).toBeNull();
  });

  test('is of no known size when it came before its members, which are then not read', async () => {
    const here = await world(index, ...manifests);
    for (const { digest } of [index, amd, arm]) await push(here, digest);
    expect(await bytesOf(here, index.digest)).toBeNull();
    expect(here.reader.asked).toEqual([index.digest]);
  });

  test('has nothing from an index in it but what that lists', async () => {
    const outer = indexOf({ digest: index.digest, mediaType: indexType });
    const here = await world(outer, index, ...manifests);
    for (const { digest } of [amd, arm, index, outer]) await push(here, digest);
    expect(await bytesOf(here, outer.digest)).toBe(62_300);
  });

  test('learns with the next report what was read too late', async () => {
    const here = await world(index, ...manifests);
    const { reader } = here;
    const read = reader.read.bind(reader);
    let release = () => {};
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    reader.read = async (...asked) => {
      if (asked[3] === arm.digest) await isReleased;
      return read(...asked);
    };
    for (const { digest } of [amd, arm, index]) await push(here, digest);
    release();
    await here.clock.settle();
    expect(await bytesOf(here, index.digest)).toBeNull();
    await push(here, arm.digest, 'westeurope');
    expect(await bytesOf(here, index.digest)).toBe(62_300);
  });
});

describe('a manifest', () => {
  test('that no index lists is stored with its bytes after a minute at the latest', async () => {
    const here = await world(...manifests);
    await push(here, amd.digest);
    await passTime(here, 61_000);
    expect(await bytesOf(here, amd.digest)).toBe(21_300);
  });

  test('with a tag is not read, and of no known size', async () => {
    const here = await world(...manifests);
    await push(here, amd.digest, 'eastus', 'v1');
    await passTime(here, 61_000);
    expect(here.reader.asked).toEqual([]);
    expect(await bytesOf(here, amd.digest)).toBeNull();
  });

  test('that is attached to something has its bytes as well', async () => {
    const { body } = attachmentOf(amd.digest, 'text/spdx');
    const attached = {
      digest: digestOf(7),
      body: JSON.stringify({ ...JSON.parse(body), config: { size: 2 }, layers: [{ size: 90 }] }),
    };
    const here = await world(attached);
    await push(here, attached.digest);
    expect(await bytesOf(here, attached.digest)).toBe(92);
  });
});
