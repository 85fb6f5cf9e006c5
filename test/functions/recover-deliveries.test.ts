import functions from '@azure/functions';
import { expect, test } from 'vitest';
import { deliveryRecovery } from '../../src/core/webhooks/delivery-recovery.ts';
import { recoverDeliveriesFunction } from '../../src/functions/triggers/recover-deliveries.ts';
import { digestOf, registryOf, repositoryOf } from '../support/build.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { memoryLog, memoryWebhooks, publicUrl } from '../support/memory-webhooks.ts';

const contoso = registryOf({ resourceId: '/subscriptions/s/resourceGroups/g/providers/p/registries/contoso' });
const timer = {
  isPastDue: false,
  schedule: { adjustForDST: false },
  scheduleStatus: { last: '', next: '', lastUpdated: '' },
};

test('what the webhooks lost is in the tracker five minutes later', async () => {
  const { tracker, clock, store } = memoryTracker({ registries: [contoso] });
  const directory = memoryWebhooks();
  const body = {
    id: 'a',
    timestamp: '2026-06-01T11:59:00Z',
    action: 'push',
    target: { repository: 'team/app', digest: digestOf(1) },
  };
  directory.add('east', 'eastus', { deliveries: [{ id: 'a', body, status: 504 }] });
  const deliveries = deliveryRecovery({
    registries: tracker.registries,
    directory,
    publicUrl,
    maxAgeMs: 86_400_000,
    clock,
    log: memoryLog(),
    replicaSet: tracker.replicaSet,
    process: (delivery) => tracker.process(delivery),
  });
  const lines: string[] = [];
  const logHandler = (_level: string, ...words: unknown[]) => {
    lines.push(words.join(' '));
  };
  const { schedule, handler } = recoverDeliveriesFunction(deliveries);
  for (let time = 0; time < 2; time++) await handler(timer, new functions.InvocationContext({ logHandler }));

  const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
  expect((await store.read(name))?.record.arrivals).toMatchObject({ eastus: { evidence: ['deliveryLog'] } });
  expect(lines).toEqual(['recovered 1 lost deliveries']);
  expect(schedule).toBe('20 */5 * * * *');
});
