/** Lists a held request on the wait board while it waits, so that people can see who waits. */
import type { WaitBoard, Waited } from '../../core/waiting/wait-board.ts';

export type Waits = Pick<WaitBoard, 'enter'>;

/** @param timeoutSeconds 0 for a query that does not wait, which is not listed */
export async function noted<T>(
  waits: Waits | undefined,
  waited: readonly Waited[],
  timeoutSeconds: number,
  hold: () => Promise<T>,
): Promise<T> {
  if (waits === undefined || timeoutSeconds === 0) return hold();
  const leave = waits.enter(waited);
  try {
    return await hold();
  } finally {
    leave();
  }
}
