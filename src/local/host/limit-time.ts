/**
 * Waits for something, but not for ever. Neither a function that never returns nor an app that never lets go may keep
 * the host from going on.
 */

/** `true`: the work is done; `false`: the time is over and it goes on unwatched. Rejects as the work does. */
export async function isDoneWithin(work: Promise<unknown>, withinMs: number): Promise<boolean> {
  const { promise: timeUp, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), withinMs);
  return Promise.race([work.then(() => true), timeUp]).finally(() => clearTimeout(timer));
}
