/**
 * Waits with a time limit, so that neither a function that never returns nor an app that never closes can block the
 * host.
 */

/**
 * @returns `true` when the work is done; `false` when the time is up and the work goes on in the background. Rejects as
 * the work does.
 */
export async function isDoneWithin(work: Promise<unknown>, withinMs: number): Promise<boolean> {
  const { promise: timeUp, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), withinMs);
  return Promise.race([work.then(() => true), timeUp]).finally(() => clearTimeout(timer));
}
