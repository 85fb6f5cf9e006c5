/** A delete that names no digest makes what is known of a repository, or of a tag, doubtful in that region. */

import { describe, expect, test } from 'vitest';
import type { RepositoryDelete } from '../../../src/core/image/delivery.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ManifestProbe } from '../../../src/core/ports.ts';
import { parseDeliveryMessage, toDeliveryMessage } from '../../../src/core/queue-messages.ts';
import {
  at,
  digestOf,
  eventTimeOf,
  pushOf,
  regionOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
} from '../../support/build.ts';
import type { MemoryTracker, MemoryTrackerInput } from '../../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const repository = repositoryOf('team/app');
const both = ['eastus', 'westeurope'];
const time = (seconds: number) => `2026-06-01T12:00:${String(seconds).padStart(2, '0')}Z`;
const name = (digest: number, of = 'team/app') => ({
  registry: 'contoso',
  repository: repositoryOf(of),
  digest: digestOf(digest),
});

function deleteIn(region: string, seconds: number, tag?: string): RepositoryDelete {
  return {
    registry: 'contoso',
    repository,
    tag: tag === undefined ? undefined : tagOf(tag),
    region: regionOf(region),
    eventTime: eventTimeOf(time(seconds)),
    receivedAt: at(time(seconds)),
    evidence: 'webhook',
  };
}

async function pushed(parts: MemoryTrackerInput = {}) {
  const memory = memoryTracker(parts);
  for (const [digest, of] of [[1], [2], [3, 'team/other']] as const) {
    for (const region of both) {
      const fact = pushOf(region, time(digest), { tag: `v${digest}` });
      await memory.tracker.receive({ name: name(digest, of), fact });
    }
  }
  await passTime(memory, 30_000);
  return memory;
}

function answer(memory: MemoryTracker, digest: number, tag?: string, of = 'team/app') {
  const [registry = registryOf()] = memory.tracker.registries;
  const question = {
    registry,
    repository: repositoryOf(of),
    digest: tag === undefined ? digestOf(digest) : undefined,
    tag: tag === undefined ? undefined : tagOf(tag),
  };
  return memory.tracker.answer(question, defaultRequirement(replicaSetOf()));
}

