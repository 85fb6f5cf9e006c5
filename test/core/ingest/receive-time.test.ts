/**
 * A webhook that calls when ARM's answer is known was sent after ARM was asked, also where the clock of the instance that asked is
 * ahead: reports of a new replica count, and an image that it has is not published as deleted everywhere.
 */
import { describe, expect, test } from 'vitest';
import { receivedAfter } from '../../../src/core/ingest/receive-time.ts';
import type { ReplicaSet } from '../../../src/core/model/replica-set.ts';
import {
  at,
  deleteOf,
  digestOf,
  pushOf,
  regionOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
} from '../../support/build.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const noon = '2026-06-01T12:00:00.000Z';
const minute = 60_000;
const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const iso = (time: number) => new Date(time).toISOString();

/** West Europe was not there when ARM was asked before, and ARM was last asked at that time. */
function setOf({ lastAbsentAt = 0, refreshedAt = 0, source = 'arm' as ReplicaSet['source'] }): ReplicaSet {
  const { replicas, ...set } = replicaSetOf(registryOf());
  const west = regionOf('westeurope');
  return {
    ...set,
    replicas: replicas.map((one) => (one.region === west && lastAbsentAt > 0 ? { ...one, lastAbsentAt } : one)),
    source,
    refreshedAt,
  };
}

describe('a fact is received after what is known', () => {
  test.each([
    ['where a replica was absent, by a clock ahead', 'westeurope', { lastAbsentAt: at(noon) + 30_000 }, 30_001],
    ['in the same millisecond', 'westeurope', { lastAbsentAt: at(noon) }, 1],
    ['where there is no replica, by a clock ahead', 'northeurope', { refreshedAt: at(noon) + minute }, minute + 1],
  ])('%s', (_where, region, set, laterMs) => {
    expect(receivedAfter(pushOf(region, noon), setOf(set)).receivedAt).toBe(at(noon) + laterMs);
  });

  test.each([
    ['where the clocks agree', 'westeurope', { lastAbsentAt: at(noon) - 1 }],
    ['of a replica that was always there', 'eastus', { refreshedAt: at(noon) + 30_000 }],
    ['where the clock is an hour ahead', 'westeurope', { lastAbsentAt: at(noon) + 60 * minute }],
    ['where settings name the regions', 'northeurope', { refreshedAt: at(noon) + 1, source: 'settings' as const }],
    ['where the replicas are not known', 'northeurope', { source: 'remembered' as const }],
  ])('as its time says %s', (_where, region, set) => {
    const fact = pushOf(region, noon);
    expect(receivedAfter(fact, setOf(set))).toBe(fact);
  });
});

test("a new replica's report is not void because the clock of the instance that asked ARM is ahead", async () => {
  const memory = memoryTracker({ replicaSet: () => setOf({ lastAbsentAt: at(noon) + 30_000 }) });
  const delivery = { name, fact: pushOf('westeurope', iso(memory.clock.now())) };
  expect(await memory.tracker.receive(delivery)).toBe('recorded');
  await memory.tracker.receive({ name, fact: pushOf('eastus', iso(memory.clock.now())) });
  await passTime(memory, 2_000);
  expect(memory.publisher.published.map(({ type }) => type.split('.')[1])).toContain('ImageAvailableInAllReplicas');
});

test('nor when it has to wait on the queue', async () => {
  const memory = memoryTracker({
    replicaSet: () => setOf({ lastAbsentAt: at(noon) + 30_000 }),
    ports: {
      store: {
        ...memoryTracker().store,
        read: () => new Promise(() => undefined),
        commit: () => new Promise(() => undefined),
      },
    },
  });
  const receipt = memory.tracker.receive({ name, fact: pushOf('westeurope', iso(memory.clock.now())) });
  await memory.clock.advance(5_000);
  expect(await receipt).toBe('deferred');
  expect(memory.queue.deferred[0]).toMatchObject({ fact: { receivedAt: at(noon) + 30_001 } });
});

test('a replica younger than ARM’s last answer keeps the image from being gone, also by a clock that is ahead', async () => {
  const memory = memoryTracker({ replicaSet: () => setOf({ refreshedAt: at(noon) + minute }) });
  const report = (kind: 'push' | 'delete', region: string) =>
    memory.tracker.receive({ name, fact: (kind === 'push' ? pushOf : deleteOf)(region, iso(memory.clock.now())) });
  await report('push', 'eastus');
  await report('push', 'westeurope');
  await memory.clock.advance(10_000);
  await report('push', 'northeurope');
  await memory.clock.advance(1_000);
  await report('delete', 'eastus');
  await report('delete', 'westeurope');
  await passTime(memory, 2_000);
  expect(memory.publisher.published.map(({ type }) => type.split('.')[1])).not.toContain('ImageDeletedInAllReplicas');
});
