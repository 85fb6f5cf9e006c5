/**
 * Alternatives to the tracker, on the same simulated registry with the same lags: asking every replica in a loop, or a
 * simple tracker. Time is virtual, so delays and requests are exact and the same on every machine; lost updates come
 * from overlapping storage requests.
 */
import type { Verdict } from './alternatives/judge.ts';
import { judge } from './alternatives/judge.ts';
import { oneRow, rowPerDelivery } from './alternatives/simple-trackers.ts';
import type { Run, Scenario } from './alternatives/stage.ts';
import { runStage } from './alternatives/stage.ts';
import type { Open } from './alternatives/ways.ts';
import { loop, ours, simple } from './alternatives/ways.ts';
import type { BenchOptions } from './options.ts';
import type { Section } from './section.ts';
import { regionsOf } from './workload.ts';

interface Compared {
  readonly what: string;
  readonly open: Open;
  readonly by: 'published' | 'waits';
  readonly eventIds?: 'shared' | 'per-region';
}

const many = 10;
const base = { seed: 20_260_601, regions: regionsOf(4), lagSeconds: 20, lagSpread: 0.8, secondTags: 0.3 };
const faults = { loss: 0.01, repeat: 0.2, reorder: 0.1 };

const compared: readonly Compared[] = [
  { what: 'each replica asked every 10 s', open: loop(10), by: 'waits' },
  { what: 'each replica asked every 30 s', open: loop(30), by: 'waits' },
  { what: 'one row, read, changed, written', open: simple(oneRow), by: 'published' },
  { what: 'a row per delivery id; ids the same in every region', open: simple(rowPerDelivery), by: 'published' },
  {
    what: 'a row per delivery id; ids differ by region',
    open: simple(rowPerDelivery),
    by: 'published',
    eventIds: 'per-region',
  },
  { what: 'tracker, 4 instances: event at the topic', open: ours(4, false), by: 'published' },
  { what: 'tracker, 4 instances: `GET /api/wait`', open: ours(4, true), by: 'waits' },
  { what: 'tracker, one instance: `GET /api/wait`', open: ours(1, true), by: 'waits' },
];

export async function measureAlternatives({ quick, say }: BenchOptions): Promise<Section> {
  const scenario: Scenario = { ...base, faults, images: quick ? 50 : 400 };
  const results: Result[] = [];
  for (const { what, open, by, eventIds } of compared) {
    const one = await runStage(scenario, 1, open, eventIds);
    const ten = by === 'published' ? one : await runStage(scenario, many, open, eventIds);
    const result = { what, one, ten, verdict: judge(ten, by) };
    say(`${what}: ${JSON.stringify(result.verdict)}`);
    results.push(result);
    const { early, twice, never } = result.verdict;
    if (what.startsWith('tracker') && early + twice + never > 0) {
      throw new Error(`${what}: ${early} images reported early, ${twice} twice, ${never} never`);
    }
  }
  const [first] = results;
  if (first === undefined) throw new Error('nothing was compared');
  const note = [
    `${scenario.images} images, ${base.regions.length} regions, a median lag of ${base.lagSeconds} s;`,
    `of the webhook events ${faults.loss * 100} % are lost, ${faults.repeat * 100} % repeated, ${faults.reorder * 100} % held back.`,
    `Virtual time, requests per image, with one pipeline waiting for it and with ${many}.`,
  ].join(' ');
  return { title: 'Alternatives.', note, rows: results.map((result) => toRow(result, first)) };
}

interface Result {
  readonly what: string;
  readonly one: Run;
  readonly ten: Run;
  readonly verdict: Verdict;
}

function toRow({ what, one, ten, verdict }: Result, first: Result): Section['rows'][number] {
  const { images } = verdict;
  const known = Number.isFinite(verdict.p50);
  return {
    way: what,
    [`registry requests × the first, ${many} waiting`]: ten.registryRequests / first.ten.registryRequests,
    'faster than the first, ×': known ? first.verdict.p50 / verdict.p50 : '–',
    'reported after, median s': known ? verdict.p50 : '–',
    'p99 s': known ? verdict.p99 : '–',
    'p99 s, nothing lost': known ? verdict.p99NothingLost : '–',
    'reported early': verdict.early,
    'reported twice': verdict.twice,
    'never reported': verdict.never,
    'of those, nothing lost': verdict.neverThoughNothingLost,
    'registry requests': `${perImage(one.registryRequests, images)} / ${perImage(ten.registryRequests, images)}`,
    'storage requests': `${perImage(one.storageRequests, images)} / ${perImage(ten.storageRequests, images)}`,
  };
}

function perImage(requests: number, images: number): string {
  const each = requests / images;
  return each >= 100 ? each.toFixed(0) : each.toFixed(1);
}
