/** An instance dies after it has written a report about a member into the index's record, and before the member's own. */
import { expect, test } from 'vitest';
import { memoryImageStore } from '../../../src/adapters/memory.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import { imageKey } from '../../../src/core/image/record.ts';
import type { Digest } from '../../../src/core/model/digest.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ImageStore } from '../../../src/core/ports.ts';
import { regionOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { indexOf, indexType, manifestType, memoryManifests, platformOf } from '../../support/index-of.ts';
import { manualClock } from '../../support/manual-clock.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const registry = registryOf();
const repository = repositoryOf('team/app');
const member = platformOf(1);
const index = indexOf(member);
const dayMs = 86_400_000;
const nameOf = (digest: Digest) => ({ registry: registry.name, repository, digest });

/** @returns two instances on one storage; the first can be stopped before it writes the member's record */
async function twoInstances() {
  const clock = manualClock();
  const store = memoryImageStore();
  const state = { isDead: false };
  const failing: ImageStore = {
    ...store,
    commit: (change) =>
      state.isDead && imageKey(change.record.name) === imageKey(nameOf(member.digest))
        ? new Promise(() => {})
        : store.commit(change),
  };
  const reads: Digest[] = [];
  const reading: ImageStore = {
    ...store,
    read(name) {
      reads.push(name.digest);
      return store.read(name);
    },
  };
  const manifests = memoryManifests(index);
  const first = memoryTracker({ clock, ports: { store: failing, manifests } });
  const { lists, tags, timer, publisher } = first;
  const second = memoryTracker({ clock, ports: { store: reading, manifests, lists, tags, timer, publisher } });
  await clock.settle();
  return { clock, first, second, state, store, reads };
}

async function report({ tracker, clock }: MemoryTracker, digest: Digest, region: string, kind: Fact['kind'] = 'push') {
  await clock.advance(1);
  const now = clock.now();
  const fact = {
    kind,
    region: regionOf(region),
    eventTime: toEventTime(now),
    receivedAt: now,
    evidence: 'webhook',
    tag: undefined,
    mediaType: kind === 'delete' ? undefined : digest === index.digest ? indexType : manifestType,
  } as const;
  void tracker.process({ name: nameOf(digest), fact });
  await clock.settle();
}

async function regionsOf({ tracker, clock }: MemoryTracker, digest: Digest) {
  const question = { registry, repository, digest, tag: undefined };
  const answer = tracker.answer(question, defaultRequirement(replicaSetOf()));
  await clock.settle();
  const { regions } = await answer;
  return Object.fromEntries(regions.map(({ region, state }) => [region, state]));
}

test('the document of a member has a push that only its index knew', async () => {
  const { first, second, state, store } = await twoInstances();
  for (const digest of [index.digest, member.digest]) await report(first, digest, 'eastus');
  await report(first, index.digest, 'westeurope');
  state.isDead = true;
  await report(first, member.digest, 'westeurope');
  const everywhere = { eastus: 'available', westeurope: 'available' };
  expect(await regionsOf(second, index.digest)).toEqual(everywhere);
  expect(await regionsOf(second, member.digest)).toEqual(everywhere);
  // Stored, so the other lists and instances have it too.
  expect(Object.keys((await store.read(nameOf(member.digest)))?.record.arrivals ?? {})).toEqual([
    'eastus',
    'westeurope',
  ]);
});

test('the document of a member has a delete that only its index knew', async () => {
  const { first, second, state } = await twoInstances();
  for (const region of ['eastus', 'westeurope'])
    for (const digest of [index.digest, member.digest]) await report(first, digest, region);
  state.isDead = true;
  await report(first, member.digest, 'westeurope', 'delete');
  expect(await regionsOf(second, member.digest)).toEqual({ eastus: 'available', westeurope: 'deleted' });
});

test('the document of a member has a push that only its index knew, also if its record has expired since', async () => {
  const { clock, first, second, state } = await twoInstances();
  for (const region of ['eastus', 'westeurope'])
    for (const digest of [index.digest, member.digest]) await report(first, digest, region);
  for (const region of ['eastus', 'westeurope']) await report(first, member.digest, region, 'delete');
  await passTime(second, 60_000, 1_000);
  state.isDead = true;
  await report(first, member.digest, 'westeurope');
  await clock.advance(200 * dayMs);
  expect(await second.tracker.expire()).toBe(1);
  expect(await regionsOf(second, member.digest)).toEqual({ eastus: 'deleted', westeurope: 'available' });
});

test('a request that waits for a member reads its index once, and polls the member alone', async () => {
  const { clock, first, second, reads } = await twoInstances();
  for (const digest of [index.digest, member.digest]) await report(first, digest, 'eastus');
  await clock.advance(60_000);
  reads.length = 0;
  const question = { registry, repository, digest: member.digest, tag: undefined };
  const wait = second.tracker.wait(question, defaultRequirement(replicaSetOf()), 5_000);
  await clock.advance(6_000);
  expect((await wait).document.satisfied).toBe(false);
  expect(reads.filter((digest) => digest === index.digest)).toHaveLength(1);
  expect(reads.filter((digest) => digest === member.digest).length).toBeGreaterThan(5);
});
