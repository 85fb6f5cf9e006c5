/**
 * The figures of `docs/operations.md`: what a push costs is counted in a real run, what follows from it is worked out anew,
 * and what is set elsewhere is read there. A page that tells yesterday's cost is worse than none.
 */
import { readFileSync } from 'node:fs';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { storageCounter } from '../../bench/counted.ts';
import type { Subject } from '../../bench/subject.ts';
import { openSubject } from '../../bench/subject.ts';
import { deliveryOf, regionsOf } from '../../bench/workload.ts';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { tableImageIndex } from '../../src/adapters/table-storage/image-index.ts';
import { tableImageStore } from '../../src/adapters/table-storage/image-store.ts';
import { rowBatches } from '../../src/adapters/table-storage/row-batches.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import { tableTagIndex } from '../../src/adapters/table-storage/tag-index.ts';
import type { Delivery } from '../../src/core/ports.ts';
import { expireImages } from '../../src/core/retention.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import { pollMs } from '../../src/core/tracker.ts';
import { deliveryLogFunction } from '../../src/functions/delivery-log.ts';
import { refreshReplicasFunction } from '../../src/functions/refresh-replicas.ts';
import { retentionFunction } from '../../src/functions/retention.ts';
import { webhookCareFunction } from '../../src/functions/webhook-care.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { parseSchedule } from '../../src/local/host/ncrontab.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/operations.md');
const text = page.replaceAll(/\s+/g, ' ');
/** Cells of the table row that begins so. */
const row = (first: string) =>
  page
    .split('\n')
    .find((line) => line.startsWith(`| ${first} |`))
    ?.split('|')
    .map((cell) => cell.trim())
    .slice(2, -1) ?? [];
const number = (cell = '') => Number(cell.replaceAll(',', ''));

