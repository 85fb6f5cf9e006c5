/** What is still in use on the heap once everything that nobody refers to has been thrown away. */

/** @throws Error in a process that was not started with `--expose-gc` */
export function heapInUse(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('the heap can only be looked at in a process started with --expose-gc');
  // What was freed by finalizers of the first round goes in the second.
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}
