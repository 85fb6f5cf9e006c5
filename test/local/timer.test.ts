/** Timers by their schedule, and functions run by hand. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Host, startHost } from '../../src/local/host/host.ts';
import { parseSchedule } from '../../src/local/host/ncrontab.ts';
import { createTimerTrigger } from '../../src/local/host/timer.ts';
import { buildApp, readWitness } from './build-app.ts';

let host: Host;
beforeAll(async () => {
  host = await startHost({ appDirectory: await buildApp() });
});
afterAll(() => host.stop());
beforeEach(() => {
  readWitness().calls.length = 0;
});

function runNow(name: string, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${host.url}/admin/functions/${name}`, { method: 'POST', headers, body });
}

test('a timer runs by its schedule, again and again', async () => {
  const source = `globalThis.fixtureWitness ??= { calls: [] };
    app.timer('often', { schedule: '%WHEN%', handler: () => { globalThis.fixtureWitness.calls.push(Date.now()); } });`;
  const other = await startHost({ appDirectory: await buildApp({ source }), settings: { WHEN: '* * * * * *' } });
  await vi.waitUntil(() => readWitness().calls.length >= 2, { timeout: 5_000 });
  await other.stop();
  const [first = 0, second = 0] = readWitness().calls as number[];
  // On the second, give or take what a busy machine needs, and one second apart.
  expect(first % 1_000).toBeLessThan(500);
  expect(Math.round((second - first) / 1_000)).toBe(1);
});

test('a timer that fails is retried as often as it asks', async () => {
  const source = `globalThis.fixtureWitness ??= { calls: [] };
    app.timer('flaky', {
      schedule: '0 0 0 1 1 *',
      runOnStartup: true,
      retry: { strategy: 'fixedDelay', maxRetryCount: 2, delayInterval: 0 },
      handler(timer, context) {
        globalThis.fixtureWitness.calls.push(context.retryContext?.retryCount ?? 'first');
        throw new Error('flaky');
      },
    });
    app.get('ping', { handler: () => ({}) });`;
  const other = await startHost({ appDirectory: await buildApp({ source }) });
  await vi.waitUntil(() => readWitness().calls.length === 3);
  await other.stop();
  expect(readWitness().calls).toEqual(['first', 1, 2]);
});

test('run by hand, a timer is handed its schedule', async () => {
  expect((await runNow('TICK', '{"input":""}')).status).toBe(202);
  await vi.waitUntil(() => readWitness().calls.length === 1);
  expect(readWitness().calls[0]).toEqual({
    schedule: { adjustForDST: true },
    scheduleStatus: {
      last: '0001-01-01T00:00:00+00:00',
      next: expect.stringMatching(/^\d{4}-01-01T00:00:00/),
      lastUpdated: expect.any(String),
    },
    isPastDue: false,
  });
});

test('run by hand, an Event Grid function is handed the event', async () => {
  expect((await runNow('takeEvent', '{"input":"{\\"id\\":\\"7\\"}"}')).status).toBe(202);
  await vi.waitUntil(() => readWitness().calls.length === 1);
  expect(readWitness().calls[0]).toMatchObject({ event: { id: '7' } });
});

test.each([
  ['nosuch', '{"input":""}', 404],
  ['tick', 'no json', 400],
  ['tick', '', 400],
  ['nosuch', 'no json', 400],
  ['takeEvent', '{"input":"no event"}', 400],
  ['echo', '{"input":""}', 400],
])('running %s with %s gives %i', async (name, body, status) => {
  expect((await runNow(name, body)).status).toBe(status);
});

test('the host reports its state, and nothing else under /admin', async () => {
  expect(await (await fetch(`${host.url}/admin/host/status`)).json()).toMatchObject({ state: 'Running' });
  expect((await fetch(`${host.url}/admin/anything`)).status).toBe(404);
});

test.each([
  ['*/30 * * * * *', true, false],
  ['0 * * * * *', true, true],
  ['0 * * * * *', false, false],
])('schedule %s, monitored %s: has a status %s', (text, isMonitored, hasStatus) => {
  const last = new Date('2026-06-01T11:59:00Z');
  const { data } = createTimerTrigger(parseSchedule(text), isMonitored, last, new Date('2026-06-01T12:00:00Z'));
  const { ScheduleStatus: status } = JSON.parse(data.json ?? '{}') as { ScheduleStatus: unknown };
  const expected = { Last: last.toISOString(), LastUpdated: last.toISOString(), Next: '2026-06-01T12:01:00.000Z' };
  expect(status).toEqual(hasStatus ? expected : null);
});
