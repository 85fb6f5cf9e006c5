import { describe, expect, test } from 'vitest';
import type { ReplicaSet } from '../../../src/core/model/replica-set.ts';
import type { LoggedDelivery, Received } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { regionOfAddress } from '../../../src/core/webhooks/address.ts';
import type { DeliveryRecoveryDeps } from '../../../src/core/webhooks/delivery-recovery.ts';
import { deliveryRecovery } from '../../../src/core/webhooks/delivery-recovery.ts';
import { digestOf, registryOf, replicaSetOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import type { MemoryWebhooks } from '../../support/memory-webhooks.ts';
import { addressOf, away, memoryLog, memoryWebhooks, publicUrl, refused } from '../../support/memory-webhooks.ts';

const resourceId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso';
const contoso = registryOf({ resourceId });

function logged(id: string, status: number | undefined, changes: object = {}): LoggedDelivery {
  const target = { repository: 'team/app', digest: digestOf(1), tag: 'v1' };
  return { id, status, body: { id, timestamp: '2026-06-01T11:59:00Z', action: 'push', target, ...changes } };
}

function setUp(parts: Partial<DeliveryRecoveryDeps> = {}, prepare: (directory: MemoryWebhooks) => void = () => {}) {
  const directory = memoryWebhooks();
  const clock = manualClock();
  const log = memoryLog();
  const processed: Received[] = [];
  prepare(directory);
  const deliveries = deliveryRecovery({
    registries: [contoso],
    directory,
    publicUrl,
    maxAgeMs: 7 * 86_400_000,
    clock,
    log,
    replicaSet: (registry) => replicaSetOf(registry, clock.now()),
    process: async (delivery) => processed.push(delivery),
    ...parts,
  });
  return { directory, clock, log, processed, deliveries };
}

describe('a delivery that failed', () => {
  test('is recovered as a report of the webhook’s region', async () => {
    const { deliveries, processed, clock } = setUp({}, (directory) => {
      directory.add('east', 'eastus', { deliveries: [logged('a', 503)] });
    });
    expect(await deliveries.run()).toBe(1);
    expect(processed).toEqual([
      {
        name: { registry: 'contoso', repository: 'team/app', digest: digestOf(1) },
        fact: {
          region: 'eastus',
          kind: 'push',
          eventTime: '2026-06-01T11:59:00.000000000Z',
          receivedAt: clock.now(),
          evidence: 'deliveryLog',
          tag: 'v1',
          mediaType: undefined,
        },
      },
    ]);
  });

  test.each([undefined, 199, 301, 401, 404, 500, 504])('with the answer %s is recovered', async (status) => {
    const { deliveries } = setUp({}, (directory) => {
      directory.add('east', 'eastus', { deliveries: [logged('a', status)] });
    });
    expect(await deliveries.run()).toBe(1);
  });

  test.each([200, 202, 204, 299])('does not exist with the answer %s', async (status) => {
    const { deliveries } = setUp({}, (directory) => {
      directory.add('east', 'eastus', { deliveries: [logged('a', status)] });
    });
    expect(await deliveries.run()).toBe(0);
  });

  test('is recovered once, however long the log keeps it', async () => {
    const { deliveries, directory, processed } = setUp();
    const east = directory.add('east', 'eastus', { deliveries: [logged('a', 503)] });
    await deliveries.run();
    east.deliveries.push(logged('b', 503));
    expect([await deliveries.run(), await deliveries.run()]).toEqual([1, 0]);
    expect(processed).toHaveLength(2);
  });

  test('is forgotten with its webhook', async () => {
    const { deliveries, directory } = setUp();
    const east = directory.add('east', 'eastus', { deliveries: [logged('a', 503)] });
    await deliveries.run();
    directory.webhooks.clear();
    await deliveries.run();
    directory.webhooks.set('east', east);
    expect(await deliveries.run()).toBe(1);
  });

  test('with the same id in two regions is two facts', async () => {
    const { deliveries, processed } = setUp({}, (directory) => {
      directory.add('east', 'eastus', { deliveries: [logged('a', 503)] });
      directory.add('west', 'westeurope', { deliveries: [logged('a', 503)] });
    });
    await deliveries.run();
    expect(processed.map((one) => ('fact' in one ? one.fact.region : one.region))).toEqual(['eastus', 'westeurope']);
  });

  test('in their hundreds is recovered as a whole', async () => {
    const { deliveries } = setUp({}, (directory) => {
      directory.add('east', 'eastus', { deliveries: Array.from({ length: 333 }, (_, i) => logged(`${i}`, 503)) });
    });
    expect(await deliveries.run()).toBe(333);
  });

  test('is tried again when storage was away, and not when it can never be stored', async () => {
    const errors = [away, new UpstreamError('invalid', 'no such registry')];
    const { deliveries, log } = setUp(
      {
        process: async () => {
          const error = errors.shift();
          if (error !== undefined) throw error;
        },
      },
      (directory) => directory.add('east', 'eastus', { deliveries: [logged('a', 503), logged('b', 503)] }),
    );
    expect([await deliveries.run(), await deliveries.run(), await deliveries.run()]).toEqual([0, 1, 0]);
    expect(log.lines.filter((line) => line.startsWith('lost delivery not recovered'))).toHaveLength(2);
  });

  test.each<[string, LoggedDelivery]>([
    ['a ping', logged('a', 401, { action: 'ping' })],
    ['a quarantine', logged('a', 401, { action: 'quarantine' })],
    ['without a digest', logged('a', 401, { target: { repository: 'team/app' } })],
    ['unreadable', { id: 'a', status: 500, body: undefined }],
    ['with a masked digest', logged('a', 401, { target: { repository: 'team/app', digest: 'sha256:xxxx' } })],
    ['older than images are kept', logged('a', 503, { timestamp: '2026-05-25T11:59:59Z' })],
  ])('without a report about an image is ignored: %s', async (_what, delivery) => {
    const { deliveries, processed } = setUp({}, (directory) => {
      directory.add('east', 'eastus', { deliveries: [delivery] });
    });
    expect([await deliveries.run(), processed]).toEqual([0, []]);
  });
});

describe('which webhooks', () => {
  test.each<[string, string, boolean]>([
    ['this app’s', addressOf('eastus'), true],
    ['in any case, with a key', 'HTTPS://Tracker.Contoso.com/API/Webhooks/CONTOSO/EastUS/?code=abc', true],
    ['spelled as the portal does', `${publicUrl}/api/webhooks/contoso/East%20US`, true],
    ['another app’s', 'https://other.contoso.com/api/webhooks/contoso/eastus', false],
    ['another registry’s', addressOf('eastus', 'fabrikam'), false],
    ['a registry’s whose name begins alike', addressOf('eastus', 'contoso2'), false],
    ['another path', `${publicUrl}/api/other/contoso/eastus`, false],
    ['below another path', `${publicUrl}/base/api/webhooks/contoso/eastus`, false],
    ['no address', 'nonsense', false],
  ])('%s', async (_what, serviceUri, counts) => {
    const { deliveries } = setUp({}, (directory) => {
      directory.add('east', 'eastus', { serviceUri, deliveries: [logged('a', 503)] });
    });
    expect(await deliveries.run()).toBe(counts ? 1 : 0);
  });

  test('every app’s where the address of this one is not known', () => {
    const elsewhere = 'https://other.contoso.com/base/api/webhooks/contoso/eastus';
    expect(regionOfAddress(undefined, contoso, elsewhere)).toBe('eastus');
    expect(regionOfAddress('https://other.contoso.com/Base/', contoso, elsewhere)).toBe('eastus');
  });

  test('of the region of the webhook, whatever its address names', async () => {
    const { deliveries, processed } = setUp({}, (directory) => {
      directory.add('west', 'westeurope', { serviceUri: addressOf('eastus'), deliveries: [logged('a', 503)] });
    });
    await deliveries.run();
    expect(processed.map((one) => ('fact' in one ? one.fact.region : one.region))).toEqual(['westeurope']);
  });

  test('not of regions that are not known, whose addresses are not read', async () => {
    const { deliveries, directory } = setUp({}, (memory) => {
      memory.add('north', 'northeurope', { deliveries: [logged('a', 503)] });
    });
    expect(await deliveries.run()).toBe(0);
    expect(directory.calls).toEqual(['list']);
  });

  test('of regions that are only observed', async () => {
    const observed = registryOf({
      resourceId,
      observedOnly: replicaSetOf()
        .replicas.slice(0, 1)
        .map((r) => r.region),
    });
    const { deliveries } = setUp({ registries: [observed] }, (directory) => {
      directory.add('east', 'eastus', { deliveries: [logged('a', 503)] });
    });
    expect(await deliveries.run()).toBe(1);
  });

  test('of regions that are only known a moment after the start', async () => {
    let regions: ReplicaSet['replicas'] = [];
    const { deliveries } = setUp(
      {
        ready: async () => {
          regions = replicaSetOf().replicas;
        },
        replicaSet: () => ({ ...replicaSetOf(), replicas: regions }),
      },
      (directory) => directory.add('east', 'eastus', { deliveries: [logged('a', 503)] }),
    );
    expect(await deliveries.run()).toBe(1);
  });

  test('none of a registry without a resource id', async () => {
    const { deliveries, directory } = setUp({ registries: [registryOf()] });
    expect([await deliveries.run(), directory.calls]).toEqual([0, []]);
  });
});

describe('a failure', () => {
  const two = (directory: MemoryWebhooks) => {
    directory.add('east', 'eastus', { deliveries: [logged('a', 503)] });
    directory.add('west', 'westeurope', { deliveries: [logged('b', 503)] });
  };

  test.each(['serviceUri east', 'deliveries east'])('with %s does not stop the others', async (call) => {
    const { deliveries, directory, processed } = setUp({}, two);
    directory.failing.set(call, away);
    expect(await deliveries.run()).toBe(1);
    expect(processed.map((one) => ('fact' in one ? one.fact.region : one.region))).toEqual(['westeurope']);
    directory.failing.clear();
    expect(await deliveries.run()).toBe(1);
  });

  test('with one registry does not stop the others', async () => {
    const fabrikam = registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io', resourceId });
    const { directory, clock, log, processed } = setUp({}, two);
    const list = directory.list;
    const deliveries = deliveryRecovery({
      registries: [fabrikam, contoso],
      directory: { ...directory, list: async (one) => (one === fabrikam ? Promise.reject(away) : list(one)) },
      publicUrl,
      maxAgeMs: 86_400_000,
      clock,
      log,
      replicaSet: (one) => replicaSetOf(one, clock.now()),
      process: async (delivery) => processed.push(delivery),
    });
    expect(await deliveries.run()).toBe(2);
  });

  test.each(['list', 'serviceUri', 'deliveries'])(
    'of rights with %s is logged once each time, with what to do',
    async (call) => {
      const { deliveries, directory, log } = setUp({}, two);
      directory.failing.set(call, refused);
      for (let time = 0; time < 3; time++) await deliveries.run();
      const line = expect.stringContaining('"hint":"give it the role"');
      expect(log.lines).toEqual([line, line, line]);
    },
  );

  test('is logged without any address', async () => {
    const { deliveries, directory, log } = setUp({}, two);
    directory.failing.set('deliveries west', away);
    await deliveries.run();
    expect(log.lines.join('\n')).not.toMatch(/https?:|api\/webhooks/);
  });
});
