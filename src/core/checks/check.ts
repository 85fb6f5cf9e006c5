/**
 * A deployment check: somebody's pipeline stands still until we call back with a verdict. The record is all that
 * survives a restart, and every step is a change of it, so that two instances never say two things.
 *
 * All times are milliseconds since 1970.
 */

/** Who asked, and so how the verdict is sent. */
export type CheckKind = 'azurePipelines' | 'github';

export interface Verdict {
  readonly result: 'succeeded' | 'failed';
  /** One line, for people. */
  readonly comment: string;
}

/** The question in the words of whoever asked: the replicas may change while it waits. */
export interface AskedText {
  readonly image: string;
  /** Comma-separated. */
  readonly regions: string | undefined;
  readonly require: string | undefined;
}

export interface CheckRequest extends AskedText {
  /** The same for the same request, however often it is sent. */
  readonly id: string;
  readonly kind: CheckKind;
  readonly timeoutMs: number;
  /** What the sender of the verdict needs, tokens included. Stored sealed. */
  readonly callback: string;
  /** Where the answer is known already: the request itself cannot be met. */
  readonly verdict?: Verdict;
}

/** How a finished check ended: the verdict was taken; nobody waited for it any more; or it could not be sent in time. */
export type CheckOutcome = 'taken' | 'dead' | 'givenUp';

export interface Check {
  readonly id: string;
  readonly kind: CheckKind;
  readonly image: string;
  readonly regions: string | null;
  readonly require: string | null;
  readonly acceptedAt: number;
  readonly deadlineAt: number;
  /** Sealed; `null` once finished. */
  readonly callback: string | null;
  /** Counts its timers: a message that rings with an older turn has been replaced, and is dropped. */
  readonly turn: number;
  /** Progress told so far: how many lines, and the last. */
  readonly told: { readonly count: number; readonly line: string | null };
  /** Once set it never changes. */
  readonly verdict: Verdict | null;
  /** How often the verdict was sent. */
  readonly attempts: number;
  /** Somebody is sending it until then. */
  readonly leasedUntil: number | null;
  readonly nextTryAt: number;
  /** Since when our credentials have been refused without a break. */
  readonly refusedSince: number | null;
  readonly finishedAt: number | null;
  readonly outcome: CheckOutcome | null;
}

/** Azure Pipelines' tokens live this long; nobody waits longer for us on the other side either. */
export const longestTimeoutSeconds = 48 * 3_600;
export const defaultTimeoutSeconds = 3_600;

/** The other side first has to hear that we have taken the check: an earlier verdict would be for nobody. */
const firstCallMs = 1_000;
const afterDeadlineMs = 86_400_000;
const tokenLifeMs = longestTimeoutSeconds * 1_000;
/** Credentials may be refused for a while by mistake, and be repaired. */
const patienceWithRefusalMs = 3_600_000;
/** Finished checks still answer a request that is sent again. */
const keptMs = 2 * 86_400_000;
/** One attempt: a few calls of ten seconds each. */
const leaseMs = 60_000;
const shortestRingMs = 30_000;
const longestRingMs = 120_000;
const shortestPauseMs = 1_000;
const longestPauseMs = 300_000;

export function newCheck(request: CheckRequest, sealed: string, now: number): Check {
  return {
    id: request.id,
    kind: request.kind,
    image: request.image,
    regions: request.regions ?? null,
    require: request.require ?? null,
    acceptedAt: now,
    deadlineAt: now + request.timeoutMs,
    callback: sealed,
    turn: 1,
    told: { count: 0, line: null },
    verdict: request.verdict ?? null,
    attempts: 0,
    leasedUntil: null,
    nextTryAt: now + firstCallMs,
    refusedSince: null,
    finishedAt: null,
    outcome: null,
  };
}

export function isFinished(check: Check): boolean {
  return check.finishedAt !== null;
}

/** When its row may go. */
export function isForgettable(check: Check, now: number): boolean {
  return check.finishedAt !== null && now >= check.finishedAt + keptMs;
}

/** When its durable timer should ring next. The instance that follows the check is faster, as long as it lives. */
export function nextRingAt(check: Check, now: number): number {
  if (check.finishedAt !== null) return check.finishedAt + keptMs;
  const regular = now + Math.min(longestRingMs, Math.max(shortestRingMs, (now - check.acceptedAt) / 10));
  if (check.verdict !== null) return Math.max(regular, check.nextTryAt);
  return Math.min(regular, Math.max(check.deadlineAt, now + shortestPauseMs));
}

/** Takes the sending for one instance, and with the first of it settles the verdict; `undefined`: not now. */
export function claimSending(check: Check, decided: Verdict | undefined, now: number): Check | undefined {
  const verdict = check.verdict ?? decided;
  const isHeld = check.leasedUntil !== null && check.leasedUntil > now;
  if (verdict === undefined || isFinished(check) || isHeld || check.nextTryAt > now) return undefined;
  return { ...check, verdict, attempts: check.attempts + 1, leasedUntil: now + leaseMs };
}

export function finish(check: Check, outcome: CheckOutcome, now: number): Check {
  return { ...check, callback: null, leasedUntil: null, finishedAt: now, outcome };
}

/**
 * After an attempt that failed: when to try again, or the end of trying.
 * @param random from 0 up to 1: many checks of one outage must not come back at the same moment
 */
export function retryLater(
  check: Check,
  failure: { readonly isRefusal: boolean; readonly retryAfterMs: number | undefined },
  now: number,
  random: number,
): Check {
  const refusedSince = failure.isRefusal ? (check.refusedSince ?? now) : null;
  if (refusedSince !== null && now - refusedSince >= patienceWithRefusalMs) return finish(check, 'dead', now);
  if (now >= giveUpAt(check)) return finish(check, 'givenUp', now);
  const doubled = Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.min(check.attempts - 1, 20));
  const pause = Math.max(doubled * (0.75 + random / 2), failure.retryAfterMs ?? 0);
  return { ...check, leasedUntil: null, nextTryAt: now + pause, refusedSince };
}

/** Azure Pipelines' token is dead by then; GitHub's is made anew each time, and a day is enough for any outage. */
function giveUpAt(check: Check): number {
  return check.kind === 'azurePipelines' ? check.acceptedAt + tokenLifeMs : check.deadlineAt + afterDeadlineMs;
}

/** Notes that this line is about to be told; `undefined` when it has been, or there is no room for more. */
export function claimTelling(check: Check, line: string, mostLines: number): Check | undefined {
  const { count, line: last } = check.told;
  if (check.verdict !== null || isFinished(check) || last === line || count >= mostLines) return undefined;
  return { ...check, told: { count: count + 1, line } };
}
