/**
 * The simulated webhook events compared with those that the registry really sent: same fields, same formats. With an
 * additional field here the tracker could depend on something that it never gets.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { planLoad } from '../../src/local/simulator/load.ts';
import { createTimestamper } from '../../src/local/simulator/timestamp.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';
import { buildPingEvent, type WebhookEvent } from '../../src/local/simulator/webhook-event.ts';
import { createWorld } from '../../src/local/simulator/world.ts';

const SEVEN_DIGITS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function readPayload(name: string): WebhookEvent {
  return JSON.parse(readFileSync(new URL(`../fixtures/payloads/${name}.json`, import.meta.url), 'utf8'));
}

/** The names of all fields, nested ones with a dot, without those that real events may lack. */
function listFields(event: WebhookEvent): string[] {
  const nested = Object.entries(event).flatMap(([name, value]) =>
    value !== null && typeof value === 'object' ? Object.keys(value).map((inner) => `${name}.${inner}`) : [name],
  );
  return nested.filter((name) => name !== 'request.useragent').sort();
}

async function collectEvents(): Promise<WebhookEvent[]> {
  const scheduler = createVirtualScheduler();
  const world = createWorld({ registry: 'contoso', regions: ['eastus', 'westeurope'], seed: 5, scheduler });
  const events: WebhookEvent[] = [];
  world.listen(({ event }) => events.push(event));
  planLoad(world, scheduler, { seed: 5, images: 60, shares: { deleted: 0.5 } });
  await scheduler.run();
  return events;
}

describe('webhook events', () => {
  test('of a push with a tag have the fields of the captured and of the documented one', async () => {
    const pushes = (await collectEvents()).filter(({ action, target }) => action === 'push' && target?.tag);
    expect(pushes.length).toBeGreaterThan(100);
    for (const push of pushes) expect(listFields(push)).toEqual(listFields(readPayload('webhook-push-captured')));
    expect(listFields(readPayload('webhook-push-documented'))).toEqual(
      listFields(readPayload('webhook-push-captured')),
    );
    const useragents = new Set(pushes.map(({ request }) => request?.useragent === undefined));
    expect(useragents).toEqual(new Set([true, false]));
  });

  test('of a push by digest lack the tag or have it empty', async () => {
    const byDigest = (await collectEvents()).filter(({ action, target }) => action === 'push' && !target?.tag);
    expect(new Set(byDigest.map(({ target }) => target?.tag))).toEqual(new Set([undefined, '']));
  });

  test('of a delete have the fields of the documented one: no tag, no size', async () => {
    const deletes = (await collectEvents()).filter(({ action }) => action === 'delete');
    expect(deletes.length).toBeGreaterThan(20);
    for (const each of deletes) expect(listFields(each)).toEqual(listFields(readPayload('webhook-delete-documented')));
  });

  test('of a ping have the fields of the captured one', () => {
    const ping = buildPingEvent('826b111c-23c8-4058-b0e4-6760ad44e217', '2021-12-30T21:06:39.5160873Z');
    expect(ping).toEqual(readPayload('webhook-ping-captured'));
  });

  test('carry UUIDs, seven digits of a second, and the size of the manifest twice', async () => {
    for (const { id, timestamp, action, target, request } of await collectEvents()) {
      expect(id).toMatch(UUID);
      expect(request?.id).toMatch(UUID);
      expect(timestamp).toMatch(SEVEN_DIGITS);
      expect(target?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(request?.method).toBe(action === 'push' ? 'PUT' : 'DELETE');
      expect(target?.size).toBe(target?.length);
    }
  });
});

test('timestamps of one millisecond keep their order', () => {
  const stamp = createTimestamper();
  const stamps = [1_780_000_000_123, 1_780_000_000_123, 1_780_000_000_123, 1_780_000_000_124].map(stamp);
  expect(stamps).toEqual([...stamps].sort());
  expect(new Set(stamps).size).toBe(4);
});
