/**
 * Follows the images a check asks for, through the tracker: whoever asks for the same image shares one poller, and the
 * webhook that completes it is heard at once. Several are followed by one wait, which ends with the first that can never
 * be there.
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
  /** `undefined`: not yet. */
  readonly verdict: Verdict | undefined;
  /** How it is going. */
  readonly line: string;
  /** Regions asked for that have it; of several images, those that are where they must be. */
  readonly have: number;
}

export type JudgingTracker = Pick<Tracker, 'registries' | 'replicaSet' | 'ready' | 'wait' | 'waitForAll'>;

/** Where the images stand, whatever the time is. */
interface Standing {
  readonly text: string;
  readonly have: number;
  readonly success: Verdict | undefined;
  /** It could not succeed as things stand. */
  readonly failure: Verdict | undefined;
  /** That has been so for long enough. */
  readonly isFinal: boolean;
}

export interface JudgingDeps {
  readonly tracker: JudgingTracker;
  readonly releases: Pick<Releases, 'wait'>;
  readonly clock: Clock;
}

/** Of a release, how it is going is sent at least so often. */
const maxHeldMs = 60_000;
/** The replicas may become known, and what is wrong be put right. */
const pauseMs = 5_000;

/**
 * @param seen what `have` was at the last evaluation: the next comes once there are more; `undefined`: at once
 * @param timeoutMs at the latest
 */
export async function judge(
  deps: JudgingDeps,
  check: Check,
  seen: number | undefined,
  timeoutMs: number,
): Promise<Evaluation> {
  const { clock } = deps;
  const heldMs = seen === undefined ? 0 : Math.max(0, timeoutMs);
  const text = askedText(check);
  const standing = await (text.release === undefined
    ? followImages(deps, text, seen, heldMs)
    : followRelease(deps, text.release, heldMs));
  const outOfTime = (where: string) =>
    clock.now() >= check.deadlineAt ? timedOut(check.deadlineAt - check.acceptedAt, where) : undefined;

  if (typeof standing === 'string') {
    if (seen !== undefined) await clock.sleep(Math.min(timeoutMs, pauseMs));
    return { verdict: outOfTime(standing), line: describeProgress(standing), have: 0 };
  }
  const { have, success, failure, isFinal } = standing;
  const line = describeProgress(standing.text);
  if (success !== undefined) return { verdict: success, line, have };
  const isLastWord = isFinal || clock.now() >= check.deadlineAt;
  return { verdict: (isLastWord ? failure : undefined) ?? outOfTime(standing.text), line, have };
}

/** @returns where they stand, or why that cannot be told at present */
async function followImages(
  { tracker }: JudgingDeps,
  text: AskedText,
  seen: number | undefined,
  heldMs: number,
): Promise<Standing | string> {
  // A verdict is for good, and an instance that had nothing to do for hours knows the set of hours ago.
  await Promise.all(registriesOfAsked(text, tracker.registries).map((registry) => tracker.ready(registry)));
  const resolved = resolveCheck(text, tracker.registries, tracker.replicaSet);
  // It was fine when it came. An instance with older settings must not end what another can still answer.
  if (resolved.kind !== 'asked') return describeAsked(resolved) ?? '';
  const [only, ...others] = resolved.asked;
  return only !== undefined && others.length === 0
    ? followOne(tracker, only, seen, heldMs)
    : followAll(tracker, resolved.asked, seen, heldMs);
}

/** It may be made, or made again, while the check waits. */
async function followRelease({ releases }: JudgingDeps, name: string, heldMs: number): Promise<Standing | string> {
  const found = await releases.wait(name, Math.min(heldMs, maxHeldMs));
  if (found.kind === 'unknown') return `there is no release ${quote(name)} yet`;
  if (found.kind === 'untracked')
    return `release ${name} has images of ${found.loginServer}, which is not tracked here`;
  return standingOf(found.result);
}

async function followOne(
  tracker: JudgingTracker,
  { question, requirement }: Asked,
  seen: number | undefined,
  heldMs: number,
): Promise<Standing> {
  const more = Math.min((seen ?? 0) + 1, requirement.needed);
  // One region more than before is worth a line; the whole requirement is only the last of these steps.
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
  tracker: JudgingTracker,
  asked: readonly Asked[],
  seen: number | undefined,
  heldMs: number,
): Promise<Standing> {
  const enough = Math.min((seen ?? 0) + 1, asked.length);
  return standingOf(await tracker.waitForAll(asked, heldMs, { enough }));
}

function standingOf({ outcome, isFinal, document }: SeveralResult): Standing {
  return {
    text: describeTogether(document),
    have: document.images.filter(({ satisfied }) => satisfied).length,
    success: outcome === 'satisfied' ? succeededTogether(document) : undefined,
    failure: failedByOne(outcome, document),
    isFinal,
  };
}
