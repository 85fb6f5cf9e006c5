/** Whether a tag may be called moved: only a region that reported both digests determines which came later. */
import type { Tag } from '../../src/core/model/reference.ts';
import type { Case } from './case.ts';

/** @param to any other image without @param until milliseconds since 1970: what was reported by then may be known */
export function mayHaveMoved(
  on: Case,
  move: { readonly tag: Tag; readonly from: number; readonly to?: number },
  until: number,
): boolean {
  const { counted } = on.history;
  const pushes = on.history.tagPushes(move.tag).filter((report) => report.reportedAt <= until);
  const isTo = (image: number) => image !== move.from && (move.to ?? image) === image;
  return pushes.some(
    (from) =>
      from.image === move.from &&
      pushes.some(
        (to) => isTo(to.image) && to.fact.region === from.fact.region && counted(to).last > counted(from).first,
      ),
  );
}
