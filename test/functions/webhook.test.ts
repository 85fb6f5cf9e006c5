import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryDeliveryQueue, memoryImageStore } from '../../src/adapters/memory.ts';
import type { DeliveryQueue, ImageStore } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { digestOf, regionOf, regionsOf, registryOf, replicaSetOf, repositoryOf } from '../support/build.ts';
import { call, forbidBody } from '../support/call.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { manualClock } from '../support/manual-clock.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { limits, memoryTracker } from '../support/memory-tracker.ts';
import { bodyOf, deliver, doorOf, secrets } from '../support/webhook.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
const bearer = `Bearer ${secrets[0]}`;

function payload(file: string): string {
  return readFileSync(new URL(`../fixtures/payloads/${file}.json`, import.meta.url), 'utf8');
}

async function isUntouched(memory: MemoryTracker): Promise<boolean> {
  await memory.clock.advance(10_000);
  const page = await memory.lists.page({ registry: 'contoso', list: 'all', limit: 10 });
  const lastEvents = await memory.webhooks.last('contoso');
  return page.entries.length + lastEvents.size + memory.queue.deferred.length + memory.publisher.published.length === 0;
}

describe('an event that is accepted', () => {
  test('for the first time is recorded', async () => {
    const memory = memoryTracker();
    const answer = await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1', mediaType: 'a/b' } }));
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
    expect((await memory.store.read(name))?.record).toMatchObject({
      mediaType: 'a/b',
      arrivals: { eastus: { pushedAt: '2026-06-01T12:00:00.123456700Z', tags: { v1: expect.any(String) } } },
    });
  });

  test('again says nothing new', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    expect(await deliver(memory, 'eastus')).toMatchObject({ status: 200, body: { outcome: 'duplicate' } });
  });

  test('after a newer one is outdated', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:05Z' }));
    expect(await deliver(memory, 'eastus')).toMatchObject({ status: 200, body: { outcome: 'outdated' } });
  });

  test('as a delete is recorded', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    const body = bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:05Z' });
    expect(await deliver(memory, 'eastus', body)).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
    expect((await memory.store.read(name))?.record.arrivals.eastus?.deletedAt).toBe('2026-06-01T12:00:05.000000000Z');
  });

  test.each([
    ['contoso', 'East US'],
    ['Contoso', 'EASTUS'],
  ])('at %s, %s means the same registry and region', async (registry, region) => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    const answer = await deliver(memory, region, bodyOf(), { registry });
    expect(answer).toMatchObject({ status: 200, body: { outcome: 'duplicate' } });
  });

  // The last one is a word that every plain object answers to.
  test.each(['northeurope', 'constructor'])('from %s, a region outside the set, is recorded', async (region) => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    expect(await deliver(memory, region)).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
    expect(Object.keys((await memory.store.read(name))?.record.arrivals ?? {})).toContain(region);
  });

  test.each([
    ['push', bodyOf(), 'recorded'],
    ['ping', payload('webhook-ping-captured'), 'pong'],
    ['quarantine', payload('webhook-quarantine-documented'), 'ignored'],
  ])('as a %s from a region outside the set is answered with a warning', async (_action, body, outcome) => {
    const memory = memoryTracker({ registries: [registryOf({ observedOnly: regionsOf('uksouth') })] });
    const answer = await deliver(memory, 'West Erope', body);
    const warning = expect.stringMatching(
      /report for westerope, where contoso .* expected are eastus, westeurope\. Correct/,
    );
    expect(answer.body).toEqual({ outcome, warning });
    for (const region of ['eastus', 'uksouth']) {
      expect((await deliver(memory, region, body)).body).not.toHaveProperty('warning');
    }
  });

  test('before the replicas are known carries no warning', async () => {
    const memory = memoryTracker({ replicaSet: () => ({ ...replicaSetOf(), replicas: [], source: 'remembered' }) });
    expect((await deliver(memory, 'eastus')).body).toEqual({ outcome: 'recorded' });
  });

  test('from regions outside the set is logged once a minute for each registry', async () => {
    const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
    const memory = memoryTracker({ registries });
    const lines = () => memory.lines.filter((line) => line.startsWith('webhook of a region that is not expected'));
    for (let n = 1; n <= 20; n++) {
      for (const { name: registry } of registries) await deliver(memory, `nowhere${n}`, bodyOf(), { registry });
      await memory.clock.advance(2_999);
    }
    expect(lines()).toHaveLength(2);
    expect(lines()[0]).toContain('"region":"nowhere1"');
    expect(lines()[0]).toContain('expected are eastus, westeurope');
    await memory.clock.advance(20);
    await deliver(memory, 'nowhere');
    expect(lines()).toHaveLength(3);
  });

  test.each(['webhook-push-captured', 'webhook-push-documented-unmasked'])('as in %s', async (file) => {
    expect(await deliver(memoryTracker(), 'eastus', payload(file))).toMatchObject({ body: { outcome: 'recorded' } });
  });

  test('whatever its content type is called', async () => {
    const headers = { authorization: bearer, 'content-type': 'text/plain' };
    expect(await deliver(memoryTracker(), 'eastus', bodyOf(), { headers })).toMatchObject({ status: 200 });
  });

  test('is published to the topic', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus');
    await memory.clock.settle();
    expect(memory.publisher.published.map(({ type }) => type)).toEqual(['AcrReplication.ImageAvailableInRegion']);
  });

  test('keeps the time at which it came, by the receiver’s clock', async () => {
    const memory = memoryTracker();
    await memory.clock.advance(90_000);
    await deliver(memory, 'eastus');
    expect((await memory.store.read(name))?.record.firstSeenAt).toBe(Date.parse('2026-06-01T12:01:30Z'));
  });
});

