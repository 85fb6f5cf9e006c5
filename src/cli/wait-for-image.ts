/**
 * Keeps asking the tracker until the image is where it must be, can no longer come there, or the time is up. The tracker
 * holds each question and answers at once when it can; that a single question fails means nothing while there is time:
 * trackers are restarted and networks break in the middle of every long wait.
 */
import type { Answer } from './document.ts';
import { readAnswer } from './document.ts';
import type { Outcome } from './exit-codes.ts';
import type { Failure } from './failure.ts';
import { interruptionOf } from './interruption.ts';
import type { Surroundings } from './surroundings.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Reply } from './tracker-reply.ts';
import type { WaitRequest } from './wait-request.ts';

export interface WaitEnd {
  readonly outcome: Outcome;
  /** The last one there was. */
  readonly answer: Answer | undefined;
  /** Why the last question was not answered. */
  readonly failure: Failure | undefined;
  readonly elapsedMs: number;
}

/** Told what happens while it happens. */
export interface Progress {
  answered(answer: Answer, elapsedMs: number): void;
  /** Once for each time that the tracker stops answering. */
  troubled(failure: Failure, elapsedMs: number): void;
  finish(): void;
}

/** How long the tracker may hold the nth question: how old what is shown may grow. The first is best not held at all. */
export type Patience = (asked: number) => number;

const outcomes: Record<number, Outcome> = { 200: 'satisfied', 409: 'superseded', 410: 'deleted' };

/** Too short to ask once more. */
const instantMs = 200;
/** What an answer may take beyond the time it was held. */
const roundTripMs = 10_000;
const shortestPauseMs = 500;
const longestPauseMs = 10_000;
const betweenAnswersMs = 1_000;

export async function waitForImage(
  request: WaitRequest,
  client: TrackerClient,
  surroundings: Pick<Surroundings, 'clock' | 'random' | 'signal'>,
  progress: Progress,
  patience: Patience,
): Promise<WaitEnd> {
  const { clock, random, signal } = surroundings;
  const { timeoutMs, image, regions, require } = request;
  const startedAt = clock.now();
  let answer: Answer | undefined;
  let failures = 0;

  for (let asked = 0; ; asked++) {
    const askedAt = clock.now();
    const elapsedMs = () => clock.now() - startedAt;
    const { holdMs, limitMs } = divideTime(timeoutMs, timeoutMs - elapsedMs(), patience(asked));
    const query = { image, regions, require, timeout: String(Math.floor(holdMs) / 1_000) };
    const reply = readOutcome(await client.get('api/wait', query, limitMs));
    const interruption = interruptionOf(signal);
    if (reply.answer !== undefined) answer = reply.answer;
    const end = (outcome: Outcome) => ({ outcome, answer, failure: reply.failure, elapsedMs: elapsedMs() });
    if (interruption !== undefined) return end(interruption);
    if (reply.answer !== undefined) progress.answered(reply.answer, elapsedMs());
    if (reply.outcome !== undefined && !(reply.outcome === 'foreign' && answer !== undefined))
      return end(reply.outcome);

    failures = reply.failure === undefined ? 0 : failures + 1;
    if (reply.failure !== undefined && failures === 1) progress.troubled(reply.failure, elapsedMs());
    const pauseMs =
      failures === 0
        ? pauseBetween(clock.now() - askedAt, holdMs, reply.retryAfterMs ?? 0)
        : Math.max(pauseAfter(failures, random()), reply.retryAfterMs ?? 0);
    await clock.sleep(Math.min(pauseMs, timeoutMs - elapsedMs()), signal);
    const interruptedMeanwhile = interruptionOf(signal);
    if (interruptedMeanwhile !== undefined) return end(interruptedMeanwhile);
    if (timeoutMs - elapsedMs() < instantMs) return end(answer === undefined ? 'unreachable' : 'timedOut');
  }
}

/** The answer must be back before the time is up, so the tracker is given a little less than what is left. */
function divideTime(timeoutMs: number, remainingMs: number, patienceMs: number) {
  // No time to wait at all still means one question.
  if (timeoutMs === 0) return { holdMs: 0, limitMs: roundTripMs };
  const wayBackMs = Math.min(2_000, remainingMs / 4);
  const holdMs = Math.max(0, Math.min(patienceMs, remainingMs - wayBackMs));
  return { holdMs, limitMs: Math.max(1_000, Math.min(holdMs + roundTripMs, remainingMs)) };
}

interface Read {
  readonly answer?: Answer;
  /** Present when this ends the wait. */
  readonly outcome?: Outcome | undefined;
  readonly failure?: Failure;
  readonly retryAfterMs?: number | undefined;
}

function readOutcome(reply: Reply): Read {
  if (reply.ok) {
    const answer = readAnswer(reply.body);
    if (answer !== undefined) return { answer, outcome: outcomes[reply.status], retryAfterMs: reply.retryAfterMs };
    const message = 'what answers is not the tracker: its answer is no availability document';
    return { outcome: 'foreign', failure: { outcome: 'foreign', message, hint: 'See --url or ACR_REPLICATION_URL.' } };
  }
  const { failure } = reply;
  return failure.outcome === 'unreachable'
    ? { failure, retryAfterMs: failure.retryAfterMs }
    : { failure, outcome: failure.outcome };
}

/** A tracker that has held the question is asked again at once; one that answers early must not be asked in a circle. */
function pauseBetween(heldMs: number, holdMs: number, retryAfterMs: number): number {
  const isEarly = heldMs < holdMs / 2;
  return Math.max(isEarly ? betweenAnswersMs : 0, retryAfterMs > betweenAnswersMs ? retryAfterMs : 0) - heldMs;
}

/** Grows, and differs from waiter to waiter, so that a tracker that comes back is not met by all of them at once. */
function pauseAfter(failures: number, random: number): number {
  return Math.min(longestPauseMs, shortestPauseMs * 2 ** (failures - 1)) * (0.5 + random / 2);
}
