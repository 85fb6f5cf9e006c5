/**
 * Does the work that is due. An item is removed only after its work is done, so an instance that is killed loses nothing, and a
 * late sweep catches up. Two sweeps at the same time may do the same work twice, which changes nothing. Only forwards would be
 * sent twice, so a sweep must first postpone them, which one of two sweeps can.
 */

import { imageKey } from '../image/record.ts';
import { backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, isTemporary, UpstreamError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { withTimeout } from '../runtime/timeout.ts';
import type { DueWork } from './due-work.ts';
import { leaseMs } from './due-work.ts';
import type { DueItem, DueWorkStore } from './ports.ts';

export interface Sweeper {
  /**
   * Starts all work that is due, and returns when it is done, or some seconds later: work that is not done goes on and does
   * not delay other work. Fails with an `UpstreamError` when the due work cannot be read.
   */
  sweep(): Promise<void>;
  /** Starts nothing new, and waits for work under way, at most that long. */
  close(milliseconds: number): Promise<void>;
}

interface SweeperDeps {
  readonly dueWork: DueWorkStore;
  readonly clock: Clock;
  readonly log: Log;
  run(work: DueWork, item: DueItem): Promise<void>;
}

/** Few enough that requests in the same process are still answered at once. */
const maxAtOnce = 32;
const pageSize = 1_000;
/** The host ends a function after five minutes. */
const maxSweepMs = 200_000;
/** How long a sweep waits for work under way before it returns. */
const maxWaitMs = 10_000;
const minPauseMs = 30_000;
const maxPauseMs = 3_600_000;
/** After this many failures in a row an item will hardly recover by itself: a log line for an alert. */
const failuresToReport = 10;

const noFailures = { items: 0, lasting: 0, first: '' };

export function sweeper({ dueWork, clock, log, run }: SweeperDeps): Sweeper {
  const underWay = new Set<string>();
  const running = new Set<Promise<void>>();
  let isClosing = false;
  let failed = noFailures;

  async function finish(items: readonly DueItem[]): Promise<void> {
    await Promise.all(items.map(dueWork.remove));
  }

  async function fail(items: readonly DueItem[], error: unknown): Promise<void> {
    const lasting = items.filter(({ failures }) => failures + 1 >= failuresToReport);
    failed = {
      items: failed.items + items.length,
      lasting: failed.lasting + lasting.length,
      first: failed.first || describeError(error),
    };
    for (const item of items) {
      const pauseMs = isTemporary(error)
        ? minPauseMs
        : backoff(item.failures + 1, { firstMs: minPauseMs, maxMs: maxPauseMs });
      await dueWork.postpone(item, clock.now() + pauseMs, item.failures + 1);
    }
  }

  /** @param items the same work, added more than once */
  async function work(items: readonly DueItem[]): Promise<void> {
    let mine = items;
    const latest = items.reduce((a, b) => (b.scheduledFor > a.scheduledFor ? b : a));
    try {
      if (latest.work === undefined) throw new UpstreamError('invalid', 'due work of an unknown kind');
      if (latest.work.kind === 'forward') {
        const postponed = await Promise.all(
          items.map((item) => dueWork.postpone(item, clock.now() + leaseMs, item.failures)),
        );
        mine = postponed.filter((item) => item !== undefined);
        if (mine.length === 0) return;
      }
      await run(latest.work, latest);
    } catch (error) {
      return fail(mine, error);
    }
    await finish(mine);
  }

  function start(items: readonly DueItem[]): void {
    for (const { key } of items) underWay.add(key);
    const done: Promise<void> = work(items)
      .catch((error: unknown) => {
        // The item stays due, and the next sweep finds it again.
        log.warn('due work not removed, will retry', { error: describeError(error) });
      })
      .finally(() => {
        running.delete(done);
        for (const { key } of items) underWay.delete(key);
      });
    running.add(done);
  }

  return {
    async sweep() {
      const before = clock.now();
      let cursor: string | undefined;
      do {
        const page = await dueWork.due({ before, cursor, limit: pageSize });
        const fresh = page.items.filter(({ key }) => !underWay.has(key));
        for (const items of Map.groupBy(fresh, nameOf).values()) {
          while (running.size >= maxAtOnce) await Promise.race(running);
          if (isClosing) return;
          start(items);
        }
        cursor = page.next ?? undefined;
      } while (cursor !== undefined && clock.now() < before + maxSweepMs);
      await withTimeout(clock, maxWaitMs, Promise.all(running));
      const { items, lasting, first: error } = failed;
      if (items > 0) log.warn('due work failed, will retry', { failures: items, error });
      if (lasting > 0) log.warn('due work keeps failing', { failures: lasting, error });
      failed = noFailures;
    },
    async close(milliseconds) {
      isClosing = true;
      await withTimeout(clock, milliseconds, Promise.all(running));
    },
  };
}

function nameOf({ key, work }: DueItem): string {
  if (work === undefined) return key;
  return work.kind === 'image' ? `image ${imageKey(work.name)} ${work.firstNoticedAt}` : JSON.stringify(work);
}
