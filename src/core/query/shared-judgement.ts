/**
 * Clients that wait for the same image with the same requirement get the same answer, so it is computed once for all of them.
 * Otherwise two hundred clients that wait for forty images would need eight thousand documents at each poll, and webhooks would be
 * delayed.
 */
import type { AvailabilityQuery, AvailabilitySnapshot } from '../image/availability.ts';
import type { Requirement } from '../model/requirement.ts';

export interface Judgement<Judged> {
  of(known: AvailabilitySnapshot): Judged;
  /** To be called when the client does not need it any more. */
  close(): void;
}

interface Cell<Judged> {
  users: number;
  last: { readonly known: AvailabilitySnapshot; readonly at: number; readonly judged: Judged } | undefined;
}

/** A judgement also depends on the time and on the replica set, so it is reused only for this long. */
const maxAgeMs = 100;

/** What a judgement depends on, besides the snapshot. */
interface Judgeable {
  readonly question: Pick<AvailabilityQuery, 'artifacts' | 'platforms'>;
  readonly requirement: Requirement;
}

/** @returns opens the judgement of one question; `key` identifies the image or tag */
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
