/** Metrics of the real tracker: each outcome is counted once, each time is measured from the right moment, and attribute values are bounded. */

import { describe, expect, test } from 'vitest';
import { memoryForwardQueue } from '../../../src/adapters/memory.ts';
import { memoryTelemetry } from '../../../src/adapters/memory-telemetry.ts';
import { forwarder } from '../../../src/core/forwarding/forwarder.ts';
import * as instruments from '../../../src/core/instruments.ts';
import { meteredPublisher } from '../../../src/core/outbox/metered-publisher.ts';
import type { ProbeAnswer } from '../../../src/core/ports.ts';
import { parseDeliveryMessage, toDeliveryMessage } from '../../../src/core/queue-messages.ts';
import { deferredTelemetry } from '../../../src/core/runtime/deferred-telemetry.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import type { Telemetry } from '../../../src/core/runtime/telemetry.ts';
import { noTelemetry } from '../../../src/core/runtime/telemetry.ts';
import { parseTraceParent } from '../../../src/core/runtime/trace-parent.ts';
import { deferredDeliveriesFunction } from '../../../src/functions/triggers/deferred-deliveries.ts';
import { digestOf, pushOf, regionsOf, registryOf, repositoryOf, tagOf, targetOf } from '../../support/build.ts';
import { checkWorld, requestOf } from '../../support/check-instances.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';
import { bodyOf, deliver } from '../../support/webhook.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const host = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
const unavailable = () => new UpstreamError('unavailable', 'no answer');

function setUp(input: Parameters<typeof memoryTracker>[0] = {}) {
  const telemetry = memoryTelemetry();
  const { publisher } = input.ports ?? {};
  // As the app is composed.
  const metered = publisher === undefined ? {} : { publisher: meteredPublisher(publisher, telemetry) };
  const memory = memoryTracker({ ...input, ports: { telemetry, ...input.ports, ...metered } });
  return { ...memory, telemetry };
}

