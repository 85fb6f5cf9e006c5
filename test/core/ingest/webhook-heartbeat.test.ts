import { describe, expect, test } from 'vitest';
import { memoryWebhookLog } from '../../../src/adapters/memory.ts';
import { webhookHeartbeat } from '../../../src/core/ingest/webhook-heartbeat.ts';
import type { HeartbeatStore } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { regionOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const eastus = regionOf('eastus');

function listener(parts: { readonly webhooks?: HeartbeatStore; readonly clock?: ReturnType<typeof manualClock> } = {}) {
  const clock = parts.clock ?? manualClock(0);
  const log = parts.webhooks ?? memoryWebhookLog();
  const notes: [at: number, calledAt: number][] = [];
  const warnings: string[] = [];
  const one = webhookHeartbeat({
    webhooks: {
      last: log.last,
      async note(registry, region, at) {
        notes.push([clock.now(), at]);
        await log.note(registry, region, at);
      },
    },
    clock,
    log: { info: () => undefined, warn: (message) => warnings.push(message) },
  });
  const callAt = async (...times: number[]) => {
    for (const time of times) {
      await clock.advance(time - clock.now());
      one.seen('contoso', eastus);
    }
  };
  return { ...one, clock, notes, warnings, callAt, shown: async () => (await one.last('contoso')).get(eastus) };
}

/** A real time: at the beginning of time everything would be long ago. */
const start = 100_000;

describe('the time of a webhook’s last event is stored', () => {
  test('at once, and the last of a burst ten seconds later', async () => {
    const { callAt, clock, notes } = listener();
    await callAt(start, start + 1, start + 4_000, start + 9_999);
    await clock.advance(60_000);
    expect(notes).toEqual([
      [start, start],
      [start + 10_000, start + 9_999],
    ]);
  });

  test('once in ten seconds, however long it goes on', async () => {
    const { callAt, clock, notes } = listener();
    await callAt(...Array.from({ length: 100 }, (_, i) => start + i * 500));
    await clock.advance(60_000);
    expect(notes.map(([at]) => at - start)).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
    expect(notes.at(-1)?.[1]).toBe(start + 49_500);
  });

  test('for each replica by itself', async () => {
    const { seen, clock, notes } = listener();
    await clock.advance(start);
    for (const region of ['eastus', 'westeurope']) seen('contoso', regionOf(region));
    seen('fabrikam', eastus);
    await clock.settle();
    expect(notes).toHaveLength(3);
  });

  test('not over what another instance has received later', async () => {
    const clock = manualClock(start);
    const webhooks = memoryWebhookLog();
    const [one, other] = [listener({ webhooks, clock }), listener({ webhooks, clock })];
    await one.callAt(start, start + 1_000);
    await other.callAt(start + 2_000);
    await clock.advance(60_000);
    expect(one.notes).toHaveLength(1);
    expect((await webhooks.last('contoso')).get(eastus)).toBe(start + 2_000);
  });

  test('after an outage of the storage with the next event', async () => {
    const webhooks = memoryWebhookLog();
    let isAway = true;
    const away: HeartbeatStore = {
      last: webhooks.last,
      note: async (...about) =>
        isAway ? Promise.reject(new UpstreamError('unavailable', 'no answer')) : webhooks.note(...about),
    };
    const { callAt, clock, warnings } = listener({ webhooks: away });
    await callAt(start);
    await clock.settle();
    isAway = false;
    await callAt(start + 1_000);
    await clock.settle();
    expect((await webhooks.last('contoso')).get(eastus)).toBe(start + 1_000);
    expect(warnings).toEqual(['webhook heartbeat not stored']);
  });

  test('no more once it is closed', async () => {
    const { callAt, clock, close, notes } = listener();
    await callAt(start, start + 1_000);
    close();
    await clock.advance(60_000);
    expect(notes).toHaveLength(1);
  });
});

test('an event is shown before it is stored, by the instance that received it', async () => {
  const webhooks = memoryWebhookLog();
  const [one, other] = [listener({ webhooks }), listener({ webhooks })];
  await one.callAt(start, start + 3_000);
  expect(await one.shown()).toBe(start + 3_000);
  expect(await other.shown()).toBe(start);
});
