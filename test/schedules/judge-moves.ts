/** Whether a tag can be said to have moved on: only a region that has told of both digests knows which came later. */
import type { Tag } from '../../src/core/model/reference.ts';
import type { Case } from './case.ts';

/** @param to any other image without @param until milliseconds since 1970: what was said by then may be known */
export function mayHaveMoved(
  on: Case,
  move: { readonly tag: Tag; readonly from: number; readonly to?: number },
  until: number,
): boolean {
  const { counted } = on.history;
  const pushes = on.history.tagPushes(move.tag).filter((said) => said.saidAt <= until);
  const isTo = (image: number) => image !== move.from && (move.to ?? image) === image;
  return pushes.some(
    (from) =>
      from.image === move.from &&
      pushes.some(
        (to) => isTo(to.image) && to.fact.region === from.fact.region && counted(to).last > counted(from).first,
      ),
  );
}
