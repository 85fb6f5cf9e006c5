/**
 * A deployment check: a pipeline is paused until we call back with a verdict. Only the record survives a restart. Every step
 * is a conditional change of the record, so two instances never send different verdicts.
 *
 * All times are milliseconds since 1970.
 */
import { backoff } from '../runtime/backoff.ts';

/** The service that asked. It decides how the verdict is sent. */
export type CheckKind = 'azurePipelines' | 'github';

export interface Verdict {
  readonly result: 'succeeded' | 'failed';
  /** One line, for people. */
  readonly comment: string;
}

/** The question as the sender wrote it. It is stored as text because the replica set may change while the check waits. */
export interface AskedText {
  /** At least one, unless the request is invalid or names a release; all of them are required. */
  readonly images: readonly string[];
  /** A release by name, instead of images. It has a requirement of its own, and may be created after the check. */
  readonly release?: string | undefined;
  /** Comma-separated. */
  readonly regions: string | undefined;
  readonly require: string | undefined;
  /** Comma-separated; absent where nothing must be attached. */
  readonly artifacts?: string | undefined;
  /** Comma-separated; absent where all platforms of an index are waited for. */
  readonly platforms?: string | undefined;
}

export interface CheckRequest extends AskedText {
  /** The same each time the same request is sent. */
  readonly id: string;
  readonly kind: CheckKind;
  readonly timeoutMs: number;
  /** What the `VerdictSender` needs, tokens included. Stored encrypted. */
  readonly callback: string;
  /** Set where the request itself can never be met. */
  readonly verdict?: Verdict;
}

/**
 * How a finished check ended. `taken`: the service accepted the verdict. `dead`: the service no longer waited for it.
 * `givenUp`: it was not accepted in time, or was refused permanently.
 */
export type CheckOutcome = 'delivered' | 'dead' | 'givenUp';

export interface Check {
  readonly id: string;
  readonly kind: CheckKind;
  /** Absent in checks stored before there could be several. */
  readonly images?: readonly string[];
  /** The only image of such a check. */
  readonly image?: string;
  readonly release?: string;
  readonly regions: string | null;
  readonly require: string | null;
  readonly artifacts?: string;
  readonly platforms?: string;
  readonly acceptedAt: number;
  readonly deadlineAt: number;
  /** Encrypted; `null` once finished. */
  readonly callback: string | null;
  /** Numbers the check's rows of due work, from 1: a row with a lower number was replaced by a later one and is ignored. */
  readonly sequence: number;
  /** Lines of progress sent so far: how many, and the last. */
  readonly progress: { readonly count: number; readonly line: string | null };
  /** Once set, it never changes. */
  readonly verdict: Verdict | null;
  /** Whether the service accepted the verdict's comment as a last line; absent where it did not. */
  readonly isLastLineAccepted?: boolean;
  /** How often the verdict has been sent. */
  readonly attempts: number;
  /** Until then, one instance has the right to send the verdict. */
  readonly leasedUntil: number | null;
  readonly nextTryAt: number;
  /** Since when every attempt was refused as `unauthorized`. */
  readonly refusedSince: number | null;
  /** Since when every attempt was answered `notYet`; absent in checks stored before there was such an answer. */
  readonly notYetSince?: number | null;
  readonly finishedAt: number | null;
  readonly outcome: CheckOutcome | null;
  /** The reason of the last failed attempt, one line for people; absent where none has failed. */
  readonly lastError?: string;
}

/** Tokens of Azure Pipelines are valid this long, and neither service waits longer for a verdict. */
export const maxTimeoutSeconds = 48 * 3_600;
export const defaultTimeoutSeconds = 3_600;

/** The service must first receive our answer that the check was accepted: it ignores a verdict that comes before. */
const firstCallMs = 1_000;
const afterDeadlineMs = 86_400_000;
const tokenLifeMs = maxTimeoutSeconds * 1_000;
/** How long attempts may be refused as `unauthorized`: an administrator may repair the credentials meanwhile. */
const maxRefusedMs = 3_600_000;
/** How long attempts may be answered `notYet`: a service begins to wait some minutes after its request, or never. */
const maxNotYetMs = 600_000;
/** Finished checks are kept this long, to answer a request that is sent again. */
const keptMs = 2 * 86_400_000;
/** One attempt: a few calls of ten seconds each. */
const leaseMs = 60_000;
const minRunIntervalMs = 30_000;
const maxRunIntervalMs = 120_000;
const minPauseMs = 1_000;
const maxPauseMs = 300_000;

