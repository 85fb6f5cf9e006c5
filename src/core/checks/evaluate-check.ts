/**
 * Follows the images that a check asks for, through the tracker: everything that waits for the same image shares one poller,
 * and a webhook that completes the image ends the wait at once. Several images are followed by one wait, which also ends when
 * one of them can never become available.
 */

import { withSet } from '../model/requirement.ts';
import type { Asked } from '../query/ask.ts';
import type { SeveralResult } from '../query/several-images.ts';
import type { Releases } from '../releases/releases.ts';
import type { Clock } from '../runtime/clock.ts';
import { quote } from '../runtime/parsed.ts';
import type { Tracker } from '../tracker.ts';
import type { AskedText, Check, Verdict } from './check.ts';
import { askedText } from './check.ts';
import { describeAsked, registriesOfAsked, resolveCheck } from './resolve-question.ts';
import {
  describeProgress,
  describeTogether,
  describeWhere,
  failedBy,
  failedByOne,
  succeeded,
  succeededTogether,
  timedOut,
} from './verdict-messages.ts';

interface Evaluation {
  /** `undefined` while there is none. */
  readonly verdict: Verdict | undefined;
  /** The line of progress. */
  readonly line: string;
  /** How many of the regions asked for have the image; of several images, how many satisfy the requirement. */
  readonly have: number;
}

export type EvaluationTracker = Pick<Tracker, 'registries' | 'replicaSet' | 'ready' | 'wait' | 'waitForAll'>;

/** How far the images are, without regard to the deadline. */
interface Progress {
  readonly text: string;
  readonly have: number;
  readonly success: Verdict | undefined;
  /** Set when an image is deleted or superseded: the check could not succeed now. */
  readonly failure: Verdict | undefined;
  /** Whether that has lasted long enough to end the check. */
  readonly isFinal: boolean;
}

export interface EvaluationDeps {
  readonly tracker: EvaluationTracker;
  readonly releases: Pick<Releases, 'wait'>;
  readonly clock: Clock;
}

/** A wait for a release ends after this time at the latest, so that its progress can be sent. */
const maxHeldMs = 60_000;
/** Between evaluations while the question cannot be resolved: the replicas may become known, and settings may be repaired. */
const pauseMs = 5_000;

/**
 * @param seen `have` of the last evaluation: waits until more regions or images are there; `undefined` to answer at once
 * @param timeoutMs how long to wait at most
 */
export async function evaluate(
  deps: EvaluationDeps,
  check: Check,
  seen: number | undefined,
  timeoutMs: number,
): Promise<Evaluation> {
  const { clock } = deps;
  const heldMs = seen === undefined ? 0 : Math.max(0, timeoutMs);
  const text = askedText(check);
  const progress = await (text.release === undefined
    ? followImages(deps, text, seen, heldMs)
    : followRelease(deps, text.release, heldMs));
  const outOfTime = (where: string) =>
    clock.now() >= check.deadlineAt ? timedOut(check.deadlineAt - check.acceptedAt, where) : undefined;

  if (typeof progress === 'string') {
    if (seen !== undefined) await clock.sleep(Math.min(timeoutMs, pauseMs));
    return { verdict: outOfTime(progress), line: describeProgress(progress), have: 0 };
  }
  const { have, success, failure, isFinal } = progress;
  const line = describeProgress(progress.text);
  if (success !== undefined) return { verdict: success, line, have };
  const isEnd = isFinal || clock.now() >= check.deadlineAt;
  return { verdict: (isEnd ? failure : undefined) ?? outOfTime(progress.text), line, have };
}

/** @returns how far they are, or the reason why that is not known now */
async function followImages(
  { tracker }: EvaluationDeps,
  text: AskedText,
  seen: number | undefined,
  heldMs: number,
): Promise<Progress | string> {
  // A verdict cannot be changed, and the set in memory of an instance that was idle for hours is hours old.
  await Promise.all(registriesOfAsked(text, tracker.registries).map((registry) => tracker.ready(registry)));
  const resolved = resolveCheck(text, tracker.registries, tracker.replicaSet);
  // The question was valid when it was accepted. An instance with older settings must not end a check that another instance
  // can still answer.
  if (resolved.kind !== 'asked') return describeAsked(resolved) ?? '';
  const [only, ...others] = resolved.asked;
  return only !== undefined && others.length === 0
    ? followOne(tracker, only, seen, heldMs)
    : followAll(tracker, resolved.asked, seen, heldMs);
}

/** The release may be created, or created again, while the check waits. */
async function followRelease({ releases }: EvaluationDeps, name: string, heldMs: number): Promise<Progress | string> {
  const found = await releases.wait(name, Math.min(heldMs, maxHeldMs));
  if (found.kind === 'unknown') return `there is no release ${quote(name)} yet`;
  if (found.kind === 'untracked')
    return `release ${name} has images of ${found.loginServer}, which is not tracked here`;
  return progressOf(found.result);
}

async function followOne(
  tracker: EvaluationTracker,
  { question, requirement }: Asked,
  seen: number | undefined,
  heldMs: number,
): Promise<Progress> {
  const more = Math.min((seen ?? 0) + 1, requirement.needed);
  // Waits for one more region, since each gives a line of progress; the last of these steps meets the requirement.
  const step = more < requirement.needed ? { ...requirement, require: more, needed: more } : requirement;
  const { outcome, isFinal, document } = await tracker.wait(question, step, heldMs);
  const { needed, require } = withSet(requirement, tracker.replicaSet(question.registry));
  const whole = { ...document, requirement: { ...document.requirement, require, needed } };
  const { have } = document.requirement;
  return {
    text: describeWhere(whole),
    have,
    success: have >= needed ? succeeded(whole) : undefined,
    failure: failedBy(outcome, whole),
    isFinal,
  };
}

async function followAll(
  tracker: EvaluationTracker,
  asked: readonly Asked[],
  seen: number | undefined,
  heldMs: number,
): Promise<Progress> {
  const enough = Math.min((seen ?? 0) + 1, asked.length);
  return progressOf(await tracker.waitForAll(asked, heldMs, { enough }));
}

function progressOf({ outcome, isFinal, document }: SeveralResult): Progress {
  return {
    text: describeTogether(document),
    have: document.images.filter(({ satisfied }) => satisfied).length,
    success: outcome === 'satisfied' ? succeededTogether(document) : undefined,
    failure: failedByOne(outcome, document),
    isFinal,
  };
}
