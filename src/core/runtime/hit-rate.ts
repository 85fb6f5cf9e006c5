/**
 * Measures how often an assumption was right lately. A right one saves a request, a wrong one costs more than one; so it is used
 * only while most are right. That depends on how many instances share the work, which no instance knows.
 */
interface HitRate {
  isGood(): boolean;
  note(wasRight: boolean): void;
}

const weight = 1 / 20;
const goodShare = 0.8;

/** @param start the rate before the first note: 1 if the assumption is used at first, 0 if not */
export function hitRate(start: 0 | 1): HitRate {
  let share: number = start;
  return {
    isGood: () => share > goodShare,
    note(wasRight) {
      share += ((wasRight ? 1 : 0) - share) * weight;
    },
  };
}
