/**
 * Published events are published again, with the same ids and nothing else: over a restart, and while the topic is
 * unavailable.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningTopic } from '../../src/local/topic.ts';
import { startTopic } from '../../src/local/topic.ts';
import type { App } from '../support/app.ts';
import { deliver, getJson, loginServer, registry, startInstance, until } from '../support/app.ts';

const regions = ['eastus', 'westeurope', 'southeastasia'];
const images = 30;
const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;
const imageOf = (n: number) => `${loginServer}/team/app@${digestOf(n)}`;

interface Listing {
  readonly events: readonly { readonly id: string; readonly status: string }[];
}
interface Replay {
  readonly id: string;
  readonly status: string;
  readonly imagesExamined: number;
  readonly eventsPublished: number;
}

let data: string;
let topic: RunningTopic;
let app: App;
let startedAt: string;
/** Ids of everything published about the images, by image. */
const published = new Map<number, string[]>();

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'acr-replication-tracker-'));
  topic = await startTopic({ keep: 10_000 });
  app = await startInstance({ data, topic });
  startedAt = new Date(Date.now() - 1_000).toISOString();
  const numbers = Array.from({ length: images }, (_, i) => i + 1);
  await Promise.all(
    numbers.map(async (n) => {
      for (const region of regions) await deliver([app.url], { digest: digestOf(n), region, tag: `v${n}` });
    }),
  );
  for (const n of numbers) {
    const { body } = await until(
      () => getJson<Listing>(`${app.url}/api/events?image=${imageOf(n)}`),
      ({ body: { events } }) => events.length === 5 && events.every(({ status }) => status === 'published'),
      40_000,
    );
    published.set(
      n,
      body.events.map(({ id }) => id),
    );
  }
}, 120_000);

afterAll(async () => {
  await app?.stop();
  await topic?.stop();
  await rm(data, { recursive: true, force: true });
}, 60_000);

async function ask(input: object): Promise<string> {
  const response = await fetch(`${app.url}/api/events/replay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const body = (await response.json()) as { replay: string; status: string };
  expect([response.status, body.status]).toEqual([202, 'running']);
  expect(response.headers.get('location')).toBe(`/api/events?replay=${body.replay}`);
  return body.replay;
}

async function finished(id: string, timeoutMs = 60_000): Promise<Replay> {
  const { body } = await until(
    () => getJson<{ replay: Replay }>(`${app.url}/api/events?replay=${id}`).catch(() => undefined),
    (answer) => answer?.body.replay?.status === 'done',
    timeoutMs,
  ).then((answer) => answer ?? expect.fail('no answer'));
  return body.replay;
}

const idsAfter = (mark: number) => topic.events.slice(mark).map(({ id }) => String(id));
const allIds = () => [...published.values()].flat().sort();

test('every event published before is in the log of the topic', () => {
  expect(new Set(idsAfter(0))).toEqual(new Set(allIds()));
});

describe('a replay of one image', () => {
  test('publishes its events again, and nothing else', async () => {
    const mark = topic.events.length;
    const replay = await finished(await ask({ image: `${loginServer}/team/app:v7` }));
    expect(replay).toMatchObject({ imagesExamined: 1, eventsPublished: 5 });
    expect(idsAfter(mark).sort()).toEqual([...(published.get(7) ?? [])].sort());
    const { body } = await getJson<{ replays: Replay[] }>(`${app.url}/api/events?image=${imageOf(7)}`);
    expect(body.replays).toMatchObject([{ id: replay.id, status: 'done' }]);
  }, 90_000);
});

describe('a replay of a registry and a range', () => {
  test('publishes everything again, over a restart before it has begun', async () => {
    const mark = topic.events.length;
    const id = await ask({ registry, since: startedAt });
    app.kill();
    app = await startInstance({ data, topic });
    const replay = await finished(id);
    expect(replay).toMatchObject({ imagesExamined: images, eventsPublished: allIds().length });
    expect(idsAfter(mark).sort()).toEqual(allIds());
  }, 120_000);

  test('continues after a crash in the middle, and publishes nothing that was not published before', async () => {
    const mark = topic.events.length;
    topic.delayBy(3_000);
    const id = await ask({ registry, since: startedAt, until: new Date().toISOString() });
    await until(
      () => idsAfter(mark).length,
      (count) => count > 0,
      40_000,
    );
    // The first batch has been accepted, and nothing has recorded that.
    app.kill();
    topic.delayBy(0);
    expect(idsAfter(mark).length).toBeLessThan(allIds().length);
    app = await startInstance({ data, topic });
    expect(await finished(id, 90_000)).toMatchObject({ imagesExamined: images, eventsPublished: allIds().length });
    expect(new Set(idsAfter(mark))).toEqual(new Set(allIds()));
  }, 180_000);

  test('continues after an outage of the topic', async () => {
    const mark = topic.events.length;
    topic.failWith(503, 600);
    const id = await ask({ registry, since: startedAt, until: new Date(Date.now() - 1_000).toISOString() });
    const { body } = await getJson<{ replay: Replay }>(`${app.url}/api/events?replay=${id}`);
    expect(body.replay.status).toBe('running');
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    expect(idsAfter(mark)).toEqual([]);
    topic.failWith(503, 0);
    expect(await finished(id)).toMatchObject({ imagesExamined: images, eventsPublished: allIds().length });
    expect(new Set(idsAfter(mark))).toEqual(new Set(allIds()));
  }, 150_000);

  test('of another span publishes nothing', async () => {
    const mark = topic.events.length;
    const before = new Date(Date.parse(startedAt) - 3_600_000).toISOString();
    const replay = await finished(await ask({ since: before, until: startedAt }));
    expect(replay).toMatchObject({ imagesExamined: expect.any(Number), eventsPublished: 0 });
    expect(idsAfter(mark)).toEqual([]);
  }, 60_000);
});
