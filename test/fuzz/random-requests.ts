/** Fires requests at the app, several at a time, checks every answer, and keeps the tally of each route. */
import type { Rules } from './check-answer.ts';
import { checkExchange } from './check-answer.ts';
import type { Deliveries } from './deliveries.ts';
import type { Operation } from './description.ts';
import type { RawRequest } from './draft.ts';
import type { Exchange } from './exchange.ts';
import { exchange } from './exchange.ts';
import type { Grammar } from './requests.ts';
import { requestFrom, requestsTo } from './requests.ts';
import { show } from './show.ts';

export interface Tally {
  requests: number;
  /** By status; `left` and `none` where there was no answer. */
  readonly statuses: Map<string, number>;
  slowestMs: number;
  violations: number;
}

export interface Violation {
  readonly route: string;
  /** With `--only` and this seed the same request comes first. */
  readonly seed: number;
  readonly note: string;
  readonly found: readonly string[];
  /** The exact bytes, secrets replaced. */
  readonly request: string;
  readonly answer: string;
}

export interface RandomRequestsOptions {
  readonly port: number;
  readonly operations: readonly Operation[];
  readonly grammar: Grammar;
  readonly rules: Rules;
  readonly deliveries: Deliveries;
  readonly seed: number;
  readonly requests: number;
  readonly minutes?: number | undefined;
  readonly atOnce?: number;
  readonly say?: ((line: string) => void) | undefined;
}

export interface RandomRequestsResult {
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly violations: readonly Violation[];
  readonly requests: number;
  readonly seconds: number;
  /** Answered late, or with 503, and correctly when repeated: the machine or the storage was busy. */
  readonly busy: number;
}

/** What a busy machine does to a tracker without fault: its storage does not answer in time. */
const busySigns = /^answered (503|after \d+ ms)$/;
/** Before it is repeated: what keeps the machine busy may take a while. */
const pausesMs = [500, 2_000, 8_000];
/** More would show the same again. */
const maxShown = 50;

export async function sendRandomRequests(options: RandomRequestsOptions): Promise<RandomRequestsResult> {
  const { port, operations, grammar, rules, deliveries, seed, requests, minutes, atOnce = 12, say } = options;
  const startedAt = performance.now();
  const endsAt = minutes === undefined ? Number.POSITIVE_INFINITY : startedAt + minutes * 60_000;
  const made = operations.map((operation) => ({ operation, arbitrary: requestsTo(operation, grammar) }));
  const tallies = new Map<string, Tally>();
  const violations: Violation[] = [];
  let next = 0;
  let busy = 0;

  /** A fault of the app appears again when the request is repeated; a busy moment does not. */
  async function checkTwice(operation: Operation, request: RawRequest, first: Exchange): Promise<string[]> {
    let found = checkExchange(operation, request, first, rules);
    for (const ms of pausesMs) {
      if (found.length === 0 || !found.every((one) => busySigns.test(one))) return found;
      await new Promise((resolve) => setTimeout(resolve, ms));
      const answered = await exchange(port, request);
      deliveries.note(request, answered);
      found = checkExchange(operation, request, answered, rules);
      if (found.length === 0) busy++;
    }
    return found;
  }

  async function sendAll(): Promise<void> {
    while (next < requests && performance.now() < endsAt) {
      const index = next++;
      const chosen = made[index % made.length];
      if (chosen === undefined) throw new Error('there is no route to call');
      const own = (seed + index) | 0;
      const request = requestFrom(chosen.arbitrary, own);
      const answered = await exchange(port, request);
      deliveries.note(request, answered);
      const found = await checkTwice(chosen.operation, request, answered);
      count(tallies, request, answered, found.length);
      if (found.length > 0 && violations.length < maxShown) {
        violations.push(violationOf(request, answered, own, found));
        say?.(`VIOLATION ${request.route} (${request.note}) seed ${own}: ${found.join('; ')}`);
      }
      if (next % 5_000 === 0) say?.(`${next} requests, ${violations.length} violations`);
    }
  }

  function violationOf(
    { route, note, bytes }: RawRequest,
    answered: Exchange,
    own: number,
    found: string[],
  ): Violation {
    const answer = show(answered.bytes.subarray(0, 2_000), rules.secrets);
    return { route, note, seed: own, found, request: show(bytes, rules.secrets), answer };
  }

  await Promise.all(Array.from({ length: atOnce }, sendAll));
  return { tallies, violations, busy, requests: next, seconds: (performance.now() - startedAt) / 1_000 };
}

function count(
  tallies: Map<string, Tally>,
  { route }: RawRequest,
  { answers, ms, isLeft }: Exchange,
  found: number,
): void {
  const tally = tallies.get(route) ?? { requests: 0, statuses: new Map(), slowestMs: 0, violations: 0 };
  tallies.set(route, tally);
  tally.requests++;
  tally.violations += Number(found > 0);
  if (!isLeft) tally.slowestMs = Math.max(tally.slowestMs, ms);
  const kinds = answers.length > 0 ? answers.map(({ status }) => String(status)) : [isLeft ? 'left' : 'none'];
  for (const kind of new Set(kinds)) tally.statuses.set(kind, (tally.statuses.get(kind) ?? 0) + 1);
}
