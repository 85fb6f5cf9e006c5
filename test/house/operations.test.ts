/**
 * The figures of the pages for those who run the tracker: what a push costs is counted in a real run, what follows from it is
 * worked out again, and what is set elsewhere is read there. A page that states yesterday's cost is worse than none.
 */
import { readFileSync } from 'node:fs';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Subject } from '../../bench/subject.ts';
import { openSubject } from '../../bench/subject.ts';
import { deliveryOf, regionsOf } from '../../bench/workload.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { sweepEveryMs } from '../../src/core/due-work/due-work.ts';
import { sweeper } from '../../src/core/due-work/sweeper.ts';
import { toEventTime } from '../../src/core/model/event-time.ts';
import type { Delivery } from '../../src/core/ports.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import { pace } from '../../src/core/tracker.ts';
import { auditWebhooksFunction } from '../../src/functions/triggers/audit-webhooks.ts';
import { recoverDeliveriesFunction } from '../../src/functions/triggers/recover-deliveries.ts';
import { refreshReplicasFunction } from '../../src/functions/triggers/refresh-replicas.ts';
import { retentionFunction } from '../../src/functions/triggers/retention.ts';
import { sweepFunction } from '../../src/functions/triggers/sweep.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { parseSchedule } from '../../src/local/host/ncrontab.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const pages = ['cost', 'limits', 'operations', 'rehearsal', 'replicas', 'architecture'].map((name) => [
  name,
  read(`docs/${name}.md`),
]);
const textsOfPages = new Map(pages.map(([name = '', text = '']) => [name, text.replaceAll(/\s+/g, ' ')]));
const page = pages.map(([, text]) => text).join('\n');
const text = [...textsOfPages.values()].join(' ');
/** Cells of the table row that begins so. */
const row = (first: string) =>
  page
    .split('\n')
    .find((line) => line.startsWith(`| ${first} |`))
    ?.split('|')
    .map((cell) => cell.trim())
    .slice(2, -1) ?? [];
