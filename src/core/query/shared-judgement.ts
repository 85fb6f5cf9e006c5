/**
 * Whoever waits for the same image with the same requirement is told the same at the same moment, so what it means is worked out
 * once for all of them. Two hundred who wait for forty images would otherwise be eight thousand documents at each poll, and the
 * webhooks would wait behind them.
 */
import type { AvailabilityQuery, AvailabilitySnapshot } from '../image/availability.ts';
import type { Requirement } from '../model/requirement.ts';

export interface Judgement<Judged> {
  of(known: AvailabilitySnapshot): Judged;
  /** Whoever asked is not interested any more. */
  close(): void;
}

interface Cell<Judged> {
  users: number;
  last: { readonly known: AvailabilitySnapshot; readonly at: number; readonly judged: Judged } | undefined;
}

/** A judgement depends on the time and on the replica set as well, a little. */
const maxAgeMs = 100;

/** All that a judgement depends on, besides what is known. */
interface Judgeable {
  readonly question: Pick<AvailabilityQuery, 'artifacts' | 'platforms'>;
  readonly requirement: Requirement;
}

/** @returns opens the judgement of one question about what `key` names */
export function sharedJudgements<Asked extends Judgeable, Judged>(
  judge: (asked: Asked, known: AvailabilitySnapshot) => Judged,
  now: () => number,
): (asked: Asked, key: string) => Judgement<Judged> {
  const cells = new Map<string, Cell<Judged>>();
  return (asked, key) => {
    const { regions, require, needed, isForEveryExpected } = asked.requirement;
    const { artifacts = [], platforms = [] } = asked.question;
    const name = JSON.stringify([key, regions, require, needed, isForEveryExpected, artifacts, platforms]);
    const cell: Cell<Judged> = cells.get(name) ?? { users: 0, last: undefined };
    cells.set(name, cell);
    cell.users++;
    return {
      of(known) {
        const at = now();
        const { last } = cell;
        const isSame =
          last?.known.record === known.record &&
          last?.known.pointers === known.pointers &&
          last?.known.attached === known.attached;
        if (last !== undefined && isSame && at - last.at < maxAgeMs) return last.judged;
        const judged = judge(asked, known);
        cell.last = { known, at, judged };
        return judged;
      },
      close() {
        cell.users--;
        if (cell.users === 0) cells.delete(name);
      },
    };
  };
}