describe('deliveries are counted by outcome', () => {
  test('each once', async () => {
    const world = setUp();
    await deliver(world, 'eastus');
    await deliver(world, 'eastus');
    await deliver(world, 'eastus', bodyOf({ action: 'delete', timestamp: '2020-01-01T00:00:00Z' }));
    await deliver(world, 'westeurope', bodyOf({ action: 'ping', target: null }));
    await deliver(world, 'westeurope', bodyOf({ action: 'quarantine', target: null }));
    await deliver(world, 'westeurope', '{}');
    const counted = world.telemetry.measured
      .filter((one) => one.name === 'deliveries')
      .map(({ attributes }) => Object.values(attributes).join(' '));
    expect(counted).toEqual([
      'contoso eastus webhook recorded',
      'contoso eastus webhook duplicate',
      'contoso eastus webhook outdated',
      'contoso westeurope webhook pong',
      'contoso westeurope webhook ignored',
      'contoso westeurope webhook refused',
    ]);
  });

  test('an unknown registry, and a region that is not expected, is "other"', async () => {
    const world = setUp();
    await deliver(world, 'mars', bodyOf(), { headers: { authorization: 'Bearer somebody-else' } });
    await deliver(world, 'eastus', bodyOf(), { registry: 'fabrikam' });
    await deliver(world, 'mars');
    expect(world.telemetry.counts('deliveries')).toEqual({
      '{"registry":"other","region":"other","source":"webhook","outcome":"refused"}': 2,
      '{"registry":"contoso","region":"other","source":"webhook","outcome":"recorded"}': 1,
    });
  });

  test('deferred, and read from the queue in the same trace', async () => {
    const store = { ...memoryTracker().store, commit: () => new Promise<never>(() => undefined) };
    const world = setUp({ ports: { store } });
    const answer = deliver(world, 'eastus', bodyOf(), { traceParent: host });
    await world.clock.advance(2_500);
    expect((await answer).status).toBe(202);

    const [message] = world.queue.deferred;
    if (message === undefined) throw new Error('nothing was deferred');
    const later = setUp({ clock: world.clock });
    const { handler } = deferredDeliveriesFunction(later.tracker, 'deliveries', later.telemetry);
    const context = { info: () => undefined } as unknown as Parameters<typeof handler>[1];
    await handler(JSON.parse(JSON.stringify(toDeliveryMessage(message))), context);
    expect(Object.keys(world.telemetry.counts('deliveries')).join()).toContain('"outcome":"deferred"');
    expect(later.telemetry.counts('deliveries')).toEqual({
      '{"registry":"contoso","region":"eastus","source":"queue","outcome":"recorded"}': 1,
    });
    await later.clock.settle();
    for (const { self } of later.telemetry.spans) expect(self.split('-')[1]).toBe('a'.repeat(32));
    expect(later.telemetry.spans.map((span) => span.name)).toContain('announce');
  });

  test('an invalid traceparent is left out of the message', () => {
    const delivery = { name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') };
    const message = JSON.parse(JSON.stringify(toDeliveryMessage({ ...delivery, trace: 'Bearer secret' })));
    expect(parseDeliveryMessage(message)).toEqual([delivery]);
  });

  test('nothing could store it', async () => {
    const fail = async () => {
      throw unavailable();
    };
    const world = setUp({ ports: { store: { ...memoryTracker().store, read: fail }, queue: { defer: fail } } });
    const answer = deliver(world, 'eastus');
    await world.clock.advance(5_000);
    expect((await answer).status).toBe(503);
    expect(Object.keys(world.telemetry.counts('deliveries')).join()).toContain('"outcome":"failed"');
    expect(world.telemetry.spans.find((span) => span.name === 'write image')).toMatchObject({ hasFailed: true });
  });
});

describe('times', () => {
  test('lag of each region, from the first report, once', async () => {
    const world = setUp();
    await deliver(world, 'westeurope');
    await world.clock.advance(7_000);
    await deliver(world, 'eastus');
    await deliver(world, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    expect(world.telemetry.measured.filter((one) => one.name === 'lag')).toEqual([
      { name: 'lag', value: 0, attributes: { registry: 'contoso', region: 'westeurope', evidence: 'webhook' } },
      { name: 'lag', value: 7, attributes: { registry: 'contoso', region: 'eastus', evidence: 'webhook' } },
    ]);
  });

  test('to publish: from the fact until the topic accepted the event, after whatever time', async () => {
    let isDown = true;
    const published: string[] = [];
    const publisher = {
      async publish(events: readonly { readonly type: string }[]) {
        if (isDown) throw unavailable();
        published.push(...events.map(({ type }) => type));
      },
    };
    const world = setUp({
      registries: [registryOf({ regions: [pushOf('eastus', '2026-06-01T12:00:00Z').region] })],
      ports: { publisher },
    });
    await deliver(world, 'eastus');
    await world.clock.advance(2_000);
    isDown = false;
    await world.clock.advance(10_000);
    expect(published).toHaveLength(2);
    const announced = world.telemetry.measured.filter((one) => one.name === 'announcing');
    expect(announced.map(({ attributes }) => attributes)).toEqual([
      { registry: 'contoso', event: 'availableInRegion' },
      { registry: 'contoso', event: 'availableInAllReplicas' },
    ]);
    for (const { value } of announced) expect(value).toBeGreaterThanOrEqual(2);
    const failures = world.telemetry.counts('publish_failures');
    expect(Object.keys(failures)).toEqual(['{"error":"unavailable"}']);
    expect(failures['{"error":"unavailable"}']).toBeGreaterThan(1);
  });

  test('an image called delayed is counted once', async () => {
    const world = setUp();
    await deliver(world, 'eastus');
    await passTime(world, 2_000_000, 10_000);
    expect(world.telemetry.counts('delayed_images')).toEqual({ '{"registry":"contoso"}': 1 });
  });
});

describe('everything else', () => {
  test('waiters come and go', async () => {
    const world = setUp();
    const { digest, repository } = name;
    const question = { registry: registryOf(), repository, digest, tag: undefined };
    const needed = { regions: regionsOf('eastus'), require: 'all', needed: 1 } as const;
    const waiting = world.tracker.wait(question, needed, 5_000);
    await world.clock.settle();
    expect(world.telemetry.values('waiters')).toEqual([1]);
    await world.clock.advance(5_000);
    await waiting;
    expect(world.telemetry.values('waiters')).toEqual([1, -1]);
  });

  test('probes by the replica’s answer; none during a pause', async () => {
    const answers: ProbeAnswer[] = [
      { kind: 'absent' },
      { kind: 'unclear', reason: '429', retryAfterMs: 60_000 },
      { kind: 'present', digest: digestOf(1), mediaType: undefined, isWhole: false },
    ];
    const { prober } = await import('../../../src/core/replicas/prober.ts');
    const { clock, telemetry } = setUp();
    const probe = { ask: async () => answers.shift() ?? { kind: 'absent' as const } };
    const asker = prober({ probe, clock, telemetry });
    const ask = () =>
      asker.ask(registryOf(), pushOf('eastus', '2026-06-01T12:00:00Z').region, name.repository, name.digest);
    for (let i = 0; i < 4; i++) await ask();
    await clock.advance(60_000);
    await ask();
    expect(telemetry.counts('probes')).toEqual({
      '{"registry":"contoso","region":"eastus","result":"absent"}': 1,
      '{"registry":"contoso","region":"eastus","result":"unclear"}': 1,
      '{"registry":"contoso","region":"eastus","result":"present"}': 1,
    });
  });

  test('forwards by how they ended', async () => {
    const { clock, telemetry } = setUp();
    const answers = ['delivered', { refusal: 'answered 500', retryAfterMs: undefined }] as const;
    let attempt = 0;
    const webhooks = forwarder({
      targets: [targetOf()],
      registries: [registryOf()],
      queue: memoryForwardQueue(),
      sender: { send: async () => answers[attempt++] ?? 'delivered' },
      clock,
      random: () => 0.5,
      log: { info: () => undefined, warn: () => undefined },
      telemetry,
      replicaSet: setUp().tracker.replicaSet,
      outcome: async () => 'satisfied',
      note: async () => undefined,
    });
    const order = {
      target: 'cluster',
      name,
      tag: tagOf('v1'),
      mediaType: null,
      pushedAt: '2026-06-01T12:00:00Z',
      madeAt: clock.now(),
      id: 'one',
    };
    await webhooks.deliver(order, 0);
    await webhooks.deliver(order, 0);
    await webhooks.deliver({ ...order, target: 'gone-from-the-settings' }, 0);
    expect(telemetry.counts('forwards')).toEqual({
      '{"registry":"contoso","target":"cluster","outcome":"delivered"}': 1,
      '{"registry":"contoso","target":"cluster","outcome":"again"}': 1,
      '{"registry":"contoso","target":"other","outcome":"dropped"}': 1,
    });
  });

  test('verdicts by result and by how calling back ended', async () => {
    const world = checkWorld();
    const telemetry = memoryTelemetry();
    world.waiting.answer = (attempt) => (attempt === 0 ? unavailable() : 'delivered');
    const one = world.instance({ telemetry });
    await one.accept(requestOf());
    await world.push('eastus');
    await world.push('westeurope');
    await world.pass(120_000, [one]);
    expect(telemetry.counts('verdicts')).toEqual({
      '{"kind":"azurePipelines","result":"succeeded","outcome":"again"}': 1,
      '{"kind":"azurePipelines","result":"succeeded","outcome":"delivered"}': 1,
    });
  });

  test('a topic that refuses is counted by the kind of refusal, and the refusal passed on', async () => {
    const telemetry = memoryTelemetry();
    const refuse = (error: Error) => meteredPublisher({ publish: () => Promise.reject(error) }, telemetry).publish([]);
    await expect(refuse(new UpstreamError('invalid', 'no'))).rejects.toThrow('no');
    await expect(refuse(new Error('a bug'))).rejects.toThrow('a bug');
    expect(telemetry.counts('publish_failures')).toEqual({ '{"error":"invalid"}': 1, '{"error":"unexpected"}': 1 });
  });
});

describe('one trace leads from the webhook to the event', () => {
  test('through the write, each region on its own, also when they meet in one write', async () => {
    const world = setUp();
    const other = host.replace(/a{32}/, 'c'.repeat(32));
    await Promise.all([
      deliver(world, 'eastus', bodyOf(), { traceParent: host }),
      deliver(world, 'westeurope', bodyOf(), { traceParent: other }),
    ]);
    await world.clock.settle();
    const { spans } = world.telemetry;
    for (const trace of ['a', 'c'].map((letter) => letter.repeat(32))) {
      const mine = spans.filter(({ self }) => self.split('-')[1] === trace);
      const [received, written] = ['receive webhook', 'write image'].map((one) =>
        mine.find((span) => span.name === one),
      );
      expect(received?.parent?.split('-')[1]).toBe(trace);
      expect(written?.parent).toBe(received?.self);
      const events = mine.filter((span) => span.name === 'announce');
      expect(events.map(({ parent }) => parent)).toContain(written?.self);
      expect(events.map(({ attributes }) => attributes['acr_replication.event'])).toContain('availableInRegion');
    }
    const all = spans.filter(({ attributes }) => attributes['acr_replication.event'] === 'availableInAllReplicas');
    expect(all).toHaveLength(1);
    expect([host, other].map((one) => one.split('-')[1])).toContain(all[0]?.self.split('-')[1]);
  });

  test('the event is the same with it as without', async () => {
    const [traced, plain] = [setUp(), memoryTracker()];
    await deliver(traced, 'eastus', bodyOf(), { traceParent: host });
    await deliver(plain, 'eastus');
    for (const { clock } of [traced, plain]) await clock.settle();
    expect(traced.publisher.published).toEqual(plain.publisher.published);
    expect(traced.publisher.published).toHaveLength(1);
  });

  test.each([
    [host, true],
    [`00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`, false],
    [`00-${'a'.repeat(32)}-${'0'.repeat(16)}-01`, false],
    [`ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, false],
    ['', false],
    [undefined, false],
    [null, false],
  ])('%s', (text, isOne) => {
    expect(parseTraceParent(text)).toBe(isOne ? text : undefined);
  });
});

describe('telemetry that fails, or comes late', () => {
  const broken: Telemetry = {
    measure: () => {
      throw new Error('broken');
    },
    recordSpan: () => {
      throw new Error('broken');
    },
    activeSpan: () => {
      throw new Error('broken');
    },
    span: async (_name, _attributes, work) => {
      await work({
        set: () => {
          throw new Error('broken');
        },
      });
      throw new Error('broken');
    },
  };
  const unusable: Telemetry = {
    ...broken,
    span: () => {
      throw new Error('broken before the work');
    },
  };

  test.each([
    ['one that throws after', broken],
    ['one that throws before', unusable],
  ])('%s costs neither a delivery nor an event', async (_, faulty) => {
    const telemetry = deferredTelemetry(Promise.resolve(faulty));
    await Promise.resolve();
    const world = memoryTracker({ ports: { telemetry } });
    const answers = [];
    for (const region of ['eastus', 'westeurope']) answers.push(await deliver({ ...world, telemetry }, region));
    await world.clock.settle();
    expect(answers.map(({ body }) => body)).toEqual([{ outcome: 'recorded' }, { outcome: 'recorded' }]);
    expect(world.publisher.published).toHaveLength(3);
  });

  test('the work is done once, and its failure comes out as it is', async () => {
    const telemetry = deferredTelemetry(Promise.resolve(broken));
    await Promise.resolve();
    let done = 0;
    const work = async () => {
      done++;
      throw unavailable();
    };
    await expect(telemetry.span('work', {}, work)).rejects.toThrow('no answer');
    expect(done).toBe(1);
  });

  test('what is measured before it is there is not lost', async () => {
    const later = Promise.withResolvers<Telemetry>();
    const telemetry = deferredTelemetry(later.promise);
    telemetry.measure(instruments.delayedImages, 1, { registry: 'contoso' });
    const come = memoryTelemetry();
    later.resolve(come);
    await later.promise;
    telemetry.measure(instruments.delayedImages, 1, { registry: 'contoso' });
    expect(come.values('delayed_images')).toEqual([1, 1]);
  });

  test('one that never comes is as none', async () => {
    const telemetry = deferredTelemetry(Promise.reject(new Error('not there')));
    await Promise.resolve();
    telemetry.measure(instruments.delayedImages, 1, { registry: 'contoso' });
    expect(await telemetry.span('work', {}, async () => 'done')).toBe('done');
    expect(telemetry.activeSpan()).toBeUndefined();
    expect(await noTelemetry.span('work', {}, async () => 'done')).toBe('done');
  });
});

test('no attribute has more values than there are registries, regions, targets and kinds of outcome', async () => {
  const world = setUp();
  for (let n = 1; n <= 30; n++) {
    const target = { repository: `team/app-${n}`, digest: digestOf(n), tag: `v${n}` };
    await deliver(world, n % 3 === 0 ? `mars${n}` : 'eastus', bodyOf({ target }));
  }
  const names = ['deliveries', 'lag', 'announcing'];
  for (const one of names) expect(Object.keys(world.telemetry.counts(one)).length).toBeLessThanOrEqual(3);
});

test('every instrument has a name, a unit and a description of its own', () => {
  const all = Object.values(instruments);
  expect(new Set(all.map((one) => one.name)).size).toBe(all.length);
  for (const { name: text, unit, description } of all) {
    expect(text).toMatch(/^acr_replication\.[a-z_]+$/);
    expect(unit).toMatch(/^(s|\{[a-z]+\})$/);
    expect(description).toMatch(/^[A-Z]/);
  }
});
