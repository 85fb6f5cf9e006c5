/** Forwarded webhooks: when they are due, for which target, what they contain, and that none is lost or retried forever. */
import { describe, expect, test } from 'vitest';
import { memoryForwardQueue } from '../../../src/adapters/memory.ts';
import { forwarder } from '../../../src/core/forwarding/forwarder.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import type { ForwardOrder, ForwardTarget } from '../../../src/core/image/forward-entry.ts';
import { isFor, toPushWebhook } from '../../../src/core/image/forward-entry.ts';
import type { ForwardSending } from '../../../src/core/image/record.ts';
import { parseWebhookEvent } from '../../../src/core/ingest/webhook-event.ts';
import type { ForwardQueue, WebhookSender } from '../../../src/core/ports.ts';
import type { WaitResult } from '../../../src/core/query/ask.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import {
  deleteOf,
  digestOf,
  pushOf,
  regionsOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
  targetOf,
} from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const time = (seconds: number) => `2026-06-01T12:00:${String(seconds).padStart(2, '0')}Z`;
const name = (digest: number) => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(digest),
});
const push = (region: string, seconds: number, tag?: string) =>
  pushOf(region, time(seconds), tag === undefined ? {} : { tag });

async function forwarded(targets: readonly ForwardTarget[], deliveries: readonly [digest: number, fact: Fact][]) {
  const setup = memoryTracker({ targets });
  for (const [digest, fact] of deliveries) {
    await setup.tracker.receive({ name: name(digest), fact });
    await setup.clock.settle();
  }
  const { waiting } = setup.forwards;
  return {
    ...setup,
    waiting,
    described: waiting.map(({ order }) => `${order.target} ${order.tag} ${order.name.digest}`),
  };
}

