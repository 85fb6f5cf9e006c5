/** The built app with a collector: what a webhook causes arrives there before the app has ended, in one trace. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildApp } from '../../scripts/build-app.ts';
import * as instruments from '../../src/core/instruments.ts';
import { registry, secret, startInstance, webhookBody } from '../support/app.ts';
import { digestOf } from '../support/build.ts';
import type { OtlpStandIn } from '../support/otlp-stand-in.ts';
import { startOtlpStandIn } from '../support/otlp-stand-in.ts';

const trace = 'a'.repeat(32);
let folder: string;
let collector: OtlpStandIn;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-replication-telemetry-'));
  collector = await startOtlpStandIn();
  await buildApp(new URL('../../', import.meta.url), pathToFileURL(`${folder}/app/`));
}, 60_000);

afterAll(async () => {
  await collector?.stop();
  await rm(folder, { recursive: true, force: true });
});

const start = (settings: Record<string, string>) =>
  startInstance({ regions: ['eastus'], settings, flags: ['--app', join(folder, 'app')] });

function push(url: string, number: number): Promise<Response> {
  return fetch(`${url}/api/webhooks/${registry}/eastus`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${secret}`,
      'content-type': 'application/json',
      traceparent: `00-${trace}-${'b'.repeat(16)}-01`,
    },
    body: webhookBody({ digest: digestOf(number), region: 'eastus' }),
  });
}

test('from the webhook to the event, and every metric', async () => {
  const app = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_SERVICE_NAME: 'tracker' });
  expect((await push(app.url, 1)).status).toBe(200);
  await app.stop();
  expect(app.lastLines()).not.toMatch(/telemetry is off|not exported/);
  const mine = collector.spans.filter(({ traceId }) => traceId === trace);
  expect(mine.map(({ name }) => name).sort()).toEqual(['announce', 'announce', 'receive webhook', 'write image']);
  expect(mine.find(({ name }) => name === 'receive webhook')?.parentId).toBe('b'.repeat(16));
  const names = collector.metrics.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['deliveries', 'lag', 'announcing'].map((one) => `acr_replication.${one}`)),
  );
  const known = new Set(Object.values(instruments).map(({ name }) => name));
  expect(names.filter((name) => !known.has(name))).toEqual([]);
  expect(collector.bytes.join()).not.toContain(secret);
}, 60_000);

test('collectors that are not there cost neither an answer nor the end', async () => {
  const app = await start({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    APPLICATIONINSIGHTS_CONNECTION_STRING:
      'InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint=https://127.0.0.1:9/',
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=00000000-0000-0000-0000-000000000002',
    APPLICATION_INSIGHTS_NO_STATSBEAT: 'true',
    APPLICATIONINSIGHTS_SDKSTATS_DISABLED: 'true',
  });
  expect((await push(app.url, 2)).status).toBe(200);
  const before = Date.now();
  await app.stop();
  expect(Date.now() - before).toBeLessThan(7_000);
  expect(app.lastLines()).not.toMatch(/telemetry is off|00000000-0000/);
}, 60_000);

test('settings that make no sense switch the telemetry off, and nothing else', async () => {
  const app = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'no address, but a secret' });
  expect((await push(app.url, 3)).status).toBe(200);
  await app.stop();
  expect(app.lastLines()).toContain('telemetry is off');
  expect(app.lastLines()).not.toContain('but a secret');
}, 60_000);
