/**
 * One whole run: starts the app, reports what must stay true, sends the requests in three parts, and checks the app
 * afterwards.
 */
import { withinMs } from './check-answer.ts';
import { conformance } from './conformance.ts';
import { watchDeliveries } from './deliveries.ts';
import { readDescription } from './description.ts';
import { hostOperations } from './host-operations.ts';
import type { Memory } from './inspector.ts';
import type { FuzzOptions } from './options.ts';
import type { Tally, Violation } from './random-requests.ts';
import { sendRandomRequests } from './random-requests.ts';
import type { Grammar } from './requests.ts';
import type { ResourceResult } from './resources/resource-test.ts';
import { runResources } from './resources/run-resources.ts';
import type { Subject } from './subject.ts';
import { startSubject } from './subject.ts';
import { checkKnown, checkWork, reportTruth } from './truth.ts';
import { vocabulary } from './words.ts';

export interface FuzzResult {
  readonly seed: number;
  readonly requests: number;
  readonly seconds: number;
  readonly routes: Readonly<Record<string, Tally>>;
  readonly violations: readonly Violation[];
  /** What was wrong after all requests. */
  readonly afterwards: readonly string[];
  readonly log: readonly string[];
  /** As text. */
  readonly memory: string;
  readonly resources: readonly ResourceResult[];
}

export interface RunInput extends Omit<FuzzOptions, 'format'> {
  readonly say?: (line: string) => void;
}

const parts = 3;
/** Of the second part to the third; what is warm by then stays warm. */
const maxGrowthBytes = 6_000_000;

export async function runFuzz(input: RunInput): Promise<FuzzResult> {
  const subject = await startSubject();
  try {
    // First, since the random requests leave waiters whose time is not over.
    const resources = await runResources(subject, input.resources, input.say);
    return { ...(await fuzz(subject, input)), resources };
  } finally {
    await subject.stop();
  }
}

async function fuzz(
  subject: Subject,
  { seed, requests, minutes, only, say }: RunInput,
): Promise<Omit<FuzzResult, 'resources'>> {
  const description = await readDescription(subject.url);
  const weighted = description.operations.flatMap((one) =>
    one.authentication === 'webhookSecret' ? [one, one, one] : [one],
  );
  const operations = [...weighted, ...hostOperations].filter(({ route }) => route.includes(only ?? ''));
  if (operations.length === 0) throw new Error(`--only: no route contains "${only}"`);
  const words = vocabulary(subject.callbackOrigin);
  const grammar: Grammar = { schemas: description.schemas, testSecrets: subject.testSecrets, words };
  const { secrets, places, port } = subject;
  const rules = { secrets, places, withinMs, conforms: conformance(description) };
  const deliveries = watchDeliveries();
  const truth = await reportTruth(subject);

  const size = Math.ceil(requests / parts);
  const heaps: Memory[] = [];
  const results = [];
  for (let part = 0; part < parts && part * size < requests; part++) {
    const some = Math.min(size, requests - part * size);
    const time = minutes === undefined ? undefined : minutes / parts;
    results.push(
      await sendRandomRequests({
        ...{ port, operations, grammar, rules, deliveries, say },
        seed: seed + part * size,
        requests: some,
        minutes: time,
      }),
    );
    heaps.push(await measureQuiet(subject));
  }
  const sent = results.reduce((sum, one) => sum + one.requests, 0);
  const busy = results.reduce((sum, one) => sum + one.busy, 0);
  const growth = sent >= 3_000 ? growthOf(heaps) : [];
  const afterwards = [
    ...growth,
    ...checkBusy(busy, sent),
    ...(await truth.compare()),
    ...(await checkKnown(subject, deliveries)),
    ...(await checkWork(subject, 1)),
  ];
  return {
    ...{ seed, requests: sent, afterwards },
    seconds: results.reduce((sum, one) => sum + one.seconds, 0),
    routes: Object.fromEntries(sumTallies(results.flatMap(({ tallies }) => [...tallies]))),
    violations: results.flatMap(({ violations }) => violations),
    log: [...subject.log.found].map(([what, times]) => `${what} (${times} times)`),
    memory: `heap after each third, collected: ${heaps.map(({ heapBytes }) => `${(heapBytes / 1e6).toFixed(1)} MB`).join(', ')}; ${subject.log.lines} lines of log, ${deliveries.acknowledged.length} kinds of deliveries acknowledged, ${busy} requests answered late or with 503 and well when asked again`,
  };
}

/** A few in a hundred may come at a busy moment; more are a fault of the tracker. */
export function checkBusy(busy: number, requests: number): string[] {
  return busy > 3 + requests / 50 ? [`${busy} of ${requests} requests were answered late or with 503`] : [];
}

/** After the connections and waiters of the requests have had time to end. */
async function measureQuiet(subject: Subject): Promise<Memory> {
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  return subject.inspector.measure();
}

/** @param heaps after each third */
export function growthOf(heaps: readonly Pick<Memory, 'heapBytes' | 'externalBytes'>[]): string[] {
  const [, second, third] = heaps.map(({ heapBytes, externalBytes }) => heapBytes + externalBytes);
  const grown = (third ?? 0) - (second ?? 0);
  return grown > maxGrowthBytes ? [`memory grows: ${grown} bytes from the second third to the last`] : [];
}

function sumTallies(all: readonly (readonly [string, Tally])[]): Map<string, Tally> {
  const sums = new Map<string, Tally>();
  for (const [route, { requests, statuses, slowestMs, violations }] of all) {
    const sum = sums.get(route) ?? { requests: 0, statuses: new Map<string, number>(), slowestMs: 0, violations: 0 };
    for (const [status, times] of statuses) sum.statuses.set(status, (sum.statuses.get(status) ?? 0) + times);
    sums.set(route, {
      statuses: sum.statuses,
      requests: sum.requests + requests,
      slowestMs: Math.max(sum.slowestMs, slowestMs),
      violations: sum.violations + violations,
    });
  }
  return sums;
}