describe('a webhook is due', () => {
  const all = targetOf({ name: 'all' });
  const [east, west] = [
    targetOf({ name: 'east', regions: regionsOf('eastus') }),
    targetOf({ name: 'west', regions: regionsOf('westeurope') }),
  ];
  const any = targetOf({ name: 'any', require: 'any' });
  const one = digestOf(1);
  const two = digestOf(2);

  test.each<[string, ForwardTarget[], [number, Fact][], string[]]>([
    ['not before the last region has it', [all], [[1, push('eastus', 1, 'v1')]], []],
    [
      'once every region has it',
      [all],
      [
        [1, push('eastus', 1, 'v1')],
        [1, push('westeurope', 2, 'v1')],
      ],
      [`all v1 ${one}`],
    ],
    ['as soon as the regions of the target have it', [west, east], [[1, push('eastus', 1, 'v1')]], [`east v1 ${one}`]],
    ['as soon as enough regions have it', [any], [[1, push('westeurope', 1, 'v1')]], [`any v1 ${one}`]],
    [
      'once, however often it is reported',
      [all],
      [
        [1, push('eastus', 1, 'v1')],
        [1, push('westeurope', 2, 'v1')],
        [1, push('westeurope', 2, 'v1')],
        [1, push('eastus', 1, 'v1')],
      ],
      [`all v1 ${one}`],
    ],
    [
      'for each tag of an image',
      [east],
      [
        [1, push('eastus', 1, 'v1')],
        [1, push('eastus', 2, 'latest')],
      ],
      [`east v1 ${one}`, `east latest ${one}`],
    ],
    ['not for what has no tag, such as the platforms of an image', [east], [[1, push('eastus', 1)]], []],
    [
      'only for the digest that has the tag then',
      [all],
      [
        [1, push('eastus', 1, 'v1')],
        [2, push('eastus', 3, 'v1')],
        [1, push('westeurope', 2, 'v1')],
        [2, push('westeurope', 4, 'v1')],
      ],
      [`all v1 ${two}`],
    ],
    [
      'again when the tag comes back',
      [east],
      [
        [1, push('eastus', 1, 'v1')],
        [2, push('eastus', 2, 'v1')],
        [1, push('eastus', 3, 'v1')],
      ],
      [`east v1 ${one}`, `east v1 ${two}`, `east v1 ${one}`],
    ],
    [
      'again when the image is pushed again after it was deleted',
      [east],
      [
        [1, push('eastus', 1, 'v1')],
        [1, deleteOf('eastus', time(2))],
        [1, push('eastus', 3, 'v1')],
      ],
      [`east v1 ${one}`, `east v1 ${one}`],
    ],
  ])('%s', async (_, targets, deliveries, expected) => {
    expect((await forwarded(targets, deliveries)).described).toEqual(expected);
  });

  test('equal facts have equal ids, different facts have different ids', async () => {
    const deliveries: [number, Fact][] = [
      [1, push('eastus', 1, 'v1')],
      [1, push('eastus', 2, 'latest')],
      [2, push('eastus', 3, 'v1')],
      [1, push('eastus', 4, 'v1')],
    ];
    const ids = (await forwarded([east, any], deliveries)).waiting.map(({ order }) => order.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect((await forwarded([east, any], deliveries)).waiting.map(({ order }) => order.id)).toEqual(ids);
  });
});

describe('a target', () => {
  test.each<[Partial<ForwardTarget>, string, string, boolean]>([
    [{}, 'team/app', 'v1', true],
    [{ repositories: ['team/app'] }, 'team/app', 'v1', true],
    [{ repositories: ['team/app'] }, 'team/app2', 'v1', false],
    [{ repositories: ['team/*'] }, 'team/app', 'v1', true],
    [{ repositories: ['team/*'] }, 'other/team/app', 'v1', false],
    [{ repositories: ['a', 'team/*'] }, 'team/app', 'v1', true],
    [{ tags: ['v*'] }, 'team/app', 'latest', false],
    [{ tags: ['1.*'] }, 'team/app', '1x2', false],
    [{ tags: ['*-rc.*'] }, 'team/app', '1.2-rc.1', true],
    [{ registry: 'contoso' }, 'team/app', 'v1', true],
    [{ registry: 'fabrikam' }, 'team/app', 'v1', false],
  ])('%j and %s:%s: %s', (overrides, repository, tag, expected) => {
    const image = { ...name(1), repository: repositoryOf(repository) };
    expect(isFor(targetOf(overrides), image, tagOf(tag))).toBe(expected);
  });
});

test('a queue that does not answer loses nothing: the timer queues it later, with the same id', async () => {
  const kept = memoryForwardQueue();
  let fails = true;
  const forwards: ForwardQueue = {
    ...kept,
    put: (...order) => (fails ? Promise.reject(new UpstreamError('unavailable', 'queue')) : kept.put(...order)),
  };
  const setup = memoryTracker({ targets: [targetOf()], ports: { forwards } });
  for (const region of ['eastus', 'westeurope']) {
    await setup.tracker.receive({ name: name(1), fact: push(region, 1, 'v1') });
  }
  await setup.clock.settle();
  expect(kept.waiting).toEqual([]);
  fails = false;
  await passTime(setup, 60_000);
  expect(kept.waiting).toHaveLength(1);
  const stored = await setup.store.read(name(1));
  expect(stored?.record.forwards).toMatchObject([{ queuedAt: expect.any(Number) }]);
  await passTime(setup, 3_600_000, 30_000);
  expect(kept.waiting).toHaveLength(1);
});

const order: ForwardOrder = {
  target: 'cluster',
  name: name(1),
  tag: tagOf('v1'),
  mediaType: 'application/vnd.oci.image.index.v1+json',
  pushedAt: '2026-06-01T12:00:00.1234567Z',
  madeAt: Date.parse('2026-06-01T12:00:09Z'),
  id: '5f0c7b1e-0000-8000-a000-000000000000',
};

describe('the webhook', () => {
  test('is one that this tracker also accepts as a push of the registry', () => {
    const body = toPushWebhook(order, registryOf());
    expect(body).toEqual({
      id: order.id,
      timestamp: '2026-06-01T12:00:00.1234567Z',
      action: 'push',
      target: {
        mediaType: 'application/vnd.oci.image.index.v1+json',
        digest: digestOf(1),
        repository: 'team/app',
        tag: 'v1',
      },
      request: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), host: 'contoso.azurecr.io', method: 'PUT' },
    });
    expect(parseWebhookEvent(body)).toMatchObject({ ok: true, value: { action: 'push', tag: 'v1' } });
  });
});

