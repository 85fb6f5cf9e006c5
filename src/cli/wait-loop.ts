/**
 * Repeats a request to the tracker, at one of its addresses, until the requirement is met, can no longer be met, or the
 * time is up. The tracker holds each request and answers at once when it can. A single failed request means nothing
 * while there is time: trackers are restarted and networks fail during every long wait.
 */

import type { CliContext } from './cli-context.ts';
import type { Outcome } from './exit-codes.ts';
import type { Failure } from './failure.ts';
import { combineFailures } from './failure.ts';
import { interruptionOf } from './interruption.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields, Reply } from './tracker-reply.ts';

export interface WaitEnd<A> {
  readonly outcome: Outcome;
  /** The last answer, if any. */
  readonly answer: A | undefined;
  /** Why the last request failed. */
  readonly failure: Failure | undefined;
  readonly elapsedMs: number;
}

/** Shows progress during the wait. */
export interface Progress<A> {
  answered(answer: A, elapsedMs: number): void;
  /** Called once for each outage, when no address answers. */
  failed(failure: Failure, elapsedMs: number): void;
  /** Called when an address has failed and the next one has answered. */
  movedOn(failure: Failure, elapsedMs: number): void;
  finish(): void;
}

/**
 * How many milliseconds the tracker may hold the nth request: progress on screen gets no older. The first is best not
 * held.
 */
export type HoldPolicy = (asked: number) => number;

const outcomes: Record<number, Outcome> = { 200: 'satisfied', 409: 'superseded', 410: 'deleted' };
/**
 * Deleted or superseded ends the wait only after this long, or when the time is up: webhooks of a new push may be on
 * their way. The tracker applies the same limit to each request, but the end of a short request is not the end of the
 * wait.
 */
const finalAfterMs = 30_000;

/** Too short for another request. */
const instantMs = 200;
/** How much longer than the wait itself an answer may be under way. */
const roundTripMs = 10_000;
const minPauseMs = 500;
const maxPauseMs = 10_000;
const betweenAnswersMs = 1_000;
/** A push is reported within seconds, so after this long the name may be wrong. */
const suggestAfterMs = 30_000;

/** The request to repeat, and how its answers are read. */
export interface Waiting<A> {
  /** @param holdSeconds how long the tracker may hold it */
  ask(holdSeconds: number, limitMs: number): Promise<Reply>;
  /** @returns `undefined` when the document is not the tracker's */
  read(document: Fields): A | undefined;
  /** Whether an image is requested that no region has reported. */
  isUnknown(answer: A): boolean;
  /** Called once, if that is so after half a minute. */
  suggest(answer: A, elapsedMs: () => number): Promise<void>;
}

