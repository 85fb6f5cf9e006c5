import { describe, expect, test } from 'vitest';
import { memoryImageStore } from '../../src/adapters/memory.ts';
import { memoryCheckStore } from '../../src/adapters/memory-checks.ts';
import type { Check } from '../../src/core/checks/check.ts';
import { newCheck, retryLater } from '../../src/core/checks/check.ts';
import type { CheckList } from '../../src/core/checks/check-list.ts';
import { checkList } from '../../src/core/checks/check-list.ts';
import type { EventPublisher, ImageStore } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { eventsFunction } from '../../src/functions/api/events.ts';
import { digestOf, targetOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import { requestOf } from '../support/check-instances.ts';
import type { ReleaseInstance } from '../support/memory-releases.ts';
import { passReleaseTime, releaseInstance, releaseWorld } from '../support/memory-releases.ts';
import type { MemoryTracker } from '../support/memory-tracker.ts';
import { memoryTracker, passTime } from '../support/memory-tracker.ts';
import { bodyOf, deliver } from '../support/webhook.ts';

const nothingElse = { topicError: null, forwards: [], checks: [], checksComplete: true };
const image = `contoso.azurecr.io/team/app@${digestOf(1)}`;

interface Listing {
  readonly image: string;
  readonly events: readonly {
    readonly id: string;
    readonly type: string;
    readonly publishedAt: string | null;
    readonly status: string;
    readonly failedAttempts: { readonly count: number; readonly lastError: string } | null;
  }[];
  readonly tags: readonly string[];
  readonly topicError: string | null;
  readonly forwards: readonly object[];
  readonly checks: readonly { readonly images: readonly string[] }[] | null;
}

const refusing: EventPublisher = {
  publish: () => Promise.reject(new UpstreamError('invalid', 'Event Grid topic (400)')),
};

async function list(memory: MemoryTracker, text = image): Promise<Listing> {
  const answer = await call(eventsFunction(memory.tracker), { path: `events?image=${text}` });
  expect(answer.status).toBe(200);
  return answer.body as Listing;
}

describe('what was published for an image', () => {
  test.each([
    ['a digest', image],
    ['a tag', 'contoso.azurecr.io/team/app:v1'],
    ['a tag and a digest', `contoso.azurecr.io/team/app:v1@${digestOf(1)}`],
  ])('is nothing for %s never seen', async (_what, text) => {
    expect(await list(memoryTracker(), text)).toEqual({ image: text, tags: [], events: [], ...nothingElse });
  });

  test('is each event with its time and its delivery, as the topic has it', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    // Shown at once, although the row says only with its next write that the topic accepted it.
    await memory.clock.settle();
    const published = {
      id: memory.publisher.published[0]?.id,
      source: 'https://contoso.azurecr.io',
      type: 'AcrReplication.ImageAvailableInRegion',
      subject: `team/app@${digestOf(1)}`,
      time: '2026-06-01T12:00:00.000Z',
      generation: 1,
      region: 'eastus',
      status: 'published',
      publishedAt: '2026-06-01T12:00:00.000Z',
      failedAttempts: null,
      data: memory.publisher.published[0]?.data,
    };
    for (const text of [image, 'contoso.azurecr.io/team/app:v1', 'contoso.eastus.geo.azurecr.io/team/app:v1']) {
      expect(await list(memory, text)).toEqual({ image, tags: ['v1'], events: [published], ...nothingElse });
    }
  });

  test('with the tags that have moved to another image', async () => {
    const memory = memoryTracker();
    for (const [number, second] of [
      [1, 1],
      [2, 2],
    ] as const) {
      const target = { tag: 'prod', digest: digestOf(number) };
      const body = bodyOf({ target, timestamp: `2026-06-01T12:00:0${second}Z` });
      for (const region of ['eastus', 'westeurope']) await deliver(memory, region, body);
    }
    await memory.clock.advance(60_000);
    expect((await list(memory)).tags).toEqual(['prod']);
  });

  test('follows the image through all replicas and out again', async () => {
    const memory = memoryTracker();
    for (const [action, second] of [
      ['push', 1],
      ['delete', 2],
    ] as const) {
      const body = bodyOf({ action, timestamp: `2026-06-01T12:00:0${second}Z` });
      for (const region of ['eastus', 'westeurope']) await deliver(memory, region, body);
    }
    await memory.clock.advance(60_000);
    const { events } = await list(memory);
    expect(events.map(({ type }) => type.replace('AcrReplication.Image', '')).sort()).toEqual([
      'AvailableInAllReplicas',
      'AvailableInRegion',
      'AvailableInRegion',
      'DeletedInAllReplicas',
      'DeletedInRegion',
      'DeletedInRegion',
    ]);
    expect(events.every(({ publishedAt }) => publishedAt !== null)).toBe(true);
    expect(new Set(events.map(({ id }) => id))).toEqual(new Set(memory.publisher.published.map(({ id }) => id)));
  });

  test('says so while the topic does not accept it', async () => {
    const publish = () => Promise.reject(new UpstreamError('unavailable', 'the topic is away'));
    const memory = memoryTracker({ ports: { publisher: { publish } } });
    await deliver(memory, 'eastus');
    await memory.clock.advance(5_000);
    const { events, topicError } = await list(memory);
    const failedAttempts = {
      count: 3,
      lastAt: '2026-06-01T12:00:03.000Z',
      lastError: 'unavailable: the topic is away',
    };
    expect(events).toEqual([expect.objectContaining({ status: 'pending', publishedAt: null, failedAttempts })]);
    expect(topicError).toBe('unavailable: the topic is away');
  });

  test('has nothing of what the topic refuses of another image, which is no outage', async () => {
    const memory = memoryTracker({
      ports: {
        publisher: {
          publish: async (events) => {
            const isAny = events.some(({ subject }) => subject.startsWith('team/refused'));
            if (isAny) throw new UpstreamError('invalid', 'The event of team/refused is larger');
          },
        },
      },
    });
    const refused = bodyOf({ target: { repository: 'team/refused' } });
    for (const body of [bodyOf(), refused]) {
      for (const region of ['eastus', 'westeurope']) await deliver(memory, region, body);
      await memory.clock.advance(5_000);
    }
    const own = await list(memory);
    expect(own.events.map(({ status }) => status)).toEqual(['published', 'published', 'published']);
    expect(JSON.stringify(own)).not.toContain('team/refused');
    const other = await list(memory, image.replace('team/app', 'team/refused'));
    expect(other.topicError).toBeNull();
    const lastError = 'invalid: The event of team/refused is larger';
    expect(other.events.map(({ failedAttempts }) => failedAttempts?.lastError)).toEqual(Array(3).fill(lastError));
  });

  test('need not say that an attempt failed before the topic accepted it: that may be recorded nowhere', async () => {
    const world = memoryTracker();
    let attempts = 0;
    const publish: EventPublisher['publish'] = (events) =>
      ++attempts === 1 ? Promise.reject(new UpstreamError('unavailable', 'away')) : world.publisher.publish(events);
    const memory = memoryTracker({ ports: { publisher: { publish } } });
    await deliver(memory, 'eastus');
    await memory.clock.advance(500);
    expect((await list(memory)).events).toMatchObject([{ status: 'pending', failedAttempts: { count: 1 } }]);
    await memory.clock.advance(5_000);
    expect((await list(memory)).events).toMatchObject([{ status: 'published', failedAttempts: null }]);
  });

  test('says on every instance what the topic did not accept, once the image was looked at again', async () => {
    const { publish } = refusing;
    const memory = memoryTracker({ ports: { publisher: { publish } } });
    await deliver(memory, 'eastus');
    await passTime(memory, 40_000);
    const other = memoryTracker({ clock: memory.clock, ports: { store: memory.store, tags: memory.tags } });
    const [event] = (await list(other)).events;
    expect(event?.failedAttempts).toMatchObject({ lastError: 'invalid: Event Grid topic (400)' });
    expect(event?.failedAttempts?.count).toBeGreaterThanOrEqual(1);
  });

  test('costs no more writes while the topic is away, and one more for a first refusal', async () => {
    const writesWith = async (publisher: EventPublisher) => {
      let writes = 0;
      const store = memoryImageStore();
      const counted: ImageStore = {
        ...store,
        commit(proposal) {
          writes++;
          return store.commit(proposal);
        },
      };
      const memory = memoryTracker({ ports: { store: counted, publisher } });
      await deliver(memory, 'eastus');
      await passTime(memory, 180_000);
      return writes;
    };
    // One that never answers sets the same timers, and nothing has failed.
    const silent: EventPublisher = { publish: () => new Promise(() => undefined) };
    const away: EventPublisher = {
      publish: () => Promise.reject(new UpstreamError('unavailable', 'Event Grid topic (503)')),
    };
    const least = await writesWith(silent);
    expect(await writesWith(away)).toBe(least);
    expect(await writesWith(refusing)).toBe(least + 1);
  });

  test('has the webhooks that were forwarded, and what their targets answered', async () => {
    const memory = memoryTracker({ targets: [targetOf()] });
    for (const region of ['eastus', 'westeurope']) await deliver(memory, region, bodyOf({ target: { tag: 'v1' } }));
    await memory.clock.settle();
    const [waiting] = memory.forwards.waiting;
    if (waiting === undefined) throw new Error('nothing is forwarded');
    const { order } = waiting;
    const sent = { id: order.id, target: 'cluster', tag: 'v1', time: '2026-06-01T12:00:00.000Z', state: 'sent' };
    const unknown = { attempts: null, lastAt: null, lastError: null };
    expect((await list(memory)).forwards).toEqual([{ ...sent, ...unknown }]);
    const at = memory.clock.now();
    await memory.tracker.noteForward(order, { state: 'retrying', attempts: 2, at, lastError: 'answered 503' });
    // An order that was handed back twice may end twice: the newest word stays.
    await memory.tracker.noteForward(order, { state: 'retrying', attempts: 1, at: at - 1, lastError: 'answered 500' });
    const lastAt = '2026-06-01T12:00:00.000Z';
    expect((await list(memory)).forwards).toEqual([
      { ...sent, state: 'retrying', attempts: 2, lastAt, lastError: 'answered 503' },
    ]);
  });

  test('has the checks that named it, and says where they could not be read', async () => {
    const memory = memoryTracker();
    await deliver(memory, 'eastus', bodyOf({ target: { tag: 'v1' } }));
    const store = memoryCheckStore();
    const named = ['contoso.azurecr.io/team/app:v1', image, 'contoso.eastus.geo.azurecr.io/team/app:v1'];
    const others = ['contoso.azurecr.io/team/app:v2', 'contoso.azurecr.io/team/other:v1', 'elsewhere.io/team/app:v1'];
    for (const [i, text] of [...named, ...others].entries()) {
      const check = newCheck(requestOf({ id: `${i}`.padStart(40, '0'), images: [text] }), 'v1.encrypted', 1_000 + i);
      await store.create(i === 0 ? retryLater(check, { kind: 'passing', reason: 'answered 503' }, 2_000, 0.5) : check);
    }
    const { registries } = memory.tracker;
    const checks = checkList({ store, registries, clock: memory.clock });
    const ask = (list: CheckList) =>
      call(eventsFunction(memory.tracker, { checks: list }), { path: `events?image=${image}` });
    const { body } = await ask(checks);
    const found = (body as Listing).checks;
    expect(found?.map(({ images }) => images[0])).toEqual(named.toReversed());
    expect(found?.at(-1)).toMatchObject({ state: 'waiting', verdict: null, lastError: 'answered 503' });
    expect(body).toMatchObject({ checksComplete: true });
    const readingAs = (list: () => Promise<readonly Check[]>) =>
      ask(checkList({ store: { list }, registries, clock: memory.clock }));
    const unread = { checks: null, checksComplete: false, events: [{ status: 'published' }] };
    const broken = await readingAs(() => Promise.reject(new UpstreamError('unavailable', 'tables')));
    expect(broken.body).toMatchObject(unread);
    const slow = readingAs(() => new Promise(() => undefined));
    await memory.clock.advance(1_000);
    expect((await slow).body).toMatchObject(unread);
    // As many as are read at most: there may be more.
    const other = newCheck(requestOf({ images: ['contoso.azurecr.io/team/other:v1'] }), 'v1.encrypted', 1_000);
    const cut = await readingAs(async () => Array.from({ length: 2_000 }, () => other));
    expect(cut.body).toMatchObject({ checks: [], checksComplete: false });
  });
});