describe('a push to four regions', () => {
  const regions = regionsOf(4);
  let azurite: Azurite;
  let subject: Subject;
  let image = 0;

  beforeAll(async () => {
    azurite = await startAzuriteInProcess();
    subject = openSubject(azurite.connectionString, regions);
    // Tables and queues are made when first missed.
    for (const region of regions) await subject.tracker.receive(deliveryOf('warm', 0, region));
  }, 60_000);

  afterAll(async () => {
    await subject?.tracker.close(1_000);
    await azurite?.stop();
  });

  async function requests(work: () => Promise<unknown>, by: Subject = subject): Promise<number> {
    await by.counter.quiet();
    by.counter.reset();
    await work();
    await by.counter.quiet();
    return by.counter.total;
  }

  /** Requests of each region in turn. */
  async function push(deliveries: readonly Delivery[]): Promise<number[]> {
    const counts: number[] = [];
    for (const delivery of deliveries) counts.push(await requests(() => subject.tracker.receive(delivery)));
    return counts;
  }

  const tagged = (tag = `v${image}`) => regions.map((region) => deliveryOf('cost', image, region, { tag }));
  const untagged = () => tagged().map(({ name, fact }) => ({ name, fact: { ...fact, tag: undefined } }));
  const cost = (what: string) => number(row(what)[0]);

  test('costs what the page says, with a tag, and with another', async () => {
    image++;
    const further = cost('each further region, but the last');
    const last = cost('the last region: it is everywhere, and that is told');
    const first = cost('the first region reports an image with a tag');
    expect(await push(tagged())).toEqual([first, further, further, last]);

    const tagFurther = cost('each further region of that tag, but the last');
    const tagLast = cost('the last region of that tag');
    const tagFirst = cost('the first region reports another tag of the same image');
    expect(await push(tagged('another'))).toEqual([tagFirst, tagFurther, tagFurther, tagLast]);

    const [delivery] = tagged();
    if (delivery === undefined) throw new Error('no delivery');
    const timer = cost("the image's timer rings, half a minute later");
    expect(await requests(() => subject.tracker.wake(delivery.name))).toBe(timer);
    const repeat = () => requests(() => subject.tracker.receive(delivery));
    expect(await repeat()).toBe(cost('the same again, on an instance that knows the image'));

    const host = cost("the host fetches and deletes the timer's message");
    const perPush = first - 2 + last + timer + host;
    expect(text).toContain(`${first} + (R − 2) + ${last} + ${timer} + ${host} = **R + ${perPush}**`);
    expect(row('requests to tables and queues')).toEqual([`(R + ${perPush}) million`, `${4 + perPush} million`]);
    expect(row('storage account')[1]).toBe(`${4 + perPush} requests`);
    expect([further, tagFurther]).toEqual([1, 1]);
    expect(text).toContain(`each further tag R + ${tagFirst - 2 + tagLast} more`);
    const withoutTag = cost('the first region reports an image without a tag');
    expect(text).toContain(`an image without a tag R + ${perPush - first + withoutTag}`);
  });

  test('costs what the page says without a tag', async () => {
    image++;
    const [first, ...others] = await push(untagged());
    expect(first).toBe(cost('the first region reports an image without a tag'));
    expect(others).toEqual([1, 1, cost('the last region: it is everywhere, and that is told')]);
  });

  test('costs an instance that does not know the image one read', async () => {
    image++;
    const names = 'strangers';
    const known = openSubject(azurite.connectionString, regions, names);
    const [delivery] = tagged();
    if (delivery === undefined) throw new Error('no delivery');
    await requests(() => known.tracker.receive(delivery), known);
    const stranger = openSubject(azurite.connectionString, regions, names);
    const count = await requests(() => stranger.tracker.receive(delivery), stranger);
    expect(count).toBe(cost('the same again, on another instance'));
    await Promise.all([known.tracker.close(1_000), stranger.tracker.close(1_000)]);
  });

  test('writes as many rows into the lists, and tells as many events of that size', async () => {
    image++;
    // A transaction is put together from these, so each call is one row.
    const writes = (['upsertEntity', 'deleteEntity', 'updateEntity', 'createEntity'] as const).map((name) =>
      vi.spyOn(TableClient.prototype, name),
    );
    const told = subject.published.length;
    await push(tagged());
    const tables = writes.flatMap((spy) => spy.mock.contexts.map((client) => (client as TableClient).tableName));
    const rowsOf = (table: string) => tables.filter((name) => name.startsWith(table)).length;
    vi.restoreAllMocks();
    const listed = rowsOf('Index');
    expect(row("partition of a table: a registry's lists")[1]).toBe(
      `${listed} rows; ${listed + 2} after half a minute`,
    );
    expect(row("partition of a table: a registry's images")[1]).toBe(`${rowsOf('Images')} rows`);

    const events = subject.published.slice(told);
    expect(row('topic, by number')[1]).toBe(`${events.length} events`);
    expect(row('events published')).toEqual(['(R + 2) million', `${events.length} million`]);
    expect(events.length).toBe(regions.length + 2);
    const largest = Math.max(...events.map((event) => Buffer.byteLength(JSON.stringify(event))));
    expect(largest).toBeLessThan(2_500);
    expect(largest).toBeGreaterThan(2_000);
  });

  test('costs what the page says once more when it is forgotten', async () => {
    const names = 'forgotten';
    const known = openSubject(azurite.connectionString, regions, names);
    for (const delivery of tagged()) await requests(() => known.tracker.receive(delivery), known);
    await known.tracker.close(1_000);
    const counter = storageCounter();
    const open = (name: string) => {
      const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
      return table(counter.wrap(tableClient(account, `${name}${names}`)));
    };
    const index = open('Index');
    const indexRows = rowBatches(index);
    const ports = {
      store: tableImageStore(open('Images')),
      index: tableImageIndex(index, indexRows),
      tags: tableTagIndex(index, indexRows),
      clock: { ...systemClock, now: () => Date.now() + 91 * 86_400_000 },
      review: async () => undefined,
    };
    const { registries, replicaSet } = known.tracker;
    expect(await expireImages(ports, registries, 90 * 86_400_000, replicaSet)).toBe(1);
    await counter.quiet();
    const page = 1;
    const each = cost('an image with one tag is forgotten, `RETENTION_DAYS` later');
    expect(counter.total - page).toBe(each);
    expect(row('requests to forget them later')).toEqual([`${each} million`, `${each} million`]);
  });

  test('is read for those who wait as often as the page says: a tag once more for every digest', async () => {
    const [, perMinute] = /(\d+) reads a minute for each image/.exec(text) ?? [];
    expect(Number(perMinute)).toBe(60_000 / pollMs);

    const [region] = regions;
    const [registry] = subject.tracker.registries;
    if (region === undefined || registry === undefined) throw new Error('no region, no registry');
    const digests = 5;
    const moving = (n: number) => deliveryOf('moving', n, region, { repository: 'team/moving', tag: 'latest' });
    for (let n = 0; n < digests; n++) await subject.tracker.receive(moving(n));
    const { name, fact } = moving(0);
    const requirement = { regions, require: 'all', needed: regions.length } as const;
    const answer = (question: { tag?: typeof fact.tag; digest?: typeof name.digest }) =>
      requests(() =>
        subject.tracker.answer(
          { registry, repository: name.repository, tag: question.tag, digest: question.digest },
          requirement,
        ),
      );
    const moved = await requests(() => subject.tracker.receive(moving(digests)));
    const [, most] =
      /up to (\d+)/.exec(row('the first region reports that a tag has moved here from other digests')[0] ?? '') ?? [];
    expect(moved).toBe(Number(most));
    expect(await answer({ digest: name.digest })).toBe(1);
    expect(await answer({ tag: fact.tag })).toBe(1 + digests + 1);
    const [, kept] = /const mostCandidates = (\d+)/.exec(read('src/core/topics.ts')) ?? [];
    expect(text).toContain(`200 times 1 + the digests the tag has had, at most ${Number(kept) + 1}`);
  });
});

