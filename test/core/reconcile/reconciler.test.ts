/** Events that a dead instance has announced are published by the next one, whatever else fails while it reconciles the image. */
import { expect, test } from 'vitest';
import { memoryImageStore } from '../../../src/adapters/memory.ts';
import type { ForwardOrder } from '../../../src/core/image/forward-entry.ts';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import type { ImageStore, ManifestProbe } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, pushOf, registryOf, repositoryOf, targetOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';

const minute = 60_000;
const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const probe: ManifestProbe = {
  ask: async () => ({ kind: 'present', digest: digestOf(1), mediaType: undefined, isWhole: false }),
};

function refuse(): never {
  throw new UpstreamError('invalid', 'refused');
}

/**
 * One instance records a push in East US and publishes and forwards nothing; another one comes later, whose probe finds the
 * image in West Europe.
 * @param isRefused which records are not stored for the second one
 * @param put what its queue of webhooks does
 */
async function nextInstance(
  isRefused: (record: ImageRecord) => boolean,
  put = async (order: ForwardOrder, queued: ForwardOrder[]) => void queued.push(order),
) {
  const clock = manualClock();
  const store = memoryImageStore();
  const input = {
    clock,
    registries: [registryOf({ regionalEndpoints: true })],
    targets: [targetOf({ require: 'any' })],
    policy: { probeAfterMs: minute },
  };
  const before = memoryTracker({
    ...input,
    ports: {
      store,
      publisher: { publish: () => Promise.reject(new UpstreamError('unavailable', 'the topic is away')) },
      forwards: {
        put: () => Promise.reject(new UpstreamError('unavailable', 'the queue is away')),
        deadLetter: refuse,
      },
    },
  });
  await before.tracker.receive({ name, fact: pushOf('eastus', '2026-06-01T12:00:00Z', { tag: 'v1' }) });
  await clock.settle();
  // Until the image is delayed, which the next run notes.
  await clock.advance(20 * minute);

  const writable: ImageStore = {
    ...store,
    commit: async (write) => (isRefused(write.record) ? refuse() : store.commit(write)),
  };
  const queued: ForwardOrder[] = [];
  const forwards = { put: (order: ForwardOrder) => put(order, queued), deadLetter: refuse };
  const after = memoryTracker({ ...input, probe, ports: { store: writable, forwards } });
  return { ...after, store, queued };
}

test.each<[string, (record: ImageRecord) => boolean]>([
  ['a replica’s answer is not stored', ({ arrivals }) => 'westeurope' in arrivals],
  ['nothing of the image is stored', () => true],
])('an event is published where %s', async (_what, isRefused) => {
  const { tracker, publisher, clock } = await nextInstance(isRefused);
  await expect(tracker.reconcile(name, clock.now())).rejects.toThrow('refused');
  await clock.settle();
  const regions = publisher.published.filter(({ type }) => type === 'AcrReplication.ImageAvailableInRegion');
  expect(regions.map(({ data }) => data.region)).toEqual(['eastus']);
});

test('a webhook is forwarded where a replica’s answer is not stored', async () => {
  const { tracker, queued, clock } = await nextInstance(({ arrivals }) => 'westeurope' in arrivals);
  await expect(tracker.reconcile(name, clock.now())).rejects.toThrow('refused');
  expect(queued).toHaveLength(1);
});

test('a queue that always refuses a webhook fails the timer, and the replicas are asked all the same', async () => {
  const { tracker, store, clock } = await nextInstance(
    () => false,
    async () => refuse(),
  );
  const before = await store.read(name);
  await expect(tracker.reconcile(name, clock.now())).rejects.toThrow('refused');
  const after = await store.read(name);
  expect(Object.keys(before?.record.arrivals ?? {})).toEqual(['eastus']);
  expect(Object.keys(after?.record.arrivals ?? {}).sort()).toEqual(['eastus', 'westeurope']);
});
