/**
 * A deployment check: somebody's pipeline stands still until we call back with a verdict. The record is all that
 * survives a restart, and every step is a change of it, so that two instances never say two things.
 *
 * All times are milliseconds since 1970.
 */
import { backoff } from '../runtime/backoff.ts';

/** Who asked, and so how the verdict is sent. */
export type CheckKind = 'azurePipelines' | 'github';

export interface Verdict {
  readonly result: 'succeeded' | 'failed';
  /** One line, for people. */
  readonly comment: string;
}

/** The question in the words of whoever asked: the replicas may change while it waits. */
export interface AskedText {
  /** At least one, where nothing is wrong with the request and there is no release; each is required. */
  readonly images: readonly string[];
  /** A release by name, instead of images: it has a requirement of its own, and may be made later than the check. */
  readonly release?: string | undefined;
  /** Comma-separated. */
  readonly regions: string | undefined;
  readonly require: string | undefined;
  /** Comma-separated; not there where nothing must be attached. */
  readonly artifacts?: string | undefined;
  /** Comma-separated; not there where all platforms of an index are waited for. */
  readonly platforms?: string | undefined;
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

/** How a finished check ended: the verdict was taken; nobody waited for it any more; or nobody took it in time, or ever would. */
export type CheckOutcome = 'taken' | 'dead' | 'givenUp';

export interface Check {
  readonly id: string;
  readonly kind: CheckKind;
  /** Absent in checks stored before there could be several. */
  readonly images?: readonly string[];
  /** Of such a check, its only one. */
  readonly image?: string;
  readonly release?: string;
  readonly regions: string | null;
  readonly require: string | null;
  readonly artifacts?: string;
  readonly platforms?: string;
  readonly acceptedAt: number;
  readonly deadlineAt: number;
  /** Sealed; `null` once finished. */
  readonly callback: string | null;
  /** Counts its timers: a row of due work with an older turn has been replaced, and its ring is dropped. */
  readonly turn: number;
  /** Progress told so far: how many lines, and the last. */
  readonly told: { readonly count: number; readonly line: string | null };
  /** Once set it never changes. */
  readonly verdict: Verdict | null;
  /** Whether the verdict's comment was taken as a last line; absent where it was not. */
  readonly isLastLineTaken?: boolean;
  /** How often the verdict was sent. */
  readonly attempts: number;
  /** Somebody is sending it until then. */
  readonly leasedUntil: number | null;
  readonly nextTryAt: number;
  /** Since when our credentials have been refused without a break. */
  readonly refusedSince: number | null;
  /** Since when nobody has waited for it yet, without a break; absent in checks stored before there was such an answer. */
  readonly notYetSince?: number | null;
  readonly finishedAt: number | null;
  readonly outcome: CheckOutcome | null;
  /** Why the last attempt that failed did, one line for people; absent where none has. */
  readonly lastError?: string;
}

/** Azure Pipelines' tokens live this long; nobody waits longer for us on the other side either. */
export const maxTimeoutSeconds = 48 * 3_600;
export const defaultTimeoutSeconds = 3_600;

/** The other side first has to hear that we have taken the check: an earlier verdict would be for nobody. */
const firstCallMs = 1_000;
const afterDeadlineMs = 86_400_000;
const tokenLifeMs = maxTimeoutSeconds * 1_000;
/** Credentials may be refused for a while by mistake, and be repaired. */
const patienceWithRefusalMs = 3_600_000;
/** The other side may begin to wait some minutes after it has asked; whoever does not by then, never will. */
const patienceWithNotYetMs = 600_000;
/** Finished checks still answer a request that is sent again. */
const keptMs = 2 * 86_400_000;
/** One attempt: a few calls of ten seconds each. */
const leaseMs = 60_000;
const minRingMs = 30_000;
const maxRingMs = 120_000;
const minPauseMs = 1_000;
const maxPauseMs = 300_000;

export function newCheck(request: CheckRequest, sealed: string, now: number): Check {
  return {
    id: request.id,
    kind: request.kind,
    images: request.images,
    ...(request.release === undefined ? {} : { release: request.release }),
    regions: request.regions ?? null,
    require: request.require ?? null,
    ...(request.artifacts === undefined ? {} : { artifacts: request.artifacts }),
    ...(request.platforms === undefined ? {} : { platforms: request.platforms }),
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
    notYetSince: null,
    finishedAt: null,
    outcome: null,
  };
}

/**
 * The same request has come again while its verdict was not taken: the sending begins anew, with the callback that came
 * now and all the time of a new check. The verdict stays: the first may have been heard after all.
 *
 * @returns `undefined` where there is nothing to send, or it was taken
 */
export function sendAnew(check: Check, sealed: string, now: number): Check | undefined {
  if (check.verdict === null || check.outcome === 'taken') return undefined;
  return {
    ...check,
    acceptedAt: now,
    deadlineAt: now,
    callback: sealed,
    turn: check.turn + 1,
    attempts: 0,
    nextTryAt: now + firstCallMs,
    refusedSince: null,
    notYetSince: null,
    finishedAt: null,
    outcome: null,
  };
}

/** What it asks, as it was written. */
export function askedText({ images, image = '', release, regions, require, artifacts, platforms }: Check): AskedText {
  return {
    images: images ?? [image],
    release,
    regions: regions ?? undefined,
    require: require ?? undefined,
    artifacts,
    platforms,
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
  const regular = now + Math.min(maxRingMs, Math.max(minRingMs, (now - check.acceptedAt) / 10));
  if (check.verdict !== null) return Math.max(regular, check.nextTryAt);
  return Math.min(regular, Math.max(check.deadlineAt, now + minPauseMs));
}

/** Takes the sending for one instance, and with the first of it stores the verdict; `undefined`: not now. */
export function claimSending(check: Check, decided: Verdict | undefined, now: number): Check | undefined {
  const verdict = check.verdict ?? decided;
  const isHeld = check.leasedUntil !== null && check.leasedUntil > now;
  if (verdict === undefined || isFinished(check) || isHeld || check.nextTryAt > now) return undefined;
  return { ...check, verdict, attempts: check.attempts + 1, leasedUntil: now + leaseMs };
}

export function finish(check: Check, outcome: CheckOutcome, now: number): Check {
  return { ...check, callback: null, leasedUntil: null, finishedAt: now, outcome };
}

/** Why a verdict was not taken. */
export interface SendingFailure {
  /** Our credentials; nobody waits for it yet; it would never be taken; or anything else, which may pass. */
  readonly kind: 'unauthorized' | 'notYet' | 'invalid' | 'passing';
  /** How long the other side asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
  /** One line, for people. */
  readonly reason: string;
}

/**
 * After an attempt that failed: when to try again, or the end of trying.
 * @param random from 0 up to 1: many checks of one outage must not come back at the same moment
 */
export function retryLater(stored: Check, failure: SendingFailure, now: number, random: number): Check {
  const check = { ...stored, lastError: failure.reason };
  const refusedSince = failure.kind === 'unauthorized' ? (check.refusedSince ?? now) : null;
  const notYetSince = failure.kind === 'notYet' ? (check.notYetSince ?? now) : null;
  const notYetUntil = notYetSince === null ? Number.POSITIVE_INFINITY : notYetSince + patienceWithNotYetMs;
  const refusedUntil = refusedSince === null ? Number.POSITIVE_INFINITY : refusedSince + patienceWithRefusalMs;
  const end = Math.min(giveUpAt(check), notYetUntil, refusedUntil);
  if (failure.kind === 'invalid' || now >= end) return finish(check, 'givenUp', now);
  const doubled = backoff(check.attempts, { firstMs: minPauseMs, maxMs: maxPauseMs });
  const pause = Math.max(doubled * (0.75 + random / 2), failure.retryAfterMs ?? 0);
  // The last try is at the very end of the time.
  return { ...check, leasedUntil: null, nextTryAt: Math.min(now + pause, notYetUntil), refusedSince, notYetSince };
}

/** Azure Pipelines' token is dead by then; GitHub's is made anew each time, and a day is enough for any outage. */
function giveUpAt(check: Check): number {
  return check.kind === 'azurePipelines' ? check.acceptedAt + tokenLifeMs : check.deadlineAt + afterDeadlineMs;
}

/** Notes that this line is about to be sent; `undefined` when it has been, or there is no room for more. */
export function claimTelling(check: Check, line: string, maxLines: number): Check | undefined {
  const { count, line: last } = check.told;
  if (check.verdict !== null || isFinished(check) || last === line || count >= maxLines) return undefined;
  return { ...check, told: { count: count + 1, line } };
}
