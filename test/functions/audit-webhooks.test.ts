import functions from '@azure/functions';
import { expect, test } from 'vitest';
import { webhookAuditor } from '../../src/core/webhooks/auditor.ts';
import { auditWebhooksFunction } from '../../src/functions/triggers/audit-webhooks.ts';
import { regionOf, registryOf, replicaSetOf } from '../support/build.ts';
import { manualClock } from '../support/manual-clock.ts';
import { memoryLog, memoryWebhooks, publicUrl } from '../support/memory-webhooks.ts';

const contoso = registryOf({ resourceId: '/subscriptions/s/resourceGroups/g/providers/p/registries/contoso' });
const timer = {
  isPastDue: false,
  schedule: { adjustForDST: false },
  scheduleStatus: { last: '', next: '', lastUpdated: '' },
};

test('a quarter of an hour after a webhook was lost it is there again', async () => {
  const directory = memoryWebhooks();
  const clock = manualClock();
  const care = webhookAuditor({
    registries: [contoso],
    directory,
    mode: 'manage',
    publicUrl,
    secret: 'the-secret-of-the-tests',
    clock,
    log: memoryLog(),
    replicaSet: (registry) => replicaSetOf(registry),
  });
  const { schedule, handler } = auditWebhooksFunction(care);
  for (let time = 0; time < 2; time++) {
    directory.webhooks.clear();
    const done = handler(timer, new functions.InvocationContext());
    await clock.advance(15 * 60_000);
    await done;
  }
  expect([...directory.webhooks.values()].map(({ region }) => region).sort()).toEqual(['eastus', 'westeurope']);
  expect(care.status(contoso, regionOf('eastus')).status).toBe('ok');
  expect(schedule).toBe('40 7/15 * * * *');
});