describe('an event that says nothing about where an image is', () => {
  test.each([
    ['ping', payload('webhook-ping-captured'), 'pong'],
    ['quarantine', payload('webhook-quarantine-documented'), 'ignored'],
    ['chart_push', payload('webhook-chart-push-documented'), 'ignored'],
    ['chart_delete', payload('webhook-chart-delete-documented'), 'ignored'],
    ['a push without a target', bodyOf({ target: null }), 'ignored'],
    ['an action of tomorrow', bodyOf({ action: 'soft_delete' }), 'ignored'],
  ])('%s is answered and not recorded', async (_what, body, outcome) => {
    const memory = memoryTracker();
    expect(await deliver(memory, 'eastus', body)).toMatchObject({ status: 200, body: { outcome } });
    expect((await memory.lists.page({ registry: 'contoso', list: 'all', limit: 1 })).entries).toEqual([]);
  });

  test('a delete of a whole repository is recorded, and its images do not count in that region', async () => {
    const memory = memoryTracker();
    for (const region of ['eastus', 'westeurope']) await deliver(memory, region, bodyOf());
    const later = new Date(memory.clock.now() + 1_000).toISOString();
    const body = bodyOf({ action: 'delete', timestamp: later, target: { digest: undefined } });
    expect(await deliver(memory, 'eastus', body)).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
    const [entry] = (await memory.lists.page({ registry: 'contoso', list: 'all', limit: 1 })).entries;
    const record = entry === undefined ? undefined : (await memory.store.read(entry.name))?.record;
    expect(record?.arrivals.eastus?.doubtedAt).toBeDefined();
    expect(record?.arrivals.westeurope?.doubtedAt).toBeUndefined();
  });

  test('still shows that the webhook works', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'westeurope', payload('webhook-ping-captured'));
    expect(await memory.webhooks.last('contoso')).toEqual(new Map([[regionOf('westeurope'), memory.clock.now()]]));
  });
});

describe('401', () => {
  const wrong: [string, Record<string, string>][] = [
    ['nothing', {}],
    ['an empty header', { authorization: '' }],
    ['Bearer alone', { authorization: 'Bearer ' }],
    ['the secret alone', { authorization: secrets[0] }],
    ['another scheme', { authorization: `Basic ${secrets[0]}` }],
    ['another secret', { authorization: 'Bearer another-secret-of-tests' }],
    ['the beginning of the secret', { authorization: bearer.slice(0, -1) }],
    ['the secret and more', { authorization: `${bearer}x` }],
    ['the secret in upper case', { authorization: `Bearer ${secrets[0].toUpperCase()}` }],
    ['both secrets', { authorization: `Bearer ${secrets.join(',')}` }],
    ['the secret in another header', { 'x-functions-key': secrets[0] }],
  ];

  test.each(wrong)('for %s, before the body is read', async (_what, headers) => {
    const memory = memoryTracker();
    const answer = await deliver(memory, 'eastus', bodyOf(), { headers, prepare: forbidBody });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.body).toMatchObject({ status: 401, title: 'Unauthorized' });
    expect(await isUntouched(memory)).toBe(true);
  });

  test('comes before everything else that is wrong, so that nobody can ask which registries there are', async () => {
    const headers = { authorization: 'Bearer nonsense', 'content-length': '10000000' };
    const answer = await deliver(memoryTracker(), 'no region!', 'no JSON', { registry: 'nobody', headers });
    expect(answer.status).toBe(401);
  });

  test('is not the answer to either of two secrets, while they are exchanged', async () => {
    for (const secret of secrets) {
      for (const scheme of ['Bearer', 'bearer', 'BEARER  ']) {
        const headers = { authorization: `${scheme} ${secret}` };
        expect((await deliver(memoryTracker(), 'eastus', bodyOf(), { headers })).status).toBe(200);
      }
    }
  });

  test('is the answer to every secret when there is only another one', async () => {
    const { tracker, clock } = memoryTracker();
    const options = doorOf({ tracker, secrets: [secrets[1]], now: clock.now });
    const input = {
      path: 'webhooks/contoso/eastus',
      params: { registry: 'contoso', region: 'eastus' },
      body: bodyOf(),
    };
    const status = async (secret: string) =>
      (await call(options, { ...input, headers: { authorization: `Bearer ${secret}` } })).status;
    expect([await status(secrets[0]), await status(secrets[1])]).toEqual([401, 200]);
  });
});