/** @param callback `request.callback`, encrypted */
export function newCheck(request: CheckRequest, callback: string, now: number): Check {
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
    callback,
    sequence: 1,
    progress: { count: 0, line: null },
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
 * The same request has come again and its verdict was not accepted: the verdict is sent again, with the callback of the new
 * request and as much time as a new check has. The verdict itself stays: the service may have received the first one.
 *
 * @param callback of the new request, encrypted
 * @returns `undefined` where there is no verdict, or the service accepted it
 */
export function sendAgain(check: Check, callback: string, now: number): Check | undefined {
  if (check.verdict === null || check.outcome === 'delivered') return undefined;
  return {
    ...check,
    acceptedAt: now,
    deadlineAt: now,
    callback,
    sequence: check.sequence + 1,
    attempts: 0,
    nextTryAt: now + firstCallMs,
    refusedSince: null,
    notYetSince: null,
    finishedAt: null,
    outcome: null,
  };
}

/** The question as the sender wrote it. */
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

/** Whether its record may be removed. */
export function isForgettable(check: Check, now: number): boolean {
  return check.finishedAt !== null && now >= check.finishedAt + keptMs;
}

/** When its next row of due work is due. This matters only if the instance that follows the check has died. */
export function nextRunAt(check: Check, now: number): number {
  if (check.finishedAt !== null) return check.finishedAt + keptMs;
  const regular = now + Math.min(maxRunIntervalMs, Math.max(minRunIntervalMs, (now - check.acceptedAt) / 10));
  if (check.verdict !== null) return Math.max(regular, check.nextTryAt);
  return Math.min(regular, Math.max(check.deadlineAt, now + minPauseMs));
}

/**
 * Gives one instance the right to send the verdict, and stores the verdict if none is stored yet.
 * @returns `undefined` when it may not be sent now
 */
export function claimSending(check: Check, decided: Verdict | undefined, now: number): Check | undefined {
  const verdict = check.verdict ?? decided;
  const isHeld = check.leasedUntil !== null && check.leasedUntil > now;
  if (verdict === undefined || isFinished(check) || isHeld || check.nextTryAt > now) return undefined;
  return { ...check, verdict, attempts: check.attempts + 1, leasedUntil: now + leaseMs };
}

export function finish(check: Check, outcome: CheckOutcome, now: number): Check {
  return { ...check, callback: null, leasedUntil: null, finishedAt: now, outcome };
}

/** Why a verdict was not accepted. */
export interface SendingFailure {
  /** Credentials were refused; the service does not wait yet; it would never be accepted; or a failure that may pass. */
  readonly kind: 'unauthorized' | 'notYet' | 'invalid' | 'passing';
  /** The pause that the service asked for. */
  readonly retryAfterMs?: number | undefined;
  /** One line, for people. */
  readonly reason: string;
}

/**
 * After a failed attempt: sets the time of the next one, or finishes the check.
 * @param random from 0 up to 1: many checks that failed in one outage must not be sent again at the same moment
 */
export function retryLater(stored: Check, failure: SendingFailure, now: number, random: number): Check {
  const check = { ...stored, lastError: failure.reason };
  const refusedSince = failure.kind === 'unauthorized' ? (check.refusedSince ?? now) : null;
  const notYetSince = failure.kind === 'notYet' ? (check.notYetSince ?? now) : null;
  const notYetUntil = notYetSince === null ? Number.POSITIVE_INFINITY : notYetSince + maxNotYetMs;
  const refusedUntil = refusedSince === null ? Number.POSITIVE_INFINITY : refusedSince + maxRefusedMs;
  const end = Math.min(giveUpAt(check), notYetUntil, refusedUntil);
  if (failure.kind === 'invalid' || now >= end) return finish(check, 'givenUp', now);
  const doubled = backoff(check.attempts, { firstMs: minPauseMs, maxMs: maxPauseMs });
  const pause = Math.max(doubled * (0.75 + random / 2), failure.retryAfterMs ?? 0);
  // The last attempt is made at the end of the allowed time.
  return { ...check, leasedUntil: null, nextTryAt: Math.min(now + pause, notYetUntil), refusedSince, notYetSince };
}

/** The token of Azure Pipelines has expired by then. GitHub's is created for each attempt, and a day covers an outage. */
function giveUpAt(check: Check): number {
  return check.kind === 'azurePipelines' ? check.acceptedAt + tokenLifeMs : check.deadlineAt + afterDeadlineMs;
}

/** Notes that this line is about to be sent; `undefined` when it was the last line sent, or `maxLines` are sent. */
export function claimProgress(check: Check, line: string, maxLines: number): Check | undefined {
  const { count, line: last } = check.progress;
  if (check.verdict !== null || isFinished(check) || last === line || count >= maxLines) return undefined;
  return { ...check, progress: { count: count + 1, line } };
}
