/** Where due work is kept. Every method fails with an `UpstreamError`, as in ../ports.ts. */
import type { DueWork } from './due-work.ts';

export interface DueItem {
  /** Names the stored item; changes when it is postponed. Opaque. */
  readonly key: string;
  /** `undefined` when this version of the app cannot read it. */
  readonly work: DueWork | undefined;
  /** The work as it is stored. */
  readonly text: string;
  /** When it was first due, by the clock of the instance that added it; milliseconds since 1970. */
  readonly scheduledFor: number;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** How far our clock is ahead of that of the instance that added it, measured by the storage's clock; 0 if below seconds. */
  readonly clockAheadMs: number;
}

export interface DueWorkStore {
  /**
   * The same work for exactly the same time is one item.
   * @param dueAt milliseconds since 1970; past times mean now
   */
  add(work: DueWork, dueAt: number): Promise<DueItem>;
  /** Removes what was added for exactly that time. Not finding it is fine. */
  cancel(work: DueWork, dueAt: number): Promise<void>;
  /**
   * What is due before that time, the oldest first.
   * @param cursor as returned by an earlier page
   */
  due(query: {
    readonly before: number;
    readonly cursor: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly items: readonly DueItem[]; readonly next: string | null }>;
  /** If several postpone the same item, one succeeds; `undefined` for the others, and when it was removed. */
  postpone(item: DueItem, dueAt: number, failures: number): Promise<DueItem | undefined>;
  /** Not finding it is fine. */
  remove(item: DueItem): Promise<void>;
}
