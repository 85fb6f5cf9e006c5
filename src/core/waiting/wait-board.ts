/**
 * Which requests wait on which instance. Only the process that holds a request knows of it, so each instance writes its own to
 * one row: every fifteen seconds at most, and only requests that have waited for a second. A row that is older than three such
 * pauses, and a minute for clock skew, was left by an instance that has no waiting requests, or that died.
 */

import type { Clock } from '../runtime/clock.ts';
import { clockSkewMs } from '../runtime/clock-skew.ts';
import { describeError } from '../runtime/errors.ts';
import { keptFor } from '../runtime/kept-for.ts';
import type { Log } from '../runtime/log.ts';
import { withTimeoutOrUndefined } from '../runtime/timeout.ts';
import type { InstanceWaits, Required, WaitNote, WaitStore } from './ports.ts';

/** What a request waits for. The same image with another requirement is another entry. */
export type Waited = Pick<WaitNote, 'kind' | 'name' | 'registry'> & Required;

export interface WaitBoard {
  /** A request begins to wait for these. Never fails. @returns a function to call when the request ends */
  enter(waited: readonly Waited[]): () => void;
  /** The rows of all instances; of this one its present state. Fails with an `UpstreamError`. */
  list(): Promise<readonly InstanceWaits[]>;
  /** Stops writing and removes this instance's row: its clients ask another instance. Returns after that time at the latest; never fails. */
  close(milliseconds: number): Promise<void>;
}

const betweenWritesMs = 15_000;
const maxPauseMs = 3 * betweenWritesMs;
const maxShownMs = maxPauseMs + clockSkewMs;
/** Older rows are removed. Far more than the clock skew: the row of a live instance would be missing until its next write. */
const maxKeptMs = 600_000;
/** Most requests are answered at once, or at the first webhook: those cost no write. */
const minListedMs = 1_000;
/** Open pages ask every two seconds. */
const maxListAgeMs = 5_000;
/** Entries in a row: a row holds 1 MB, and people do not read more. */
const maxNoted = 500;
/** Characters in a row. A requirement may name very many artifact types: entries that do not fit are left out. */
const maxText = 400_000;

interface WaitEntry extends Waited {
  requests: number;
  since: number;
  /** When the last request ended; a client that asks again soon continues this entry. */
  leftAt: number;
}

export function waitBoard(deps: {
  readonly store: WaitStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Unique to this process. */
  readonly instance: string;
}): WaitBoard {
  const { store, clock, log, instance } = deps;
  const entries = new Map<string, WaitEntry>();
  let requests = 0;
  const closing = new AbortController();
  const rows = keptFor(clock, maxListAgeMs, () => store.list());
  let running: Promise<void> | undefined;
  let writtenAt = Number.NEGATIVE_INFINITY;

  /** @param minWaitedMs entries that have waited for less are left out */
  function own(minWaitedMs: number): InstanceWaits {
    const now = clock.now();
    const waits = [...entries.values()]
      .filter((entry) => entry.requests > 0 && now - entry.since >= minWaitedMs)
      .sort((a, b) => a.since - b.since)
      .slice(0, maxNoted)
      .map(({ leftAt: _, ...note }): WaitNote => note);
    return { instance, writtenAt: now, waits: withRoom(waits) };
  }

  async function list(): Promise<readonly InstanceWaits[]> {
    const now = clock.now();
    const all = await rows();
    // Rows of instances that died. If removing one fails, the list leaves it out by its age, and the next call tries again: no
    // reason to fail, nor to log every two seconds.
    for (const row of all) {
      if (now - row.writtenAt > maxKeptMs) store.remove(row.instance).catch(() => undefined);
    }
    const isShown = (row: InstanceWaits) => now - row.writtenAt <= maxShownMs && row.instance !== instance;
    return [...all.filter(isShown), own(0)];
  }

  async function write(): Promise<void> {
    const row = own(minListedMs);
    if (row.waits.length === 0) return;
    // Once per instance, to remove rows of instances that died: there may be no other call of `list()` for a long time. A
    // failure is ignored, since the result is not used.
    if (writtenAt === Number.NEGATIVE_INFINITY) void list().catch(() => undefined);
    writtenAt = row.writtenAt;
    await store.put(row).catch((error: unknown) => {
      log.warn('who waits here is not stored, will retry', { error: describeError(error) });
    });
  }

  /** Runs until no request waits here. */
  async function run(): Promise<void> {
    while (requests > 0 && !closing.signal.aborted) {
      await clock.sleep(Math.max(minListedMs, writtenAt + betweenWritesMs - clock.now()), closing.signal);
      for (const [key, entry] of entries) {
        if (isOver(entry, clock.now())) entries.delete(key);
      }
      if (requests > 0 && !closing.signal.aborted) await write();
    }
    running = undefined;
  }

  async function removeOwn(): Promise<void> {
    // A write under way would store the row after its removal.
    await running;
    if (writtenAt > Number.NEGATIVE_INFINITY) await store.remove(instance);
  }

  function change(waited: Waited, by: 1 | -1): void {
    const now = clock.now();
    const known = entries.get(keyOf(waited));
    const entry =
      known === undefined || isOver(known, now) ? { ...waited, requests: 0, since: now, leftAt: now } : known;
    entries.set(keyOf(waited), entry);
    entry.requests += by;
    if (entry.requests === 0) entry.leftAt = now;
  }

  return {
    enter(named) {
      // A request that names an image twice counts once.
      const waited = [...new Map(named.map((one) => [keyOf(one), one])).values()];
      for (const one of waited) change(one, 1);
      requests++;
      running ??= run();
      let isLeft = false;
      return () => {
        if (isLeft) return;
        isLeft = true;
        requests--;
        for (const one of waited) change(one, -1);
      };
    },
    list,
    async close(milliseconds) {
      closing.abort(null);
      await withTimeoutOrUndefined(clock, milliseconds, removeOwn());
    },
  };
}

/** A key of what is waited for and of the requirement. */
export function keyOf({ kind, name, regions, require, artifacts, platforms }: Waited): string {
  return `${kind} ${name} ${JSON.stringify([regions, require, artifacts, platforms])}`;
}

function withRoom(notes: readonly WaitNote[]): WaitNote[] {
  let length = 0;
  return notes.filter((note) => {
    const more = JSON.stringify(note).length;
    if (length + more > maxText) return false;
    length += more;
    return true;
  });
}

/** A client that asks again before that continues the entry. */
function isOver({ requests, leftAt }: WaitEntry, now: number): boolean {
  return requests === 0 && now - leftAt > maxPauseMs;
}