describe('of a repository', () => {
  test('its images do not count in that region any more, and others are left alone', async () => {
    const memory = await pushed();
    expect(await memory.tracker.receive(deleteIn('eastus', 40))).toBe('recorded');
    for (const digest of [1, 2]) {
      expect(await answer(memory, digest)).toMatchObject({
        state: 'replicating',
        satisfied: false,
        missing: ['eastus'],
        regions: [{ state: 'unverified' }, { state: 'available' }],
      });
    }
    expect(await answer(memory, 3, undefined, 'team/other')).toMatchObject({ satisfied: true });
  });

  test('its tags point nowhere for certain in that region', async () => {
    const memory = await pushed();
    await memory.tracker.receive(deleteIn('eastus', 40));
    expect(await answer(memory, 1, 'v1')).toMatchObject({
      satisfied: false,
      tag: { state: 'converging', regions: [{ region: 'westeurope' }] },
    });
    await memory.tracker.receive({ name: name(1), fact: pushOf('eastus', time(55), { tag: 'v1' }) });
    expect(await answer(memory, 1, 'v1')).toMatchObject({ satisfied: true, tag: { state: 'converged' } });
  });

  test('nothing is published, and no timer is set where no replica can be probed', async () => {
    const memory = await pushed();
    const before = memory.publisher.published.length;
    memory.timer.set.length = 0;
    await memory.tracker.receive(deleteIn('eastus', 40));
    await passTime(memory, 3_600_000, 10_000);
    expect(memory.publisher.published).toHaveLength(before);
    expect(memory.timer.set).toEqual([]);
  });

  test('a push that is newer counts again, an older one that comes late does not', async () => {
    const memory = await pushed();
    await memory.tracker.receive(deleteIn('eastus', 40));
    const late = pushOf('eastus', time(50), { tag: 'v1', eventTime: time(20) });
    await memory.tracker.receive({ name: name(1), fact: late });
    expect(await answer(memory, 1)).toMatchObject({ satisfied: false });
    await memory.tracker.receive({ name: name(1), fact: pushOf('eastus', time(55), { tag: 'v1' }) });
    expect(await answer(memory, 1)).toMatchObject({ satisfied: true, state: 'available' });
  });

  test('nor does an older push of what was known only elsewhere', async () => {
    const memory = memoryTracker();
    await memory.tracker.receive({ name: name(1), fact: pushOf('westeurope', time(1)) });
    await memory.tracker.receive(deleteIn('eastus', 40));
    const fact = pushOf('eastus', time(50), { eventTime: time(20) });
    await memory.tracker.receive({ name: name(1), fact });
    expect(await answer(memory, 1)).toMatchObject({ satisfied: false, missing: ['eastus'] });
  });

  test('where the replica can be asked, its answer decides', async () => {
    const there = new Set([digestOf(1) as string]);
    const probe: ManifestProbe = {
      ask: async (_registry, _region, _repository, reference) =>
        there.has(reference)
          ? { kind: 'present', digest: digestOf(1), mediaType: undefined, isWhole: true }
          : { kind: 'absent' },
    };
    const registry = registryOf({ regionalEndpoints: true });
    const memory = await pushed({ registries: [registry], probe, policy: { probeAfterMs: 60_000 } });
    await memory.tracker.receive(deleteIn('eastus', 40));
    await passTime(memory, 120_000);
    expect(await answer(memory, 1)).toMatchObject({ satisfied: true });
    expect(await answer(memory, 2)).toMatchObject({
      satisfied: false,
      regions: [{ region: 'eastus', state: 'deleted', evidence: ['probe'] }, { region: 'westeurope' }],
    });
  });

  test('is deferred while the tables do not answer, and read from the queue', async () => {
    const memory = await pushed();
    const page = memory.lists.page;
    memory.lists.page = () => new Promise(() => undefined);
    const received = memory.tracker.receive(deleteIn('eastus', 40));
    await memory.clock.advance(3_000);
    expect(await received).toBe('deferred');
    memory.lists.page = page;
    const [deferred] = memory.queue.deferred;
    if (deferred === undefined) throw new Error('nothing was deferred');
    const [handedBack] = parseDeliveryMessage(JSON.parse(JSON.stringify(toDeliveryMessage(deferred))));
    if (handedBack === undefined) throw new Error('nothing came back');
    await memory.tracker.process(handedBack);
    expect(await answer(memory, 1)).toMatchObject({ missing: ['eastus'] });
  });
});

test('of a tag, that tag points nowhere in that region, and the image stays', async () => {
  const memory = await pushed();
  expect(await memory.tracker.receive(deleteIn('eastus', 40, 'v1'))).toBe('recorded');
  expect(await answer(memory, 1, 'v1')).toMatchObject({ satisfied: false, missing: ['eastus'] });
  expect(await answer(memory, 1)).toMatchObject({ satisfied: true });
  expect(await answer(memory, 2, 'v2')).toMatchObject({ satisfied: true });
});

test('of a tag, an older push of it that comes late does not bring it back', async () => {
  const memory = memoryTracker();
  await memory.tracker.receive({ name: name(1), fact: pushOf('westeurope', time(1), { tag: 'v1' }) });
  await memory.tracker.receive(deleteIn('eastus', 40, 'v1'));
  const fact = pushOf('eastus', time(50), { tag: 'v1', eventTime: time(20) });
  await memory.tracker.receive({ name: name(1), fact });
  expect(await answer(memory, 1)).toMatchObject({ satisfied: true });
  expect(await answer(memory, 1, 'v1')).toMatchObject({ satisfied: false, missing: ['eastus'] });
  await memory.tracker.receive({ name: name(1), fact: pushOf('eastus', time(55), { tag: 'v1' }) });
  expect(await answer(memory, 1, 'v1')).toMatchObject({ satisfied: true });
});
