import { afterEach, describe, expect, test, vi } from 'vitest';
import type { HealthProbe } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { healthFunction } from '../../src/functions/api/health.ts';
import { call } from '../support/call.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker } from '../support/memory-tracker.ts';
import { deliver } from '../support/webhook.ts';

const working = (name: string): HealthProbe => ({ name, check: async () => undefined });
const failing = (name: string): HealthProbe => ({
  name,
  check: () => Promise.reject(new UpstreamError('unauthorized', 'contoso.azurecr.io: AccountKey=secret refused')),
});

function ask(probes: readonly HealthProbe[], memory: MemoryTracker = memoryTracker()) {
  return call(healthFunction(memory.tracker, probes, memory.clock.now), { path: 'health' });
}

afterEach(() => {
  vi.useRealTimers();
});

describe('health', () => {
  test('is 200 while everything answers', async () => {
    expect(await ask([working('tables'), working('queues')])).toMatchObject({
      status: 200,
      body: { status: 'ok', checks: { tables: 'ok', queues: 'ok', topic: 'ok' } },
    });
  });

  test('is 503 when one part does not, and says which', async () => {
    expect(await ask([working('tables'), failing('queues')])).toMatchObject({
      status: 503,
      body: { status: 'failing', checks: { tables: 'ok', queues: 'failing', topic: 'ok' } },
    });
  });

  test('names no registry and repeats nothing of the reason', async () => {
    for (const probe of [working('tables'), failing('tables')]) {
      const { text } = await ask([probe]);
      expect(text).not.toMatch(/contoso|azurecr|AccountKey|secret|refused/i);
    }
  });

  test('is 503 when a part does not answer at all', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const answer = ask([{ name: 'tables', check: () => new Promise(() => {}) }]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await answer).toMatchObject({ status: 503, body: { checks: { tables: 'failing' } } });
  });

  // Every answer is still right without it, and every event follows later.
  test('without the topic is 200, and says so', async () => {
    const publish = () => Promise.reject(new UpstreamError('unavailable', 'https://topic.example is away'));
    const memory = memoryTracker({ ports: { publisher: { publish } } });
    await deliver(memory, 'eastus');
    await memory.clock.settle();
    const answer = await ask([working('tables')], memory);
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'degraded', checks: { tables: 'ok', topic: 'failing' } },
    });
    expect(answer.text).not.toContain('topic.example');
  });

  test('is ok while the topic refuses single events', async () => {
    const publish = () => Promise.reject(new UpstreamError('invalid', 'too large'));
    const memory = memoryTracker({ ports: { publisher: { publish } } });
    await deliver(memory, 'eastus');
    await memory.clock.settle();
    expect(await ask([working('tables')], memory)).toMatchObject({ body: { status: 'ok', checks: { topic: 'ok' } } });
  });

  test('says in the log why a probe fails, and not in the answer', async () => {
    const memory = memoryTracker();
    const check = () => Promise.reject(new UpstreamError('unavailable', 'tables.example does not answer'));
    const options = healthFunction(memory.tracker, [{ name: 'tables', check }], memory.clock.now);
    const answer = await call(options, { path: 'health' });
    expect(answer).toMatchObject({ status: 503, body: { checks: { tables: 'failing' } } });
    expect(answer.text).not.toContain('tables.example');
    expect(answer.log).toEqual(['health: tables failing: unavailable: tables.example does not answer']);
  });

  test('asks the storage once for many callers, and again after a while', async () => {
    let asked = 0;
    let works = true;
    const check = async () => {
      asked++;
      if (!works) throw new UpstreamError('unavailable', 'away');
    };
    const memory = memoryTracker();
    const options = healthFunction(memory.tracker, [{ name: 'tables', check }], memory.clock.now);
    const status = async () => (await call(options, { path: 'health' })).status;
    expect(await Promise.all([status(), status(), status()])).toEqual([200, 200, 200]);
    expect(asked).toBe(1);
    works = false;
    expect(await status()).toBe(200);
    await memory.clock.advance(10_000);
    expect([await status(), asked]).toEqual([503, 2]);
  });
});