describe('404', () => {
  test.each(['fabrikam', 'contoso.azurecr.io', 'constructor', '<script>'])('for %s', async (registry) => {
    const memory = memoryTracker();
    const answer = await deliver(memory, 'eastus', bodyOf(), { registry, prepare: forbidBody });
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({
      title: 'Not found',
      detail: expect.stringContaining(JSON.stringify(registry)),
    });
    expect(await isUntouched(memory)).toBe(true);
  });
});

describe('400', () => {
  test.each<[string, string | Uint8Array, string[]]>([
    ['an empty body', '', ['body']],
    ['no JSON', 'action=push', ['body']],
    ['half of it', bodyOf().slice(0, -1), ['body']],
    ['JSON in another encoding', new Uint8Array(Buffer.from(bodyOf(), 'utf16le')), ['body']],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x00, 0xc3]), ['body']],
    // JSON is UTF-8; half-read text could be half of a name.
    ['one byte that is no text', new Uint8Array(Buffer.from(bodyOf({ target: { comment: 'é' } }), 'latin1')), ['body']],
    ['a list', `[${bodyOf()}]`, ['body']],
    ['null', 'null', ['body']],
    ['no id, timestamp and action', '{}', ['id', 'timestamp', 'action']],
    ['a masked digest', payload('webhook-push-documented'), ['target.digest']],
    ['a masked digest of a delete', payload('webhook-delete-documented'), ['target.digest']],
    ['a tag of 2,000 characters', bodyOf({ target: { tag: 't'.repeat(2_000) } }), ['target.tag']],
    ['events of Event Grid', payload('eventgrid-image-pushed-v2'), ['body']],
    ['deeply nested JSON', '['.repeat(50_000) + ']'.repeat(50_000), ['body']],
  ])('for %s, naming the field', async (_what, body, fields) => {
    const memory = memoryTracker();
    const answer = await deliver(memory, 'eastus', body);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toMatchObject({
      type: 'about:blank',
      title: 'Bad request',
      status: 400,
      errors: fields.map((field) => ({ field, reason: expect.any(String) })),
    });
    expect(await isUntouched(memory)).toBe(true);
  });

  test.each(['east-us', '2', '', 'eastus/..', 'x'.repeat(500)])('for the region %j', async (region) => {
    const memory = memoryTracker();
    const answer = await deliver(memory, region, bodyOf(), { prepare: forbidBody });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'region' }] } });
    expect(await isUntouched(memory)).toBe(true);
  });

  test('is not the answer to a byte order mark', async () => {
    expect((await deliver(memoryTracker(), 'eastus', `\ufeff${bodyOf()}`)).status).toBe(200);
  });
});

describe('413', () => {
  const limit = 256 * 1024;

  test('by what the header says, before the body is read', async () => {
    const memory = memoryTracker();
    const headers = { authorization: bearer, 'content-length': String(limit + 1) };
    const answer = await deliver(memory, 'eastus', bodyOf(), { headers, prepare: forbidBody });
    expect(answer).toMatchObject({ status: 413, body: { title: 'Content too large' } });
    expect(await isUntouched(memory)).toBe(true);
  });

  test('by what has come, whatever the header says', async () => {
    for (const length of [undefined, '10', 'many']) {
      const memory = memoryTracker();
      const headers = { authorization: bearer, ...(length === undefined ? {} : { 'content-length': length }) };
      const answer = await deliver(memory, 'eastus', bodyOf().padEnd(limit + 1), { headers });
      expect(answer.status).toBe(413);
      expect(await isUntouched(memory)).toBe(true);
    }
  });

  test('is counted in bytes, not in letters', async () => {
    const body = (letters: number) => bodyOf({ target: { comment: 'é'.repeat(letters) } });
    expect((await deliver(memoryTracker(), 'eastus', body(limit / 2))).status).toBe(413);
    expect((await deliver(memoryTracker(), 'eastus', body(limit / 2 - 200))).status).toBe(200);
  });

  test('is not the answer to 256 KiB', async () => {
    const headers = { authorization: bearer, 'content-length': String(limit) };
    expect((await deliver(memoryTracker(), 'eastus', bodyOf().padEnd(limit), { headers })).status).toBe(200);
  });
});

