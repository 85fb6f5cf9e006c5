/**
 * Whether something that saves a request, and costs more than one where it does not hold, has lately held often enough to
 * rely on it. How many instances share one kind of work is nowhere written down; this finds out.
 */
interface HitRate {
  isGood(): boolean;
  note(hasHeld: boolean): void;
}

const weight = 1 / 20;
const goodShare = 0.8;

/** @param start what is believed before anything has been seen: 1 that it holds, 0 that it does not */
export function hitRate(start: 0 | 1): HitRate {
  let share: number = start;
  return {
    isGood: () => share > goodShare,
    note(hasHeld) {
      share += ((hasHeld ? 1 : 0) - share) * weight;
    },
  };
}
