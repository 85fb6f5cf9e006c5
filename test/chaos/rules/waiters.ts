/** Every waiter is released once the image is everywhere, and not before. */
import type { Evidence, Violation } from '../evidence.ts';
import { clock } from '../evidence.ts';
import type { Families } from '../families.ts';

const satisfied = { request: 200, command: 0 } as const;

export function findWronglyReleased(evidence: Pick<Evidence, 'waiters' | 'truth'>, families: Families): Violation[] {
  const { waiters, truth } = evidence;
  return waiters.flatMap(({ kind, key, released }) => {
    const violation = (what: string) => [{ rule: 'wait', subject: key, what: `a ${kind} ${what}` }];
    if (released === null)
      return families.truth.isEverywhere(key) ? violation('still waits, although it is everywhere') : [];
    const { at, status } = released;
    if (status !== satisfied[kind]) return violation(`was ended with ${status} at ${clock(at)}`);
    const asked = families.wasCountedAlone(key, at) ? truth : families.truth;
    const isTrue = asked.periodsEverywhere(key).some(({ from }) => from <= at);
    return isTrue ? [] : violation(`was released at ${clock(at)}, before it was everywhere`);
  });
}
