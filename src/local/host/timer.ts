/**
 * Runs a function by its schedule. On Azure, too, one instance runs each timer, so no coordination is needed; a run
 * that takes longer than the interval delays the next one instead of overlapping it.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { RegisteredFunction, RetryContext, RetryOptions } from './core-types.ts';
import { findTrigger } from './functions.ts';
import type { Invoker, Trigger } from './invocation.ts';
import type { Listener } from './listener.ts';
import { parseSchedule, type Schedule } from './ncrontab.ts';

export interface TimerListenerOptions {
  readonly target: RegisteredFunction;
  readonly schedule: Schedule;
  readonly invoker: Invoker;
}

/** Longer waits overflow `setTimeout`, which would then fire at once. */
const MAX_WAIT_MS = 2_000_000_000;
const NEVER = '0001-01-01T00:00:00+00:00';

export function startTimerListener({ target, schedule, invoker }: TimerListenerOptions): Listener {
  const { binding } = findTrigger(target.metadata);
  const stopping = new AbortController();
  const { signal } = stopping;
  let last: Date | undefined;

  async function run(): Promise<void> {
    const startedAt = new Date();
    const trigger = createTimerTrigger(schedule, binding.useMonitor !== false, last, startedAt);
    await invokeWithRetries(invoker, target, trigger, signal);
    last = startedAt;
  }

  async function follow(): Promise<void> {
    if (binding.runOnStartup === true) await run();
    while (!signal.aborted) {
      const due = schedule.next(new Date());
      await waitUntil(due.getTime(), signal);
      if (!signal.aborted) await run();
    }
  }

  const following = follow();
  return {
    stop() {
      stopping.abort();
      return following;
    },
  };
}

/** The function's argument. Schedules below a minute are not monitored, so they have no status. */
export function createTimerTrigger(
  schedule: Schedule,
  isMonitored: boolean,
  last: Date | undefined,
  now: Date,
): Trigger {
  const next = schedule.next(now);
  const isFrequent = schedule.next(next).getTime() - next.getTime() < 60_000;
  const status = {
    Last: last?.toISOString() ?? NEVER,
    Next: next.toISOString(),
    LastUpdated: last?.toISOString() ?? NEVER,
  };
  const content = {
    Schedule: { AdjustForDST: true },
    ScheduleStatus: isMonitored && !isFrequent ? status : null,
    IsPastDue: false,
  };
  return { data: { json: JSON.stringify(content) } };
}

export function readSchedule(target: RegisteredFunction, text: string): Schedule {
  try {
    return parseSchedule(text);
  } catch (failure) {
    throw new Error(`${target.metadata.name}: ${failure instanceof Error ? failure.message : String(failure)}`, {
      cause: failure,
    });
  }
}

/** Timers are among the few triggers whose `retry` option the host honours. */
async function invokeWithRetries(
  invoker: Invoker,
  target: RegisteredFunction,
  trigger: Trigger,
  signal: AbortSignal,
): Promise<void> {
  const { retryOptions } = target.metadata;
  const maxRetries = retryOptions?.maxRetryCount ?? 0;
  for (let retryCount = 0; ; retryCount += 1) {
    const retryContext: RetryContext = { retryCount, maxRetryCount: maxRetries };
    const isDone = await invoker.invoke(target, retryCount === 0 ? trigger : { ...trigger, retryContext }).then(
      () => true,
      () => false,
    );
    if (isDone || signal.aborted || (maxRetries >= 0 && retryCount >= maxRetries)) return;
    await pause(retryPause(retryOptions ?? {}, retryCount), undefined, { signal }).catch(() => undefined);
  }
}

function retryPause(options: RetryOptions, retryCount: number): number {
  const seconds =
    options.retryStrategy === 'exponentialBackoff'
      ? Math.min(options.maximumInterval?.seconds ?? 60, (options.minimumInterval?.seconds ?? 1) * 2 ** retryCount)
      : (options.delayInterval?.seconds ?? 0);
  return seconds * 1_000;
}

async function waitUntil(due: number, signal: AbortSignal): Promise<void> {
  for (let left = due - Date.now(); left > 0 && !signal.aborted; left = due - Date.now()) {
    await pause(Math.min(left, MAX_WAIT_MS), undefined, { signal }).catch(() => undefined);
  }
}