describe('when the tables', () => {
  const never = () => new Promise<never>(() => {});
  const fail = () => Promise.reject(new UpstreamError('unavailable', 'the tables are away'));
  const silentStore = (): ImageStore => ({ ...memoryImageStore(), commit: never });
  const failingStore = (): ImageStore => ({ ...memoryImageStore(), commit: fail });
  const queueOf = (defer: DeliveryQueue['defer']): DeliveryQueue => ({ defer });

  test('do not answer, the delivery goes to the queue within the time that the registry gives', async () => {
    const queue = memoryDeliveryQueue();
    const memory = memoryTracker({ ports: { store: silentStore(), queue } });
    const startedAt = memory.clock.now();
    let answeredAt: number | undefined;
    const answer = deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } })).finally(() => {
      answeredAt = memory.clock.now();
    });
    await memory.clock.advance(4_000);
    expect(answeredAt).toBeDefined();
    expect((answeredAt ?? Number.POSITIVE_INFINITY) - startedAt).toBeLessThanOrEqual(4_000);
    expect(await answer).toMatchObject({ status: 202, body: { outcome: 'deferred' } });
    expect(queue.deferred).toEqual([
      { name, fact: expect.objectContaining({ region: 'eastus', kind: 'push', tag: 'v1', receivedAt: startedAt }) },
    ]);
  });

  test('do not answer a burst, what came last goes to the queue sooner: it has waited for the others', async () => {
    const queue = memoryDeliveryQueue();
    const memory = memoryTracker({ ports: { store: silentStore(), queue } });
    const startedAt = memory.clock.now();
    const answeredAfter: number[] = [];
    const burst = Array.from({ length: 1_000 }, async (_, n) => {
      const answer = await deliver(memory, 'eastus', bodyOf({ target: { digest: digestOf(n) } }));
      expect(answer).toMatchObject({ status: 202 });
      answeredAfter.push(memory.clock.now() - startedAt);
    });
    await memory.clock.advance(4_000);
    await Promise.all(burst);
    expect(Math.min(...answeredAfter)).toBeLessThan(limits.recordWithinMs / 2);
    expect(Math.max(...answeredAfter)).toBeLessThanOrEqual(limits.recordWithinMs);
    expect(queue.deferred).toHaveLength(1_000);
  });

  test('do not answer, and the process is held up while the queue does, the event counts as deferred', async () => {
    const clock = manualClock();
    // The queue has answered, and the timer that rings two seconds late is served first.
    const late: ManualClock = {
      ...clock,
      sleep: (milliseconds, signal) =>
        clock.sleep(milliseconds === limits.deferWithinMs ? milliseconds + 2_000 : milliseconds, signal),
    };
    const queue = queueOf(() => clock.sleep(limits.deferWithinMs + 2_001));
    const answer = deliver(memoryTracker({ ports: { store: silentStore(), queue }, clock: late }), 'eastus');
    await clock.advance(10_000);
    expect(await answer).toMatchObject({ status: 202 });
  });

  test('do not answer, and nor does the queue of a process that is held up: 503, no more than a moment later', async () => {
    const clock = manualClock();
    const late: ManualClock = {
      ...clock,
      sleep: (milliseconds, signal) =>
        clock.sleep(milliseconds === limits.deferWithinMs ? milliseconds + 400 : milliseconds, signal),
    };
    const queue = queueOf(() => new Promise(() => undefined));
    const startedAt = clock.now();
    const answer = deliver(memoryTracker({ ports: { store: silentStore(), queue }, clock: late }), 'eastus').then(
      ({ status }) => ({ status, afterMs: clock.now() - startedAt }),
    );
    await clock.advance(10_000);
    const { status, afterMs } = await answer;
    expect(status).toBe(503);
    expect(afterMs).toBeLessThan(4_000);
  });

  test('fail, the delivery goes to the queue at once', async () => {
    const queue = memoryDeliveryQueue();
    const memory = memoryTracker({ ports: { store: failingStore(), queue } });
    expect(await deliver(memory, 'eastus')).toMatchObject({ status: 202, body: { outcome: 'deferred' } });
    expect(queue.deferred).toHaveLength(1);
  });

  test('cannot even be read, the delivery goes to the queue', async () => {
    const queue = memoryDeliveryQueue();
    const memory = memoryTracker({ ports: { store: { ...memoryImageStore(), read: fail }, queue } });
    expect(await deliver(memory, 'eastus')).toMatchObject({ status: 202 });
    expect(queue.deferred).toHaveLength(1);
  });

  test('answer while the queue does not, the event counts as recorded', async () => {
    const store = memoryImageStore();
    const memory = memoryTracker({
      ports: {
        store: { ...store, commit: (change) => memory.clock.sleep(3_000).then(() => store.commit(change)) },
        queue: queueOf(never),
      },
    });
    const answer = deliver(memory, 'eastus');
    await memory.clock.advance(4_000);
    expect(await answer).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
  });

  test.each<[string, DeliveryQueue]>([
    ['does not answer either', queueOf(never)],
    ['fails as well', queueOf(fail)],
  ])('do not answer and the queue %s, the sender is asked to send again', async (_what, queue) => {
    for (const store of [silentStore(), failingStore()]) {
      const memory = memoryTracker({ ports: { store, queue } });
      const startedAt = memory.clock.now();
      let took: number | undefined;
      const answer = deliver(memory, 'eastus').finally(() => {
        took = memory.clock.now() - startedAt;
      });
      await memory.clock.advance(4_000);
      // A machine that has other things to do is later than its timers.
      expect(took).toBeLessThanOrEqual(3_500);
      const { status, headers, body, log } = await answer;
      expect(status).toBe(503);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(log).toEqual([expect.stringContaining('webhook not stored: push contoso/team/app@sha256:')]);
      expect(body).toMatchObject({ title: 'Service unavailable', status: 503 });
    }
  });

  test('do not answer, what needs no table is answered all the same', async () => {
    const memory = memoryTracker({ ports: { store: silentStore() } });
    const ping = await deliver(memory, 'eastus', payload('webhook-ping-captured'));
    expect(ping).toMatchObject({ status: 200, body: { outcome: 'pong' } });
  });

  test('do not store the time of the webhook, the event is recorded all the same', async () => {
    const memory = memoryTracker({ ports: { webhooks: { note: fail, last: async () => new Map() } } });
    expect(await deliver(memory, 'eastus')).toMatchObject({ status: 200, body: { outcome: 'recorded' } });
  });
});

