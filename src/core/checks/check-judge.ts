/**
 * Follows the image a check asks for, through the tracker: whoever asks for the same image shares one poller, and the
 * webhook that completes it is heard at once.
 */

import type { Clock } from '../ports.ts';
import { withSet } from '../requirement.ts';
import type { Tracker } from '../tracker.ts';
import type { Check, Verdict } from './check.ts';
import { describeAsked, readAsked, registryOfAsked } from './check-question.ts';
import { describeProgress, failedBy, succeeded, timedOut } from './check-words.ts';

export interface Ruling {
  /** `undefined`: not yet. */
  readonly verdict: Verdict | undefined;
  /** How it is going. */
  readonly line: string;
  /** Regions asked for that have it. */
  readonly have: number;
}

export type JudgingTracker = Pick<Tracker, 'registries' | 'replicaSet' | 'ready' | 'wait'>;

/** The replicas may become known, and what is wrong be put right. */
const pauseMs = 5_000;

/**
 * @param seen how many regions had it at the last ruling: the next comes once there are more; `undefined`: at once
 * @param timeoutMs at the latest
 */
export async function judge(
  parts: { readonly tracker: JudgingTracker; readonly clock: Clock },
  check: Check,
  seen: number | undefined,
  timeoutMs: number,
): Promise<Ruling> {
  const { tracker, clock } = parts;
  const text = { image: check.image, regions: check.regions ?? undefined, require: check.require ?? undefined };
  const registry = registryOfAsked(text, tracker.registries);
  // A verdict is for good, and an instance that had nothing to do for hours knows the set of hours ago.
  if (registry !== undefined) await tracker.ready(registry);
  const asked = readAsked(text, tracker.registries, tracker.replicaSet);
  const outOfTime = (line: string) =>
    clock.now() >= check.deadlineAt ? timedOut(check.deadlineAt - check.acceptedAt, line) : undefined;

  if (asked.kind !== 'asked') {
    // It was fine when it came. An instance with older settings must not end what another can still answer.
    if (seen !== undefined) await clock.sleep(Math.min(timeoutMs, pauseMs));
    const line = `cannot be answered at present: ${describeAsked(asked)}`;
    return { verdict: outOfTime(line), line, have: 0 };
  }

  const { question, requirement } = asked;
  const more = Math.min((seen ?? 0) + 1, requirement.needed);
  // One region more than before is worth a line; the whole requirement is only the last of these steps.
  const step = more < requirement.needed ? { ...requirement, require: more, needed: more } : requirement;
  const { outcome, document } = await tracker.wait(question, step, seen === undefined ? 0 : Math.max(0, timeoutMs));
  const { needed, require } = withSet(requirement, tracker.replicaSet(question.registry));
  const whole = { ...document, requirement: { ...document.requirement, require, needed } };
  const line = describeProgress(whole);
  const { have } = document.requirement;
  if (have >= needed) return { verdict: succeeded(whole), line, have };
  return { verdict: failedBy(outcome, whole) ?? outOfTime(line), line, have };
}