export async function waitFor<A>(
  waiting: Waiting<A>,
  timeoutMs: number,
  client: Pick<TrackerClient, 'addresses' | 'useNext'>,
  cliContext: Pick<CliContext, 'clock' | 'random' | 'signal'>,
  progress: Pick<Progress<A>, 'answered' | 'failed' | 'movedOn'>,
  holdPolicy: HoldPolicy,
): Promise<WaitEnd<A>> {
  const { clock, random, signal } = cliContext;
  const startedAt = clock.now();
  let answer: A | undefined;
  /** One from each address that failed since the last answer, or since the last outage of all of them. */
  let failed: Failure[] = [];
  /** The number of outages of all addresses in a row. */
  let outages = 0;
  let isSuggested = false;
  let over: { readonly outcome: Outcome; readonly since: number } | undefined;

  for (let asked = 0; ; asked++) {
    const askedAt = clock.now();
    const elapsedMs = () => clock.now() - startedAt;
    const isUnknown = answer !== undefined && waiting.isUnknown(answer) && !isSuggested;
    const maxHoldMs = Math.min(holdPolicy(asked), isUnknown ? Math.max(0, suggestAfterMs - elapsedMs()) : Infinity);
    // The remaining time is divided among the addresses that may still be tried.
    const remainingMs = (timeoutMs - elapsedMs()) / (client.addresses - failed.length);
    const { holdMs, limitMs } = divideTime(timeoutMs, remainingMs, maxHoldMs);
    const reply = readOutcome(await waiting.ask(Math.floor(holdMs) / 1_000, limitMs), waiting.read);
    const interruption = interruptionOf(signal);
    if (reply.answer !== undefined) answer = reply.answer;
    let { failure } = reply;
    const end = (outcome: Outcome) => ({ outcome, answer, failure, elapsedMs: elapsedMs() });
    if (interruption !== undefined) return end(interruption);
    if (failure === undefined) {
      const before = failed.at(-1);
      if (before !== undefined) progress.movedOn(before, elapsedMs());
      if (reply.answer !== undefined) progress.answered(reply.answer, elapsedMs());
      if (reply.outcome === 'satisfied') return end(reply.outcome);
      if (reply.outcome === undefined) over = undefined;
      else if (over?.outcome !== reply.outcome) over = { outcome: reply.outcome, since: clock.now() };
      if (over !== undefined && clock.now() - over.since >= finalAfterMs) return end(over.outcome);
      if (answer !== undefined && waiting.isUnknown(answer) && !isSuggested && elapsedMs() >= suggestAfterMs) {
        isSuggested = true;
        await waiting.suggest(answer, elapsedMs);
      }
      [failed, outages] = [[], 0];
    } else {
      // Another address would refuse the request as well.
      if (failure.outcome === 'badUsage') return end('badUsage');
      failed.push(failure);
      client.useNext();
      if (failed.length < client.addresses) continue;
      failure = combineFailures(failed);
      failed = [];
      outages++;
      const isOutage = failure.outcome === 'unreachable' || (failure.outcome === 'foreign' && answer !== undefined);
      if (!isOutage) return end(failure.outcome);
      if (outages === 1) progress.failed(failure, elapsedMs());
    }

    const pauseMs =
      outages === 0
        ? pauseBetween(clock.now() - askedAt, holdMs, reply.retryAfterMs ?? 0)
        : Math.max(pauseAfter(outages, random()), failure?.retryAfterMs ?? 0);
    await clock.sleep(Math.min(pauseMs, timeoutMs - elapsedMs()), signal);
    const interruptedMeanwhile = interruptionOf(signal);
    if (interruptedMeanwhile !== undefined) return end(interruptedMeanwhile);
    if (timeoutMs - elapsedMs() < instantMs)
      return end(over?.outcome ?? (answer === undefined ? 'unreachable' : 'timedOut'));
  }
}

/** The answer must arrive before the time is up, so the tracker may hold the request a little less long. */
function divideTime(timeoutMs: number, remainingMs: number, maxHoldMs: number) {
  // A timeout of zero still sends one request.
  if (timeoutMs === 0) return { holdMs: 0, limitMs: roundTripMs };
  const wayBackMs = Math.min(2_000, remainingMs / 4);
  const holdMs = Math.max(0, Math.min(maxHoldMs, remainingMs - wayBackMs));
  return { holdMs, limitMs: Math.max(1_000, Math.min(holdMs + roundTripMs, remainingMs)) };
}

interface Read<A> {
  readonly answer?: A;
  /** Present when the answer ends the wait. */
  readonly outcome?: Outcome | undefined;
  readonly failure?: Failure;
  readonly retryAfterMs?: number | undefined;
}

function readOutcome<A>(reply: Reply, read: Waiting<A>['read']): Read<A> {
  if (reply.ok) {
    const answer = read(reply.body);
    if (answer !== undefined) return { answer, outcome: outcomes[reply.status], retryAfterMs: reply.retryAfterMs };
    const message = 'what answers is not the tracker: its answer is no availability document';
    return { failure: { outcome: 'foreign', message, hint: 'See --url or ACR_REPLICATION_URL.' } };
  }
  return { failure: reply.failure };
}

/**
 * After a request that was held, the next follows at once; a tracker that answers early must not be asked in a tight
 * loop.
 */
function pauseBetween(heldMs: number, holdMs: number, retryAfterMs: number): number {
  const isEarly = heldMs < holdMs / 2;
  return Math.max(isEarly ? betweenAnswersMs : 0, retryAfterMs > betweenAnswersMs ? retryAfterMs : 0) - heldMs;
}

/**
 * Grows with each failure, with a random part, so that a tracker that restarts does not get the requests of all waits
 * at once.
 */
function pauseAfter(failures: number, random: number): number {
  return Math.min(maxPauseMs, minPauseMs * 2 ** (failures - 1)) * (0.5 + random / 2);
}
