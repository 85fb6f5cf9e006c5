import { describe, expect, test } from 'vitest';
import type { ReplicaReport } from '../../src/core/query/replica-report.ts';
import { replicasFunction } from '../../src/functions/api/replicas.ts';
import { at, digestOf, pushOf, regionOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const quiet = {
  provisioningState: null,
  health: 'unknown',
  status: null,
  globalRouting: true,
  lastWebhookAt: null,
  silent: false,
  unreportedImages: 0,
  webhook: { status: 'unknown', reason: null, checkedAt: null },
  lag: { p50Seconds: null, p95Seconds: null, count: 0 },
  missingImages: 0,
};
const expected = { expected: true, required: true, observedOnly: false };

describe('the replicas of a registry', () => {
  test('before anything has happened', async () => {
    const registries = [registryOf({ observedOnly: regionsOf('australiaeast') })];
    const answer = await call(replicasFunction(memoryTracker({ registries }).tracker), { path: 'replicas' });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({
      registry: 'contoso.azurecr.io',
      source: 'settings',
      refreshedAt: '2026-06-01T12:00:00.000Z',
      stale: false,
      warning: null,
      likelyCauses: [],
      regions: [
        { region: 'australiaeast', ...quiet, expected: false, required: false, observedOnly: true },
        { region: 'eastus', ...quiet, ...expected },
        { region: 'westeurope', ...quiet, ...expected },
      ],
    });
  });

  test('with what the webhooks have said, how far behind each is, and what is missing there', async () => {
    const memory = memoryTracker();
    const push = (region: string, number: number) =>
      deliver(memory, region, bodyOf({ target: { digest: digestOf(number) } }));
    for (const [number, lag] of [
      [1, 2],
      [2, 4],
      [3, 10],
    ] as const) {
      await memory.clock.advance(20_000);
      await push('eastus', number);
      await memory.clock.advance(lag * 1_000);
      await push('westeurope', number);
    }
    await memory.clock.advance(20_000);
    await push('eastus', 4);
    await push('northeurope', 4);
    await memory.clock.settle();
    const answer = await call(replicasFunction(memory.tracker), { path: 'replicas?registry=contoso' });
    expect(answer.body).toMatchObject({
      regions: [
        {
          region: 'eastus',
          ...expected,
          lastWebhookAt: '2026-06-01T12:01:36.000Z',
          lag: { p50Seconds: 0, p95Seconds: 0, count: 4 },
          missingImages: 0,
        },
        // Not in the set, and not silent.
        { region: 'northeurope', expected: false, required: false, observedOnly: false },
        {
          region: 'westeurope',
          ...expected,
          lastWebhookAt: '2026-06-01T12:01:16.000Z',
          lag: { p50Seconds: 4, p95Seconds: 10, count: 3 },
          missingImages: 1,
        },
      ],
    });
  });

  test('with those that are silent: others have reported three images since, two minutes ago or earlier', async () => {
    const registries = [registryOf({ regions: regionsOf('eastus', 'uksouth', 'westeurope') })];
    const memory = memoryTracker({ registries });
    const silence = async () => {
      const { body } = await call(replicasFunction(memory.tracker), { path: 'replicas' });
      const regions = (body as ReplicaReport).regions.filter((one) => one.unreportedImages > 0);
      return regions.map((one) => `${one.region} ${one.unreportedImages}${one.silent ? ' silent' : ''}`);
    };
    const push = (region: string, number: number) =>
      deliver(memory, region, bodyOf({ target: { digest: digestOf(number) } }));
    for (const region of ['eastus', 'uksouth', 'westeurope']) await push(region, 1);
    await memory.clock.advance(60_000);
    await push('eastus', 2);
    await push('northeurope', 2);
    // They have two minutes.
    await memory.clock.advance(110_000);
    await push('uksouth', 2);
    expect(await silence()).toEqual([]);
    await memory.clock.advance(20_000);
    // One webhook may be lost, and nothing be pushed for an hour.
    expect(await silence()).toEqual(['westeurope 1']);
    await memory.clock.advance(3_600_000);
    expect(await silence()).toEqual(['westeurope 1']);
    for (const number of [3, 4]) for (const region of ['eastus', 'uksouth']) await push(region, number);
    await memory.clock.advance(110_000);
    expect(await silence()).toEqual(['westeurope 1']);
    await memory.clock.advance(20_000);
    expect(await silence()).toEqual(['westeurope 3 silent']);
    await push('westeurope', 2);
    expect(await silence()).toEqual([]);
    // Its late report makes no other region silent, what a probe has found is no webhook, and nor is a region silent that nothing is expected of.
    await memory.clock.advance(60_000);
    for (const number of [5, 6, 7]) {
      const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(number) };
      const found = pushOf('eastus', new Date(memory.clock.now()).toISOString(), { evidence: 'probe' });
      await memory.tracker.receive({ name, fact: found });
    }
    await memory.clock.advance(200_000);
    expect(await silence()).toEqual([]);
  });

  test('an image and its signature are one that a region has not reported', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'westeurope', bodyOf({ target: { digest: digestOf(9) } }));
    await memory.clock.advance(1_000);
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    const signature = { digest: digestOf(2), tag: `${digestOf(1).replace(':', '-')}.sig` };
    await deliver(memory, 'eastus', bodyOf({ target: signature }));
    await memory.clock.advance(180_000);
    const { body } = await call(replicasFunction(memory.tracker), { path: 'replicas' });
    expect((body as ReplicaReport).regions.map((one) => [one.region, one.unreportedImages])).toEqual([
      ['eastus', 0],
      ['westeurope', 1],
    ]);
  });

  test('the lag of a region leaves out what a probe found: that says when it was asked', async () => {
    const memory = memoryTracker();
    for (const number of [1, 2]) {
      await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(number) } }));
      await memory.clock.advance(number === 1 ? 3_000 : 70_000);
      if (number === 1) await deliver(memory, 'westeurope', bodyOf({ target: { digest: digestOf(number) } }));
      else {
        const fact = {
          ...pushOf('westeurope', new Date(memory.clock.now()).toISOString()),
          evidence: 'probe' as const,
        };
        const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(number) };
        await memory.tracker.process({ name, fact });
        // Its webhook comes later still.
        await deliver(memory, 'westeurope', bodyOf({ target: { digest: digestOf(number) } }));
      }
      await memory.clock.advance(20_000);
    }
    await memory.clock.settle();
    const { regions } = (await call(replicasFunction(memory.tracker), { path: 'replicas' })).body as ReplicaReport;
    expect(regions.map(({ lag }) => lag)).toEqual([
      { p50Seconds: 0, p95Seconds: 0, count: 2 },
      { p50Seconds: 3, p95Seconds: 3, count: 1 },
    ]);
  });

  test('what a region lacks that is not expected is counted among the recent images', async () => {
    const memory = memoryTracker({ registries: [registryOf({ observedOnly: regionsOf('australiaeast') })] });
    for (const region of ['eastus', 'westeurope']) {
      for (const number of [1, 2]) await deliver(memory, region, bodyOf({ target: { digest: digestOf(number) } }));
    }
    await deliver(memory, 'australiaeast', bodyOf({ target: { digest: digestOf(2) } }));
    await memory.clock.settle();
    const { regions } = (await call(replicasFunction(memory.tracker), { path: 'replicas' })).body as ReplicaReport;
    expect(regions.map(({ region, missingImages }) => [region, missingImages])).toEqual([
      ['australiaeast', 1],
      ['eastus', 0],
      ['westeurope', 0],
    ]);
  });

  describe('with a region that nobody expects', () => {
    const dayMs = 86_400_000;
    const report = async ({ tracker }: MemoryTracker) =>
      (await call(replicasFunction(tracker), { path: 'replicas' })).body as ReplicaReport;

    test('while its webhook reports, and seven days longer', async () => {
      const memory = memoryTracker();
      await deliver(memory, 'westerope');
      await memory.clock.advance(7 * dayMs - 1);
      const shown = await report(memory);
      expect(shown.regions.map(({ region }) => region)).toEqual(['eastus', 'westerope', 'westeurope']);
      expect(shown.warning).toMatch(/report for westerope, .* expected are eastus, westeurope\./);
      await memory.clock.advance(1);
      const gone = await report(memory);
      expect(gone.regions.map(({ region }) => region)).toEqual(['eastus', 'westeurope']);
      expect(gone.warning).toBeNull();
      expect(await memory.tracker.regions(registryOf())).toEqual(['eastus', 'westeurope']);
    });

    test('among at most fifty, the last that reported', async () => {
      const memory = memoryTracker();
      for (let n = 1; n <= 60; n++) {
        await memory.clock.advance(1_000);
        memory.tracker.webhookSeen(registryOf(), regionOf(`nowhere${n}`));
      }
      const { regions } = await report(memory);
      expect(regions).toHaveLength(50);
      expect(regions.map(({ region }) => region)).toEqual(
        expect.arrayContaining(['eastus', 'nowhere13', 'nowhere60', 'westeurope']),
      );
    });

    test('whose replica was removed and has said nothing since: no warning', async () => {
      const gone = [{ region: regionOf('uksouth'), name: 'uksouth', at: at('2026-06-01T12:01:00Z') }];
      const memory = memoryTracker({ replicaSet: () => ({ ...replicaSetOf(), source: 'arm', gone }) });
      await deliver(memory, 'uksouth');
      expect(await report(memory)).toMatchObject({ warning: null, regions: { length: 3 } });
      await memory.clock.advance(90_000);
      await deliver(memory, 'uksouth');
      expect((await report(memory)).warning).toContain('uksouth');
    });
  });

  test('with the last word of a burst', async () => {
    const memory = memoryTracker();
    for (let number = 1; number <= 5; number++) {
      await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(number) } }));
      await memory.clock.advance(1_000);
    }
    const ofEast = { region: 'eastus', lastWebhookAt: '2026-06-01T12:00:04.000Z' };
    const { body } = await call(replicasFunction(memory.tracker), { path: 'replicas' });
    expect(body).toMatchObject({ regions: [ofEast, { region: 'westeurope', lastWebhookAt: null }] });
    await memory.clock.advance(10_000);
    expect((await memory.webhooks.last('contoso')).get(regionOf('eastus'))).toBe(Date.parse(ofEast.lastWebhookAt));
  });

  test('with what ARM knows of them', async () => {
    const status = { displayStatus: 'Degraded', message: 'Storage is away', timestamp: '2026-06-01T10:00:00.000Z' };
    const set = replicaSetOf();
    const replicaSet = () => ({
      verify: 'missing' as const,
      source: 'remembered' as const,
      refreshedAt: Date.parse('2026-06-01T10:30:00Z'),
      replicas: set.replicas.map((replica) =>
        replica.region === regionOf('eastus')
          ? { ...replica, provisioningState: 'Succeeded', health: 'unhealthy' as const, status, globalRouting: false }
          : replica,
      ),
    });
    const answer = await call(replicasFunction(memoryTracker({ replicaSet }).tracker), { path: 'replicas' });
    expect(answer.body).toMatchObject({
      source: 'remembered',
      refreshedAt: '2026-06-01T10:30:00.000Z',
      stale: true,
      regions: [
        { region: 'eastus', provisioningState: 'Succeeded', health: 'unhealthy', status, globalRouting: false },
        { region: 'westeurope', provisioningState: null, health: 'unknown', status: null, globalRouting: true },
      ],
    });
  });

  test.each(['fabrikam', '', '__proto__'])('that is not tracked, %j: 404', async (registry) => {
    const answer = await call(replicasFunction(memoryTracker().tracker), { path: `replicas?registry=${registry}` });
    expect(answer).toMatchObject({ status: 404, body: { status: 404 } });
  });

  test('not named while there are two: 400', async () => {
    const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
    const answer = await call(replicasFunction(memoryTracker({ registries }).tracker), { path: 'replicas' });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'registry' }] } });
  });
});
