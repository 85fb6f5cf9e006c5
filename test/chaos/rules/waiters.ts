/** Whoever waits is let go, once the image is everywhere and not before. */
import type { Evidence, Violation } from '../evidence.ts';
import { clock } from '../evidence.ts';

const satisfied = { request: 200, command: 0 } as const;

export function findWronglyReleased({ waiters, truth }: Pick<Evidence, 'waiters' | 'truth'>): Violation[] {
  return waiters.flatMap(({ kind, key, released }) => {
    const violation = (what: string) => [{ rule: 'wait', subject: key, what: `a ${kind} ${what}` }];
    if (released === null) return truth.isEverywhere(key) ? violation('still waits, though it is everywhere') : [];
    const { at, status } = released;
    if (status !== satisfied[kind]) return violation(`was ended with ${status} at ${clock(at)}`);
    const isTrue = truth.spellsEverywhere(key).some(({ from }) => from <= at);
    return isTrue ? [] : violation(`was let go at ${clock(at)}, before it was everywhere`);
  });
}