describe('sending', () => {
  type Answer = Awaited<ReturnType<WebhookSender['send']>>;
  const refusal = (text: string, retryAfterMs?: number): Answer => ({ refusal: text, retryAfterMs });

  function setup(
    answers: Answer[],
    outcome: WaitResult['outcome'] = 'satisfied',
    targets = [targetOf()],
    written: Promise<void> = Promise.resolve(),
  ) {
    const clock = manualClock(order.madeAt);
    const queue = memoryForwardQueue();
    const sent: string[] = [];
    const lines: string[] = [];
    const noted: ForwardSending[] = [];
    const known = { outcome };
    const note = (message: string, fields?: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    const webhooks = forwarder({
      targets,
      registries: [registryOf()],
      queue,
      clock,
      random: () => 0.5,
      log: { info: note, warn: note },
      replicaSet: (registry) => replicaSetOf(registry),
      outcome: async () => known.outcome,
      async note(_order, sending) {
        noted.push(sending);
        await written;
      },
      sender: {
        async send(_target, body) {
          sent.push(body);
          return answers.shift() ?? 'delivered';
        },
      },
    });
    return { clock, queue, sent, lines, noted, webhooks, known };
  }

  test('an accepted webhook is done', async () => {
    const { webhooks, queue, sent } = setup([]);
    expect(await webhooks.deliver(order, 0)).toBe('delivered');
    expect(sent).toEqual([JSON.stringify(toPushWebhook(order, registryOf()))]);
    expect(queue).toMatchObject({ waiting: [], deadLettered: [] });
  });

  test('one that is accepted at once is not noted; every other attempt is', async () => {
    const { webhooks, noted } = setup([]);
    await webhooks.deliver(order, 0);
    expect(noted).toEqual([]);
    const failing = setup([refusal('answered 503')]);
    await failing.webhooks.deliver(order, 0);
    await failing.webhooks.deliver(order, 1);
    expect(failing.noted).toEqual([
      { state: 'retrying', attempts: 1, at: order.madeAt, lastError: 'answered 503' },
      { state: 'accepted', attempts: 2, at: order.madeAt, lastError: null },
    ]);
    const late = setup([refusal('answered 503')]);
    await late.clock.advance(86_400_000);
    await late.webhooks.deliver(order, 20);
    expect(late.noted).toMatchObject([{ state: 'givenUp', attempts: 21, lastError: 'answered 503' }]);
    const gone = setup([], 'deleted');
    await gone.webhooks.deliver(order, 3);
    expect(gone.noted).toMatchObject([{ state: 'dropped', attempts: 3 }]);
  });

  test.each<[string, Answer, WaitResult['outcome'], string]>([
    ['accepted', 'delivered', 'satisfied', 'delivered'],
    ['refused', refusal('answered 503'), 'satisfied', 'again'],
    ['dropped', 'delivered', 'deleted', 'dropped'],
  ])('one that is %s is done within seconds, while its outcome cannot be written', async (...given) => {
    const [, answer, outcome, expected] = given;
    const { webhooks, clock, noted } = setup([answer], outcome, [targetOf()], new Promise(() => undefined));
    let done: string | undefined;
    void webhooks.deliver(order, 1).then((reached) => {
      done = reached;
    });
    await clock.advance(5_000);
    expect(done).toBe(expected);
    expect(noted).toHaveLength(1);
  });

  test('a refused one is tried again with growing pauses for a day, then dead-lettered', async () => {
    const { webhooks, queue, clock, sent } = setup(Array.from({ length: 1_000 }, () => refusal('answered 500')));
    const pauses: number[] = [];
    let outcome = await webhooks.deliver(order, 0);
    for (let tries = 0; outcome === 'again' && tries < 1_000; tries++) {
      const next = queue.waiting.shift();
      if (next === undefined) throw new Error('nothing waits');
      pauses.push(next.delayMs / 1000);
      await clock.advance(next.delayMs);
      outcome = await webhooks.deliver(next.order, next.attempt);
    }
    expect(outcome).toBe('deadLettered');
    expect(pauses.slice(0, 7)).toEqual([5, 15, 45, 135, 405, 1_215, 3_600]);
    expect(clock.now() - order.madeAt).toBeGreaterThan(22 * 3_600_000);
    expect(clock.now() - order.madeAt).toBeLessThanOrEqual(24 * 3_600_000);
    expect(new Set(sent).size).toBe(1);
    expect(queue.deadLettered).toEqual([{ order, reason: 'answered 500' }]);
  });

  test('a target that asks for a pause gets it, an hour at most', async () => {
    const { webhooks, queue } = setup([refusal('answered 429', 120_000), refusal('answered 429', 9e9)]);
    await webhooks.deliver(order, 0);
    await webhooks.deliver(order, 0);
    expect(queue.waiting.map(({ delayMs }) => delayMs)).toEqual([120_000, 3_600_000]);
  });

  test.each<[WaitResult['outcome'], number, number]>([
    ['satisfied', 2, 1],
    ['deleted', 2, 0],
    ['superseded', 2, 0],
    // It may be deleted or superseded before the first attempt.
    ['deleted', 0, 0],
    ['superseded', 0, 0],
  ])('an image that is %s at attempt %i is sent %i times', async (outcome, attempt, times) => {
    const { webhooks, sent } = setup([], outcome);
    expect(await webhooks.deliver(order, attempt)).toBe(times === 1 ? 'delivered' : 'dropped');
    expect(sent).toHaveLength(times);
  });

  test('an image that its region has lost waits with the same pauses, is sent when it is back, and otherwise dead-lettered', async () => {
    const outcomes: WaitResult['outcome'][] = ['waiting', 'waiting', 'satisfied'];
    const { webhooks, queue, sent, clock, known } = setup([]);
    for (const [attempt, outcome] of outcomes.entries()) {
      known.outcome = outcome;
      expect(await webhooks.deliver(order, attempt)).toBe(outcome === 'waiting' ? 'again' : 'delivered');
    }
    expect(sent).toHaveLength(1);
    expect(queue.waiting).toEqual([
      { order, attempt: 1, delayMs: 5_000 },
      { order, attempt: 2, delayMs: 15_000 },
    ]);
    known.outcome = 'waiting';
    await clock.advance(24 * 3_600_000);
    expect(await webhooks.deliver(order, 10)).toBe('deadLettered');
    expect(queue.deadLettered).toEqual([{ order, reason: 'not sent: the image is not where the target needs it' }]);
    expect(sent).toHaveLength(1);
  });

  test('what one region has deleted is not sent to a target that needs it there, while another still has it', async () => {
    const targets = ['eastus', 'westeurope'].map((region) => targetOf({ name: region, regions: regionsOf(region) }));
    const { tracker, forwards, clock } = await forwarded(targets, [
      [1, push('eastus', 1, 'v1')],
      [1, push('westeurope', 2, 'v1')],
      [1, deleteOf('eastus', time(3))],
    ]);
    const sent: string[] = [];
    const webhooks = forwarder({
      targets,
      registries: tracker.registries,
      queue: forwards,
      clock,
      random: () => 0.5,
      log: { info: () => undefined, warn: () => undefined },
      replicaSet: tracker.replicaSet,
      outcome: async (...question) => (await tracker.wait(...question, 0)).outcome,
      note: tracker.noteForward,
      sender: {
        async send({ name: target }) {
          sent.push(target);
          return 'delivered';
        },
      },
    });
    const deliverAll = async () => {
      for (const { order: waiting, attempt } of forwards.waiting.splice(0)) await webhooks.deliver(waiting, attempt);
    };
    await deliverAll();
    expect(sent).toEqual(['westeurope']);
    expect(forwards.waiting).toMatchObject([{ order: { target: 'eastus' }, attempt: 1 }]);
    await tracker.receive({ name: name(1), fact: push('eastus', 4, 'v1') });
    await deliverAll();
    expect(sent).toEqual(['westeurope', 'eastus']);
    await tracker.receive({ name: name(1), fact: deleteOf('eastus', time(5)) });
    await tracker.receive({ name: name(1), fact: deleteOf('westeurope', time(5)) });
    await deliverAll();
    expect([sent.length, forwards.waiting.length]).toEqual([2, 0]);
  });

  test('a target that is not in the settings any more gets nothing, and neither address nor secret is logged', async () => {
    const secret = 'a-secret-of-the-tests';
    const { webhooks, lines, sent } = setup([refusal('answered 400')], 'satisfied', [targetOf({ secret })]);
    expect(await webhooks.deliver({ ...order, target: 'gone' }, 0)).toBe('dropped');
    expect(sent).toEqual([]);
    await webhooks.deliver(order, 0);
    expect(lines).toHaveLength(2);
    expect(lines.join('\n')).not.toMatch(/cluster\.example|a-secret/);
  });
});
