/**
 * How webhook events leave the simulator: over HTTP to the right address, once, with faults at the configured rates,
 * and all of it recorded as the registry's own delivery log would show it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { limitConcurrency } from '../../src/local/simulator/limit-concurrency.ts';
import { planLoad } from '../../src/local/simulator/load.ts';
import { buildImage } from '../../src/local/simulator/manifest.ts';
import { createPost, type Post, postOnce } from '../../src/local/simulator/post-once.ts';
import { openRandom } from '../../src/local/simulator/random.ts';
import { createSimulator, type SimulatorOptions } from '../../src/local/simulator/simulator.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';
import { buildWebhook } from '../../src/local/simulator/webhook.ts';
import { type StandInTracker, startStandInTracker } from './stand-in-tracker.ts';

const REGIONS = ['eastus', 'westeurope'];
const SECRET = 'a-secret-of-some-length';
const OK: Awaited<ReturnType<Post>> = {
  ...{ content: '{"outcome":"recorded"}', headers: {}, reasonPhrase: 'OK', statusCode: '200', version: '1.1' },
};
let tracker: StandInTracker | undefined;

afterEach(async () => {
  await tracker?.stop();
  tracker = undefined;
});

function start(options: Partial<SimulatorOptions> = {}) {
  const scheduler = createVirtualScheduler();
  const url = tracker?.url ?? 'http://127.0.0.1:9';
  const base = { registry: 'contoso', regions: REGIONS, seed: 11, scheduler, url, secret: SECRET };
  return { scheduler, ...createSimulator({ ...base, ...options }) };
}

describe('over HTTP', () => {
  test('each region posts to its own address with the secret, and the log hides it', async () => {
    tracker = await startStandInTracker(REGIONS);
    const { world, scheduler, webhooks } = start();
    world.push('team/app', 'v1', buildImage(openRandom(1)), { region: 'eastus' });
    await scheduler.run();
    expect(tracker.requests.map(({ path }) => path)).toEqual([
      '/api/webhooks/contoso/eastus',
      '/api/webhooks/contoso/westeurope',
    ]);
    for (const { authorization, contentType } of tracker.requests) {
      expect(authorization).toBe(`Bearer ${SECRET}`);
      expect(contentType).toBe('application/json; charset=utf-8');
    }
    const [delivery] = webhooks.get('trackerwesteurope')?.deliveries ?? [];
    expect(delivery).toMatchObject({
      eventRequestMessage: { method: 'POST', version: '1.1', headers: { Authorization: '******' } },
      eventResponseMessage: { statusCode: '200', reasonPhrase: 'OK', content: '{"outcome":"recorded"}' },
    });
    expect(delivery?.id).toBe(JSON.parse(tracker.requests[1]?.body ?? '').id);
    expect(delivery?.eventRequestMessage.content).toEqual(JSON.parse(tracker.requests[1]?.body ?? ''));
    expect(JSON.stringify(delivery)).not.toContain(SECRET);
  });

  test('a refusal is tried once and kept as text', async () => {
    tracker = await startStandInTracker(REGIONS, { status: 503 });
    const { world, scheduler, sender, webhooks } = start();
    world.push('team/app', 'v1', buildImage(openRandom(1)));
    await scheduler.run();
    expect(tracker.requests).toHaveLength(2);
    expect(sender.attempts.map(({ outcome, statusCode }) => [outcome, statusCode])).toEqual([
      ['refused', '503'],
      ['refused', '503'],
    ]);
    expect(webhooks.get('trackereastus')?.deliveries[0]?.eventResponseMessage.statusCode).toBe('503');
  });

  test('a receiver that is not there is a 502 in the log', async () => {
    const response = await postOnce({ serviceUri: 'http://127.0.0.1:9/', headers: {}, body: '{}' });
    expect(response).toMatchObject({ statusCode: '502', content: '' });
  });

  test('a receiver that takes too long is a 504, and is not asked again', async () => {
    let asked = 0;
    const server = createServer(() => {
      asked += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const serviceUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const response = await createPost(1_000)({ serviceUri, headers: {}, body: '{}' });
    expect([response.statusCode, asked]).toEqual(['504', 1]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('a ping is delivered at once', async () => {
    tracker = await startStandInTracker(REGIONS, { status: 200 });
    const { sender, webhooks } = start();
    const webhook = webhooks.get('trackereastus');
    if (webhook === undefined) throw new Error('trackereastus: no such webhook');
    await sender.ping(webhook, 'some-id', '2026-06-01T12:00:00.0000000Z');
    expect(JSON.parse(tracker.requests[0]?.body ?? '')).toEqual({
      ...{ id: 'some-id', timestamp: '2026-06-01T12:00:00.0000000Z', action: 'ping' },
    });
  });
});

describe('faults', () => {
  async function deliverMany(delivery: SimulatorOptions['delivery'] & object) {
    const times = new Map<string, number[]>();
    const run = start({ delivery, post: async () => OK });
    run.sender.listen(({ firing, isRepeat }) => {
      if (!isRepeat) times.set(firing.region, [...(times.get(firing.region) ?? []), firing.at]);
    });
    planLoad(run.world, run.scheduler, { seed: 11, images: 600, everySeconds: 0.5 });
    await run.scheduler.run();
    const firsts = run.sender.attempts.filter(({ isRepeat }) => !isRepeat);
    const share = (count: number) => count / firsts.length;
    return {
      lost: share(firsts.filter(({ outcome }) => outcome === 'lost').length),
      repeated: share(run.sender.attempts.length - firsts.length),
      logged: [...run.webhooks.values()].reduce((sum, webhook) => sum + webhook.deliveries.length, 0),
      all: run.sender.attempts.length,
      overtaken: [...times.values()].flatMap((at) => at.slice(1).filter((each, index) => each < (at[index] ?? 0)))
        .length,
    };
  }

  test('none unless asked for: everything is delivered, once, and logged', async () => {
    expect(await deliverMany({})).toMatchObject({ lost: 0, repeated: 0 });
  });

  test('losses, repeats and overtaking happen about as often as asked', async () => {
    const { lost, repeated, overtaken } = await deliverMany({ loss: 0.1, repeat: 0.3, reorder: 0.2 });
    expect(lost).toBeGreaterThan(0.07);
    expect(lost).toBeLessThan(0.13);
    expect(repeated).toBeGreaterThan(0.22);
    expect(repeated).toBeLessThan(0.32);
    expect(overtaken).toBeGreaterThan(100);
  });

  test('a lost event is in the log as a timeout, unless that is lost too', async () => {
    const post: Post = async () => OK;
    const push = async (lossUnlogged: number) => {
      const { world, scheduler, webhooks } = start({ delivery: { loss: 1, lossUnlogged }, post });
      world.push('team/app', 'v1', buildImage(openRandom(1)));
      await scheduler.run();
      return webhooks.get('trackereastus')?.deliveries.map((each) => each.eventResponseMessage.statusCode);
    };
    expect(await push(0)).toEqual(['504']);
    expect(await push(1)).toEqual([]);
  });
});

describe('webhooks', () => {
  const count = async (change: Partial<ReturnType<typeof buildWebhook>>) => {
    const { world, scheduler, webhooks, sender } = start({ post: async () => OK });
    const webhook = webhooks.get('trackereastus');
    if (webhook !== undefined) Object.assign(webhook, change);
    world.push('team/app', 'v1', buildImage(openRandom(1)));
    await scheduler.run();
    return sender.attempts.filter(({ webhook: name }) => name === 'trackereastus').length;
  };

  test.each([
    [{}, 1],
    [{ scope: 'team/app:*' }, 1],
    [{ scope: 'team/app:v1' }, 1],
    [{ scope: 'team/app' }, 0],
    [{ scope: 'team/other:*' }, 0],
    [{ status: 'disabled' as const }, 0],
    [{ actions: ['delete'] }, 0],
    [{ location: 'westeurope' }, 1],
    [{ location: 'northeurope' }, 0],
  ])('%o is called %i times for one push', async (change, times) => {
    expect(await count(change)).toBe(times);
  });

  test('have a name the management API allows', () => {
    const { name } = buildWebhook({ url: 'http://127.0.0.1:1', registry: 'contoso', region: 'eastus', secret: SECRET });
    expect(name).toMatch(/^[a-zA-Z0-9]{5,50}$/);
  });
});

test('at most so many deliveries run at once', async () => {
  const limit = limitConcurrency(3);
  let running = 0;
  let max = 0;
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      limit(async () => {
        running += 1;
        max = Math.max(max, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return index;
      }),
    ),
  );
  expect(max).toBe(3);
  expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index));
});