describe('the secret', () => {
  const anything = fc.record({
    region: fc.constantFrom('eastus', 'East US', 'no region!'),
    registry: fc.constantFrom('contoso', 'nobody'),
    authorization: fc.constantFrom(...secrets.flatMap((secret) => [`Bearer ${secret}`, `Basic ${secret}`, secret])),
    body: fc.oneof(fc.constant(bodyOf()), fc.string(), fc.json()),
    tables: fc.boolean(),
  });

  test('is in no answer, in no header and in no line of a log', async () => {
    await fc.assert(
      fc.asyncProperty(anything, async ({ region, registry, authorization, body, tables }) => {
        const away = () => Promise.reject(new UpstreamError('unavailable', 'away'));
        const ports = tables ? {} : { store: { ...memoryImageStore(), commit: away }, queue: { defer: away } };
        const memory = memoryTracker({ ports });
        const answer = await deliver(memory, region, body, { registry, headers: { authorization } });
        await memory.clock.settle();
        const seen = [answer.text, JSON.stringify(answer.headers), ...answer.log, ...memory.lines].join('\n');
        for (const secret of secrets) expect(seen).not.toContain(secret);
      }),
      { numRuns: 200 },
    );
  });
});

test('for any body the answer is one of those of the contract', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string(), fc.string({ unit: 'binary' })), async (body) => {
      const { status } = await deliver(memoryTracker(), 'eastus', body);
      expect([200, 400]).toContain(status);
    }),
    { numRuns: 300 },
  );
});

test('registries do not see each other’s events', async () => {
  const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
  const memory = memoryTracker({ registries });
  await deliver(memory, 'eastus', bodyOf(), { registry: 'fabrikam' });
  expect(await memory.store.read(name)).toBeUndefined();
  expect((await memory.store.read({ ...name, registry: 'fabrikam' }))?.record.name.registry).toBe('fabrikam');
  expect(regionsOf(...(await memory.webhooks.last('fabrikam')).keys())).toEqual(['eastus']);
  expect(await memory.webhooks.last('contoso')).toEqual(new Map());
});