/** The same of the last one. */
const lastRow = (first: string) =>
  page
    .split('\n')
    .findLast((line) => line.startsWith(`| ${first} |`))
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
    const further = cost('each further region reports it, except the last');
    const last = cost('the last region reports it, and the event is published');
    const first = cost('the first region reports an image with a tag');
    expect(await push(tagged())).toEqual([first, further, further, last]);

    const tagFurther = cost('each further region reports that tag, except the last');
    const tagLast = cost('the last region reports that tag, and the event is published');
    const tagFirst = cost('the first region reports another tag of the same image');
    expect(await push(tagged('another'))).toEqual([tagFirst, tagFurther, tagFurther, tagLast]);

    const [delivery] = tagged();
    if (delivery === undefined) throw new Error('no delivery');
    const due = { before: Number.MAX_SAFE_INTEGER, cursor: undefined, limit: 10 };
    expect((await subject.dueWork.due(due)).items).toEqual([]);
    const repeat = () => requests(() => subject.tracker.receive(delivery));
    expect(await repeat()).toBe(cost('a repeated report, on an instance that knows the image'));

    const perPush = first - 2 + last;
    expect(text).toContain(`${first} + (R − 2) + ${last} = **R + ${perPush}**`);
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
    expect(others).toEqual([1, 1, cost('the last region reports it, and the event is published')]);
  });

  test('costs what the page says while it is not everywhere', async () => {
    image++;
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const open = openSubject(azurite.connectionString, regions, 'open', undefined, clock);
    const [delivery] = tagged();
    if (delivery === undefined) throw new Error('no delivery');
    await requests(() => open.tracker.receive(delivery), open);
    const { dueWork, tracker } = open;
    let woken = 0;
    const sweeps = sweeper({
      dueWork,
      clock,
      log: { info: () => undefined, warn: () => undefined },
      async run(work, { scheduledFor }) {
        woken++;
        if (work.kind === 'image') await tracker.reconcile(work.name, scheduledFor, work.firstNoticedAt);
      },
    });
    const counts: number[] = [];
    for (let sweep = 0; sweep < 240; sweep++) {
      aheadMs += sweepEveryMs;
      const before = woken;
      const count = await requests(() => sweeps.sweep(), open);
      // Each looks once what is due, whatever there is.
      if (woken > before) counts.push(count - 1);
      else expect(count).toBe(1);
    }
    const looks = [
      cost('the image is reconciled after half a minute'),
      cost('the image is reconciled again, and called delayed'),
    ];
    expect(counts).toEqual(looks);
    await tracker.close(1_000);
  }, 120_000);

  test('costs an instance that does not know the image one read', async () => {
    image++;
    const names = 'strangers';
    const known = openSubject(azurite.connectionString, regions, names);
    const [delivery] = tagged();
    if (delivery === undefined) throw new Error('no delivery');
    await requests(() => known.tracker.receive(delivery), known);
    const stranger = openSubject(azurite.connectionString, regions, names);
    const count = await requests(() => stranger.tracker.receive(delivery), stranger);
    expect(count).toBe(cost('a repeated report, on an instance that does not know the image'));
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
    expect(row('partition of a table: due work')[1]).toBe(`${rowsOf('DueWork')} rows`);

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
    for (const { name, fact } of tagged()) {
      const { kind, ...push } = { ...fact, tag: undefined, eventTime: toEventTime(Date.parse(fact.eventTime) + 1_000) };
      await requests(
        () => known.tracker.receive({ name, fact: { ...push, kind: kind === 'push' ? 'delete' : kind } }),
        known,
      );
    }
    await known.tracker.close(1_000);
    const clock = { ...systemClock, now: () => Date.now() + 91 * 86_400_000 };
    const later = openSubject(azurite.connectionString, regions, names, 20_000, clock);
    const total = await requests(async () => expect(await later.tracker.expire()).toBe(1), later);
    const page = 1;
    const each = cost('an image with one tag that was deleted everywhere expires, `RETENTION_DAYS` later');
    expect(total - page).toBe(each);
    expect(row('requests to expire them after they were deleted')).toEqual([`${each} million`, `${each} million`]);
  });

  test('is read for those who wait as often as the page says: a tag once more for every digest', async () => {
    const [, perMinute] = /(\d+) reads a minute for each image/.exec(text) ?? [];
    expect(Number(perMinute)).toBe(60_000 / pace.maxPauseMs);
    expect(text).toContain(`in the first minute up to ${60_000 / pace.minPauseMs}`);

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
    const [, kept] = /const maxCandidates = (\d+)/.exec(read('src/core/store/read-tag.ts')) ?? [];
    expect(text).toContain(`1 + the digests the tag has had, at most ${Number(kept) + 1} in all`);
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
    ['partition of a table: due work', 2_000, 1],
  ])('%s', (limit, rate, each) => {
    expect(number(row(limit).at(-1))).toBe(Math.floor((rate / (takes(limit) * each)) * 4));
  });

  test('in money, for what is counted here', () => {
    const month = 730 * 3_600;
    const sweeps = month / (sweepEveryMs / 1_000);
    const price = (what: string) => number(row(what)[0]);
    const [requests] = /costs 4 \+ \(R − 2\) \+ 3 = \*\*R \+ (\d+)\*\*/.exec(text)?.slice(1) ?? [];
    const counting = Number(/if two instances take the webhooks: (\d+) in the sums/.exec(text)?.[1]);
    const cases = [
      { pushes: 10_000, waitingHours: 730 / 24, images: 1 },
      { pushes: 100_000, waitingHours: (730 / 24) * 8, images: 10 },
      { pushes: 1_000_000, waitingHours: 730, images: 50 },
    ];
    const perWaiter = (60_000 / pace.maxPauseMs) * 60;
    const perCase = (cost: (one: (typeof cases)[number]) => number) => cases.map((one) => cost(one).toFixed(2));
    expect(row('due work').slice(1)).toEqual(perCase(() => sweeps * 2 * price('another instance, while it executes')));
    expect(lastRow('executions').slice(1)).toEqual(
      perCase(({ pushes }) => ((4 * pushes + sweeps) / 1e6) * price('executions')),
    );
    expect(row('storage').slice(1)).toEqual(
      perCase(
        ({ pushes, waitingHours, images }) =>
          (((4 + Number(requests) + counting) * pushes + waitingHours * images * perWaiter + sweeps) / 1e6) *
          price('requests to tables'),
      ),
    );
    const lines = page.slice(page.indexOf('| instances always ready |'), page.indexOf('| **together**'));
    const sums = lines
      .trim()
      .split('\n')
      .map((line) => line.split('|').slice(3, 6).map(number));
    const together = [0, 1, 2].map((i) => `**${sums.reduce((sum, cells) => sum + (cells[i] ?? 0), 0).toFixed(2)}**`);
    expect(row('**together**').slice(1)).toEqual(together);
  });

  test('for images that are waited for', () => {
    expect((2_000 * 60) / 60).toBe(2_000);
    expect((200 * 10 * 60) / 60).toBe(2_000);
    expect(text).toContain('2,000 images on one instance, or 200 images on each of ten');
  });
});