describe('what follows from the counts', () => {
  const takes = (limit: string) => Number.parseInt(row(limit)[1] ?? '', 10);

  // What Azure allows a second, and how much of it one of what a push takes is.
  test.each([
    ['topic, by size', 5_000_000, 2_500],
    ["partition of a table: a registry's images", 2_000, 1],
    ["partition of a table: a registry's lists", 2_000, 1],
    ['topic, by number', 5_000, 1],
    ['storage account', 20_000, 1],
    ['queue', 2_000, 1],
  ])('%s', (limit, rate, each) => {
    expect(number(row(limit).at(-1))).toBe(Math.floor((rate / (takes(limit) * each)) * 4));
  });

  test('for images that are waited for', () => {
    expect((6_000 * 200) / 60).toBe(20_000);
    expect((600 * 10 * 200) / 60).toBe(20_000);
    expect(text).toContain('6,000 of them on one instance each, or 600 on each of ten instances');
  });
});

describe('what is set elsewhere', () => {
  test('timers', () => {
    const nothing = {} as Tracker;
    const schedules = [
      refreshReplicasFunction(nothing),
      deliveryLogFunction({ run: async () => 0 }),
      webhookCareFunction({ run: async () => undefined } as Parameters<typeof webhookCareFunction>[0]),
      retentionFunction(nothing),
    ].map(({ schedule }) => parseSchedule(schedule));
    const midnight = new Date('2026-01-01T00:00:00Z').getTime();
    let executions = 0;
    for (const schedule of schedules) {
      for (let at = schedule.next(new Date(midnight - 1)); at.getTime() < midnight + 86_400_000; executions++) {
        at = schedule.next(at);
      }
    }
    expect(text).toContain(`${executions} executions a day`);
    expect(retentionFunction(nothing).schedule).toBe('0 17 3 * * *');
    expect(text).toContain('at 03:17 UTC');
  });

  test('the host', () => {
    const { queues } = JSON.parse(read('host.json')).extensions;
    expect(queues.maxPollingInterval).toBe('00:00:02');
    expect(text).toContain(`${(86_400 / 2).toLocaleString('en')} requests a day for each queue`);
    expect(read('src/functions/wakes.ts')).toContain('againAfterMs = 30_000');
    expect(text).toContain('set anew, every half minute');
    const triggers = read('src/main.ts').match(/app\.storageQueue\(/g);
    expect(triggers).toHaveLength(5);
  });

  test.each([
    ['src/core/retention.ts', /const longestMs = 240_000;/, 'for four minutes at most'],
    ['src/core/reviews.ts', /const mostPages = 100;[\s\S]*limit: 100 \}/, 'the newest 10,000'],
    ['src/main.ts', /cachedImages: 20_000/, 'remembers the 20,000 images'],
    ['src/core/prober.ts', /perSpan: 300, spanMs: 60_000/, '300 times a minute'],
    ['src/core/announce.ts', /const mostAnnouncements = 200/, 'up to 200 in all'],
    ['src/adapters/table-storage/tag-index.ts', /mostDigests = 150;\s+const keptDigests = 50/, 'the newest 50, once'],
    ['src/core/replay/replay.ts', /const keptMs = 7 \* 86_400_000/, '7 days, until the next replay'],
    ['src/core/checks/check.ts', /const keptMs = 2 \* 86_400_000/, '2 days after it was answered'],
    ['src/core/hearing.ts', /const betweenNotesMs = 10_000/, 'at most every 10 seconds'],
    ['src/core/replica-sets.ts', /const reloadMs = 30_000/, 'at most every 30 seconds'],
    ['src/functions/wait.ts', /const longestTimeoutSeconds = 200/, 'for at most 200 seconds'],
    ['src/adapters/queue-storage.ts', /const mostImagesPerMessage = 60/, 'shared by up to 60 images'],
    ['infra/main.bicep', /param httpConcurrency int = 500/, 'takes 500 requests at once'],
    ['infra/main.bicep', /param mostInstances int = 40/, 'up to 40 instances: 20,000 places'],
    ['infra/main.bicep', /param alwaysReadyInstances int = 2/, '**Always-ready instances**, 2 by default'],
  ])('%s %s', (file, source, words) => {
    expect(read(file)).toMatch(source);
    expect(text).toContain(words);
  });
});
