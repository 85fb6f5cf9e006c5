/**
 * Who waits on which instance. Requests that wait live in the process that holds them, so each instance notes its own in one
 * row: every fifteen seconds at most, and only of those that have waited for a second. What is older than three such pauses,
 * and a minute more since clocks differ, was left behind by an instance that has none any more, or that died.
 */

import type { Clock } from '../runtime/clock.ts';
import { clockSkewMs } from '../runtime/clock-skew.ts';
import { describeError } from '../runtime/errors.ts';
import { keptFor } from '../runtime/kept-for.ts';
import type { Log } from '../runtime/log.ts';
import { withTimeoutOrUndefined } from '../runtime/timeout.ts';
import type { InstanceWaits, Required, WaitNote, WaitStore } from './ports.ts';

/** One image with two requirements is waited for twice. */
export type Waited = Pick<WaitNote, 'kind' | 'name' | 'registry'> & Required;

export interface WaitBoard {
  /** A request begins to wait for these. Never fails. @returns how to say that it is over */
  enter(waited: readonly Waited[]): () => void;
  /** What all instances note, this one as it is now. Fails with an `UpstreamError`. */
  list(): Promise<readonly InstanceWaits[]>;
  /** Notes nothing more, and removes what this instance has noted: those who wait here ask another one. At most that long; never fails. */
  close(milliseconds: number): Promise<void>;
}

const betweenWritesMs = 15_000;
const maxPauseMs = 3 * betweenWritesMs;
const maxShownMs = maxPauseMs + clockSkewMs;
/** A row that is removed while its instance lives is missing until that writes again: far more than clocks differ by. */
const maxKeptMs = 600_000;
/** Most are answered at once, or at the first webhook: those cost nothing. */
const minListedMs = 1_000;
/** Everybody who looks asks every two seconds. */
const maxListAgeMs = 5_000;
/** A row holds 1 MB, and nobody reads more. */
const maxNoted = 500;
/** Characters. A requirement may name very many artifact types: what has no room is left out. */
const maxText = 400_000;

interface Entry extends Waited {
  requests: number;
  since: number;
  /** When the last request ended; whoever asks again goes on waiting. */
  leftAt: number;
}

export function waitBoard(deps: {
  readonly store: WaitStore;
  readonly clock: Clock;
  readonly log: Log;
  /** No other process has it. */
  readonly instance: string;
}): WaitBoard {
  const { store, clock, log, instance } = deps;
  const entries = new Map<string, Entry>();
  let requests = 0;
  const closing = new AbortController();
  const rows = keptFor(clock, maxListAgeMs, () => store.list());
  let running: Promise<void> | undefined;
  let writtenAt = Number.NEGATIVE_INFINITY;

  /** @param minWaitedMs how long it must have been waited for */
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
    // Nobody else removes what an instance that died has left. Where that fails the row is left out of the list all the same,
    // and the next who asks tries again: nothing to answer, and nothing to log every two seconds.
    for (const row of all) {
      if (now - row.writtenAt > maxKeptMs) store.remove(row.instance).catch(() => undefined);
    }
    const isShown = (row: InstanceWaits) => now - row.writtenAt <= maxShownMs && row.instance !== instance;
    return [...all.filter(isShown), own(0)];
  }

  async function write(): Promise<void> {
    const row = own(minListedMs);
    if (row.waits.length === 0) return;
    // Once, to remove what others left: those who look may be rare, and instances come and go. Nobody has asked for the list, so
    // nobody misses it where it cannot be read, and the rows that stay are left out of every later one by their age.
    if (writtenAt === Number.NEGATIVE_INFINITY) void list().catch(() => undefined);
    writtenAt = row.writtenAt;
    await store.put(row).catch((error: unknown) => {
      log.warn('who waits here is not stored, will retry', { error: describeError(error) });
    });
  }

  /** Until nobody waits here any more. */
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
    // What is being written would be there afterwards.
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
      // One request that names an image twice is one that waits for it.
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

/** Names what is waited for, with what is required of it. */
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

/** Whoever asks again sooner goes on waiting. */
function isOver({ requests, leftAt }: Entry, now: number): boolean {
  return requests === 0 && now - leftAt > maxPauseMs;
}
