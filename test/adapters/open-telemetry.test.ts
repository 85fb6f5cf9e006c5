/** What the app exports, as a collector receives it; and that a failing collector does not affect the app. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenTelemetry } from '../../src/adapters/open-telemetry/open-telemetry.ts';
import { startTelemetry } from '../../src/adapters/open-telemetry/start.ts';
import * as instruments from '../../src/core/instruments.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import type { Instrument } from '../../src/core/runtime/telemetry.ts';
import { regionOf } from '../support/build.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import type { OtlpStandIn } from '../support/otlp-stand-in.ts';
import { startOtlpStandIn } from '../support/otlp-stand-in.ts';
import { bodyOf, deliver, secrets } from '../support/webhook.ts';

const host = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
const eastus = regionOf('eastus');

let collector: OtlpStandIn;
let telemetry: OpenTelemetry;
let lines: string[];

function start(changes: Partial<Parameters<typeof startTelemetry>[0]> = {}): OpenTelemetry {
  const note = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  return startTelemetry({
    service: 'tracker-of-the-tests',
    otlpEndpoint: collector.endpoint,
    azureMonitor: undefined,
    hasOwnSampler: false,
    log: { info: note, warn: note },
    ...changes,
  });
}

beforeEach(async () => {
  lines = [];
  collector = await startOtlpStandIn();
  telemetry = start();
});

afterEach(async () => {
  await Promise.race([telemetry.close(), new Promise((resolve) => setTimeout(resolve, 500))]);
  await collector.stop();
});

const byName: Readonly<Record<string, Instrument>> = { ...instruments };

function metric(role: string) {
  const found = collector.metrics.filter(({ name }) => name === byName[role]?.name);
  expect(found).toHaveLength(1);
  return found[0];
}

describe('metrics', () => {
  test('each role by its name, with its unit, its kind and its attributes', async () => {
    telemetry.measure(instruments.deliveries, 1, {
      registry: 'contoso',
      region: eastus,
      source: 'webhook',
      outcome: 'recorded',
    });
    telemetry.measure(instruments.deliveries, 1, {
      registry: 'contoso',
      region: eastus,
      source: 'webhook',
      outcome: 'recorded',
    });
    telemetry.measure(instruments.lag, 12.5, { registry: 'contoso', region: eastus, evidence: 'webhook' });
    telemetry.measure(instruments.lag, 2, { registry: 'contoso', region: eastus, evidence: 'webhook' });
    telemetry.measure(instruments.announcing, 0.25, { registry: 'contoso', event: 'availableInAllReplicas' });
    telemetry.measure(instruments.probes, 1, { registry: 'contoso', region: eastus, result: 'absent' });
    for (const by of [1, 1, -1]) telemetry.measure(instruments.waiters, by, { registry: 'contoso' });
    telemetry.measure(instruments.publishFailures, 1, { error: 'unavailable' });
    telemetry.measure(instruments.forwards, 1, { registry: 'contoso', target: 'cluster', outcome: 'delivered' });
    telemetry.measure(instruments.verdicts, 1, { kind: 'github', result: 'failed', outcome: 'delivered' });
    telemetry.measure(instruments.delayedImages, 1, { registry: 'contoso' });
    await telemetry.close();

    expect(collector.requests).toContain('POST /v1/metrics application/x-protobuf');
    for (const [role, { name, unit, description, kind }] of Object.entries(byName)) {
      expect(metric(role)).toMatchObject({
        ...{ name, unit, description, kind: kind === 'histogram' ? 'histogram' : 'sum' },
        isMonotonic: kind === 'counter',
        resource: { 'service.name': 'tracker-of-the-tests', 'service.instance.id': expect.any(String) },
      });
    }
    expect(metric('deliveries')?.points).toEqual([
      { attributes: { registry: 'contoso', region: 'eastus', source: 'webhook', outcome: 'recorded' }, value: 2 },
    ]);
    expect(metric('lag')?.points).toEqual([
      {
        attributes: { registry: 'contoso', region: 'eastus', evidence: 'webhook' },
        ...{ value: 14.5, count: 2, bounds: instruments.lag.bounds },
      },
    ]);
    expect(metric('waiters')?.points).toEqual([{ attributes: { registry: 'contoso' }, value: 1 }]);
  });
});

describe('traces', () => {
  test('go on from where the host was, through the write, to the events', async () => {
    const world = memoryTracker({ ports: { telemetry } });
    for (const region of ['eastus', 'westeurope']) {
      await deliver({ ...world, telemetry }, region, bodyOf(), { traceParent: host });
    }
    await world.clock.settle();
    await telemetry.close();

    expect(collector.requests).toContain('POST /v1/traces application/x-protobuf');
    const { spans } = collector;
    for (const { traceId, resource } of spans) {
      expect(traceId).toBe('a'.repeat(32));
      expect(resource).toMatchObject({ 'service.name': 'tracker-of-the-tests' });
    }
    const named = (name: string) => spans.filter((span) => span.name === name);
    expect(named('receive webhook').map(({ parentId }) => parentId)).toEqual(['b'.repeat(16), 'b'.repeat(16)]);
    const received = named('receive webhook').map(({ spanId }) => spanId);
    expect(named('write image').map(({ parentId }) => parentId)).toEqual(received);
    const written = named('write image').map(({ spanId }) => spanId);
    for (const { parentId } of named('announce')) expect(written).toContain(parentId);
    expect(
      named('announce')
        .map(({ attributes }) => attributes['acr_replication.event'])
        .sort(),
    ).toEqual(['availableInAllReplicas', 'availableInRegion', 'availableInRegion']);
    expect(named('receive webhook')[0]?.attributes).toEqual({
      'acr_replication.registry': 'contoso',
      'acr_replication.region': 'eastus',
      'acr_replication.outcome': 'recorded',
    });
  });

  test('a trace begins where nobody has begun one, and a failure shows by its kind alone', async () => {
    const fail = () =>
      telemetry.span('work', {}, async () => {
        expect(telemetry.activeSpan()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
        throw new UpstreamError('unavailable', 'at https://secret.example');
      });
    await expect(fail()).rejects.toThrow('secret.example');
    expect(telemetry.activeSpan()).toBeUndefined();
    await telemetry.close();
    expect(collector.spans).toMatchObject([{ name: 'work', parentId: '', hasFailed: true }]);
    expect(collector.bytes.join()).not.toContain('secret.example');
  });

  test('nothing of a delivery leaves but what names the image', async () => {
    const world = memoryTracker({ ports: { telemetry } });
    const headers = {
      authorization: `Bearer ${secrets[0]}`,
      'x-other': 'a-header-of-somebody',
      'content-type': 'application/json',
    };
    const path = 'webhooks/contoso/eastus?code=a-token-in-the-address';
    await deliver({ ...world, telemetry }, 'eastus', bodyOf({ target: { tag: 'v1', size: 424_242 } }), {
      headers,
      path,
    });
    await deliver({ ...world, telemetry }, 'eastus', bodyOf(), {
      headers: { ...headers, authorization: 'Bearer a-wrong-secret-of-somebody' },
    });
    await world.clock.settle();
    await telemetry.close();
    const sent = collector.bytes.join();
    expect(sent).toContain('team/app');
    for (const hidden of [...secrets, 'a-wrong-secret', 'a-header-of-somebody', 'a-token-in', 'event-1', 'Bearer'])
      expect(sent).not.toContain(hidden);
  });
});

describe('a collector in trouble', () => {
  test.each([
    ['refuses', 400],
    ['does not know us', 404],
    ['is broken', 500],
  ])('that %s costs one line, without its address', async (_, status) => {
    collector.status = status;
    const world = memoryTracker({ ports: { telemetry } });
    expect(await deliver({ ...world, telemetry }, 'eastus')).toMatchObject({ status: 200 });
    await world.clock.settle();
    expect(world.publisher.published).toHaveLength(1);
    await telemetry.close();
    expect(lines.filter((line) => line.startsWith('metrics not exported'))).toHaveLength(1);
    expect(lines.join()).not.toContain('127.0.0.1');
    expect(lines.join()).not.toContain('http');
  });

  test('that is not there at all costs no more', async () => {
    await collector.stop();
    const world = memoryTracker({ ports: { telemetry } });
    expect(await deliver({ ...world, telemetry }, 'eastus')).toMatchObject({ status: 200 });
    // It retries for up to ten seconds, in the background.
    await Promise.race([telemetry.close(), new Promise((resolve) => setTimeout(resolve, 500))]);
    expect(lines.join()).not.toContain('127.0.0.1');
    collector = await startOtlpStandIn();
  });
});

test('Azure Monitor gets its own exporters beside the others, and what is no address ends nothing but the telemetry', () => {
  const azureMonitor = {
    connectionString: 'InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://127.0.0.1:9/',
  };
  expect(() => start({ azureMonitor })).not.toThrow();
  expect(() => start({ otlpEndpoint: 'no address' })).toThrow();
});
