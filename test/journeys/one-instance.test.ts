/** One app process and its own storage: what an operator sees over restarts and outages of the topic. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { RunningTopic } from '../../src/local/topic.ts';
import { startTopic } from '../../src/local/topic.ts';
import type { App } from '../support/app.ts';
import { deliver, getJson, loginServer, startInstance, until } from '../support/app.ts';

const regions = ['eastus', 'westeurope', 'southeastasia'];
const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;

let data: string;
let topic: RunningTopic;
let app: App;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'acr-replication-tracker-'));
  topic = await startTopic();
  app = await startInstance({ data, topic });
}, 60_000);

afterAll(async () => {
  await app?.stop();
  await topic?.stop();
  await rm(data, { recursive: true, force: true });
}, 60_000);

const pushEverywhere = async (n: number) => {
  for (const region of regions) await deliver([app.url], { digest: digestOf(n), region });
};
const documentOf = async (n: number) =>
  (await getJson<AvailabilityDocument>(`${app.url}/api/availability?image=${loginServer}/team/app@${digestOf(n)}`))
    .body;
const toldOf = (n: number) =>
  topic.events.filter(
    (event) =>
      event.type === 'AcrReplication.ImageAvailableInAllReplicas' && String(event.subject).endsWith(digestOf(n)),
  );

test('a waiter is released by the last region, and the event follows', async () => {
  const [first, ...others] = regions;
  await deliver([app.url], { digest: digestOf(1), region: first ?? '' });
  const started = Date.now();
  const waiting = getJson<AvailabilityDocument>(
    `${app.url}/api/wait?image=${loginServer}/team/app@${digestOf(1)}&timeout=30`,
  );
  for (const region of others) await deliver([app.url], { digest: digestOf(1), region });
  const { status, body } = await waiting;
  expect(status).toBe(200);
  expect(body).toMatchObject({ state: 'available', satisfied: true, missing: [] });
  expect(Date.now() - started).toBeLessThan(10_000);
  await until(
    () => toldOf(1),
    (events) => events.length === 1,
    10_000,
  );
});

test('a restart keeps all state', async () => {
  await deliver([app.url], { digest: digestOf(2), region: 'eastus', tag: 'v2' });
  const before = await documentOf(2);
  await app.stop();
  app = await startInstance({ data, topic });
  expect(await documentOf(2)).toEqual({ ...before, replicas: expect.anything() });
  expect(await documentOf(1)).toMatchObject({ state: 'available', announcedAt: expect.any(String) });
}, 60_000);

test('the topic answers 503 for a while: answers stay right, and every event follows', async () => {
  topic.failWith(503, 60);
  await Promise.all(Array.from({ length: 20 }, (_, i) => pushEverywhere(100 + i)));
  for (let i = 0; i < 20; i++) {
    expect(await documentOf(100 + i)).toMatchObject({ state: 'available', satisfied: true, announcedAt: null });
  }
  expect(toldOf(100)).toEqual([]);
  topic.failWith(503, 0);
  await until(
    () => Array.from({ length: 20 }, (_, i) => toldOf(100 + i).length),
    (counts) => counts.every((count) => count >= 1),
    60_000,
  );
  await until(
    () => documentOf(119),
    (document) => document.announcedAt !== null,
    20_000,
  );
}, 120_000);

test('the process is killed between the write and the topic: the event is published within a minute after the restart', async () => {
  topic.failWith(503, 600);
  await pushEverywhere(200);
  app.kill();
  topic.failWith(503, 0);
  app = await startInstance({ data, topic });
  await until(
    () => toldOf(200),
    (events) => events.length >= 1,
    75_000,
  );
  expect(new Set(toldOf(200).map((event) => event.id)).size).toBe(1);
}, 150_000);