describe('what was published for a release', () => {
  const put = (instance: ReleaseInstance) =>
    instance.releases.put('shop', { images: [image], regions: null, require: 'all' });
  const ask = (instance: ReleaseInstance, query = 'release=shop', checks?: CheckList) =>
    call(eventsFunction(instance.memory.tracker, { releases: instance.releases, checks }), { path: `events?${query}` });

  test('is each fact that the topic has accepted, and what it has not accepted yet', async () => {
    const world = releaseWorld();
    let isAway = true;
    const publisher = {
      publish: (events: never[]) =>
        isAway ? Promise.reject(new UpstreamError('unavailable', 'away')) : world.publisher.publish(events),
    };
    const instance = releaseInstance(world, { publisher: publisher as never });
    await put(instance);
    const none = { release: 'shop', events: [], checks: [], checksComplete: true };
    expect((await ask(instance)).body).toEqual(none);
    await passReleaseTime(world, instance, 905_000);
    const delayed = { type: 'AcrReplication.ReleaseDelayed', revision: 1, status: 'pending', publishedAt: null };
    expect((await ask(instance)).body).toMatchObject({ events: [delayed] });
    isAway = false;
    await passReleaseTime(world, instance, 600_000);
    for (const region of ['eastus', 'westeurope']) await deliver(instance.memory, region, bodyOf({}));
    await passReleaseTime(world, instance, 30_000);
    const { body } = await ask(instance);
    expect(body).toMatchObject({
      events: [
        { type: 'AcrReplication.ReleaseDelayed', status: 'published', publishedAt: expect.any(String) },
        { type: 'AcrReplication.ReleaseAvailableInAllReplicas', status: 'published', subject: 'releases/shop' },
      ],
    });
    const ids = (body as Listing).events.map(({ id }) => id);
    expect(ids).toEqual(world.published.map(({ id }) => id));
  });

  test('has the checks that named it, and no others', async () => {
    const world = releaseWorld();
    const instance = releaseInstance(world);
    await put(instance);
    const store = memoryCheckStore();
    for (const [i, release] of ['shop', 'other', 'shop'].entries()) {
      const request = { ...requestOf({ id: `${i}`.padStart(40, '0') }), images: [], release };
      await store.create(newCheck(request, 'v1.encrypted', 1_000 + i));
    }
    const checks = checkList({ store, registries: instance.memory.tracker.registries, clock: world.clock });
    const { body } = await ask(instance, 'release=shop', checks);
    expect((body as { checks: { id: string }[] }).checks.map(({ id }) => Number(id))).toEqual([2, 0]);
  });

  test.each([
    ['release=nobody', 404, 'There is no release'],
    ['release=UPPER', 400, 'must have 1 to 128 characters'],
    [`release=shop&image=${image}`, 400, 'must be alone, without \\"image\\"'],
    ['release=shop&replay=abc', 400, 'replay'],
  ])('%s is answered %i', async (query, status, text) => {
    const answer = await ask(releaseInstance(releaseWorld()), query);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
  });
});
