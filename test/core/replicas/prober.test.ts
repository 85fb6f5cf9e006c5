/** Probes within limits: a budget per replica, growing pauses, and pauses that a replica asks for. */
import { describe, expect, test } from 'vitest';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import type { ProbeAnswer } from '../../../src/core/ports.ts';
import { prober, seenAt, toFact } from '../../../src/core/replicas/prober.ts';
import { digestOf, regionOf, registryOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';

const registry = registryOf({ regionalEndpoints: true });
const present: ProbeAnswer = { kind: 'present', digest: digestOf(1), mediaType: undefined, isWhole: false };

function setUp(answer: () => ProbeAnswer) {
  const clock = manualClock();
  const asked: string[] = [];
  let atOnce = 0;
  let maxAtOnce = 0;
  const probe = {
    async ask(_registry: unknown, region: string) {
      asked.push(region);
      maxAtOnce = Math.max(maxAtOnce, ++atOnce);
      await Promise.resolve();
      atOnce--;
      return answer();
    },
  };
  const replicas = prober({ probe, clock, budget: { perSpan: 20, spanMs: 60_000, atOnce: 3 } });
  const ask = (region = 'eastus') => replicas.ask(registry, regionOf(region), repositoryOf('team/app'), digestOf(1));
  return { ask, asked, clock, most: () => maxAtOnce };
}

test('asks at most so many at a time, and the others in turn', async () => {
  const { ask, asked, most } = setUp(() => present);
  await Promise.all(Array.from({ length: 15 }, () => ask()));
  expect(asked).toHaveLength(15);
  expect(most()).toBeLessThanOrEqual(3);
});

test('spends no more than its budget in a span, each replica its own', async () => {
  const { ask, asked, clock } = setUp(() => present);
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask()));
  expect(asked).toHaveLength(20);
  expect(answers.filter((answer) => answer.kind === 'unclear')).toHaveLength(30);
  await ask('westeurope');
  expect(asked).toHaveLength(21);
  await clock.advance(60_000);
  expect(await ask()).toEqual(present);
});

test('goes on asking a replica that has something not understood, which is asked for again a minute later', async () => {
  let answer: ProbeAnswer = { kind: 'unclear', reason: 'no JSON', retryAfterMs: undefined, scope: 'image' };
  const { ask } = setUp(() => answer);
  expect(await ask()).toMatchObject({ kind: 'unclear', retryAfterMs: 60_000 });
  answer = present;
  expect(await ask()).toEqual(present);
});

test('leaves a replica alone for as long as it asks, and only that one', async () => {
  let answer: ProbeAnswer = { kind: 'unclear', reason: '429', retryAfterMs: 30_000 };
  const { ask, asked, clock } = setUp(() => answer);
  await ask();
  answer = present;
  expect(await ask()).toMatchObject({ kind: 'unclear', retryAfterMs: 30_000 });
  await clock.advance(29_000);
  await ask();
  expect(asked).toEqual(['eastus']);
  expect(await ask('westeurope')).toEqual(present);
  await clock.advance(1_000);
  expect(await ask()).toEqual(present);
});

test('pauses grow while a replica gives no clear answer', async () => {
  const { ask, clock } = setUp(() => ({ kind: 'unclear', reason: 'timeout', retryAfterMs: undefined }));
  const pauses: number[] = [];
  for (let i = 0; i < 4; i++) {
    const answer = await ask();
    const pause = answer.kind === 'unclear' ? (answer.retryAfterMs ?? 0) : 0;
    pauses.push(pause);
    await clock.advance(pause);
  }
  expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000]);
});

test('requests that were under way together count as one failure', async () => {
  const { ask } = setUp(() => ({ kind: 'unclear', reason: 'timeout', retryAfterMs: undefined }));
  const answers = await Promise.all([ask(), ask(), ask()]);
  expect(answers.map((answer) => answer.kind === 'unclear' && answer.retryAfterMs)).toEqual([5_000, 5_000, 5_000]);
});

test('requests that failed in one outage do not make the next pause longer', async () => {
  const { ask, clock } = setUp(() => ({ kind: 'unclear', reason: 'timeout', retryAfterMs: undefined }));
  await Promise.all([ask(), ask(), ask()]);
  await clock.advance(5_000);
  expect(await ask()).toMatchObject({ retryAfterMs: 10_000 });
});

test('a clear answer ends the back-off: the next pause is short again', async () => {
  const unclear: ProbeAnswer = { kind: 'unclear', reason: 'timeout', retryAfterMs: undefined };
  let answer: ProbeAnswer = unclear;
  const { ask, clock } = setUp(() => answer);
  for (const pause of [5_000, 10_000, 20_000]) {
    expect(await ask()).toMatchObject({ retryAfterMs: pause });
    await clock.advance(pause);
  }
  answer = { kind: 'absent' };
  await ask();
  answer = unclear;
  expect(await ask()).toMatchObject({ retryAfterMs: 5_000 });
});

describe('what a replica says', () => {
  const askedAt = Date.parse('2026-06-01T12:00:00Z');
  const eastus = regionOf('eastus');

  test.each([
    ['earlier, by its clock', askedAt - 60_000, askedAt - 60_000],
    ['later, by its clock', askedAt + 60_000, askedAt],
    ['without a time', undefined, askedAt],
  ])('has the time of the replica’s answer, and never one after the request: %s', (_, answeredAt, counted) => {
    expect(seenAt({ kind: 'absent', answeredAt }, askedAt)).toBe(toEventTime(counted));
    expect(toFact(registry, eastus, { ...present, answeredAt }, askedAt, undefined)).toMatchObject({
      kind: 'push',
      evidence: 'probe',
      eventTime: toEventTime(counted),
      receivedAt: askedAt,
    });
  });

  test.each<[string, ProbeAnswer, boolean, boolean]>([
    ['there', present, true, false],
    ['there and whole', { ...present, isWhole: true } as ProbeAnswer, true, true],
    ['not there', { kind: 'absent' }, false, false],
    ['unclear', { kind: 'unclear', reason: '503', retryAfterMs: undefined }, false, false],
  ])('%s', (_, answer, isFact, isDeepFact) => {
    const deep = registryOf({ regionalEndpoints: true, verify: 'deep' });
    const facts = [registry, deep].map((one) => toFact(one, eastus, answer, askedAt, undefined));
    expect(facts.map((fact) => fact !== undefined)).toEqual([isFact, isDeepFact]);
    expect(facts[1]?.evidence).toBe(isDeepFact ? 'deepProbe' : undefined);
  });
});