describe('what is set elsewhere', () => {
  test('timers', () => {
    const nothing = {} as Tracker;
    const schedules = [
      refreshReplicasFunction(nothing),
      recoverDeliveriesFunction({ run: async () => 0 }),
      auditWebhooksFunction({ run: async () => undefined } as Parameters<typeof auditWebhooksFunction>[0]),
      retentionFunction(nothing, { expire: async () => 0 }),
      sweepFunction({ sweep: async () => undefined }),
    ].map(({ schedule }) => parseSchedule(schedule));
    const midnight = new Date('2026-01-01T00:00:00Z').getTime();
    let executions = 0;
    for (const schedule of schedules) {
      for (let at = schedule.next(new Date(midnight - 1)); at.getTime() < midnight + 86_400_000; executions++) {
        at = schedule.next(at);
      }
    }
    expect(text).toContain(`${executions.toLocaleString('en')} executions a day`);
    expect(text).toContain(`so ${(86_400_000 / sweepEveryMs).toLocaleString('en')} a day`);
    expect(retentionFunction(nothing, { expire: async () => 0 }).schedule).toBe('0 17 3 * * *');
    expect(text).toContain('at 03:17 UTC');
  });

  test('the host', () => {
    const { queues } = JSON.parse(read('host.json')).extensions;
    expect(queues.maxPollingInterval).toBe('00:00:02');
    expect(text).toContain(`${(86_400 / 2).toLocaleString('en')} requests a day for each queue`);
    const triggers = read('src/main.ts').match(/app\.storageQueue\(/g);
    expect(text).toContain(`each of ${triggers?.length} queues`);
  });

  test.each([
    [
      'replicas',
      'src/core/reconcile/reconcile-open.ts',
      /const maxPages = 100;[\s\S]*limit: 100 \}/,
      'the newest 10,000',
    ],
    ['architecture', 'src/compose/compose.ts', /cachedImages: 20_000/, 'remembers the 20,000 images'],
    ['operations', 'src/core/replicas/prober.ts', /perSpan: 300, spanMs: 60_000/, '300 times a minute'],
    ['operations', 'src/core/image/announcements.ts', /const maxAnnouncements = 200/, 'up to 200 in all'],
    [
      'operations',
      'src/core/replay/replay.ts',
      /const keptMs = 7 \* 86_400_000/,
      'at least 7 days; a later replay deletes older ones',
    ],
    ['operations', 'src/core/checks/check.ts', /const keptMs = 2 \* 86_400_000/, '2 days after it was answered'],
    ['cost', 'src/core/ingest/webhook-heartbeat.ts', /const betweenNotesMs = 10_000/, 'at most every 10 seconds'],
    ['cost', 'src/core/replicas/replica-set-cache.ts', /const reloadMs = 30_000/, 'at most every 30 seconds'],
    ['cost', 'src/core/replicas/refresh-pace.ts', /const pauseMs = 30_000/, 'not expected | every 30 seconds at most'],
    [
      'cost',
      'src/core/replicas/refresh-pace.ts',
      /const firstPauseMs = 10_000/,
      'pauses of 10, 20 and then 30 seconds',
    ],
    ['cost', 'src/core/replicas/refresh-pace.ts', /const maxRetryAfterMs = 120_000/, 'up to 2 minutes'],
    ['limits', 'src/functions/api/wait.ts', /const maxTimeoutSeconds = 200/, 'for at most 200 seconds'],
    ['rehearsal', 'src/core/due-work/sweeper.ts', /const minPauseMs = 30_000/, 'is done within half a minute of that'],
    ['architecture', 'src/core/due-work/sweeper.ts', /const maxAtOnce = 32/, '32 at a time'],
    ['limits', 'infra/main.bicep', /param httpConcurrency int = 500/, "one of the instance's 500 concurrent requests"],
    ['limits', 'infra/main.bicep', /param httpConcurrency int = 500/, 'keep one ready for each 500'],
    ['limits', 'src/compose/compose.ts', /recordWithinMs: 1_500/, 'have not taken it after 1.5 seconds'],
    [
      'limits',
      'src/core/ingest/ingest.ts',
      /recordWithinMs \/ 3[\s\S]*waitingForTables \* processingMs/,
      'become 1 ms shorter, but never shorter than 0.5 seconds',
    ],
    ['limits', 'infra/main.bicep', /param maxInstances int = 40/, 'Up to 40 instances take 20,000 requests'],
    ['cost', 'infra/main.bicep', /param alwaysReadyInstances int = 2/, '**Always-ready instances**, 2 by default'],
  ])('%s: %s %s', (name, file, source, words) => {
    expect(read(file)).toMatch(source);
    expect(textsOfPages.get(name)).toContain(words);
  });
});
