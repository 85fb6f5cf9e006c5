/** The size of the heap after garbage collection. */

/** @throws Error in a process that was not started with `--expose-gc` */
export function heapInUse(): number {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('the heap can only be looked at in a process started with --expose-gc');
  // A second collection frees what finalizers of the first have released.
  gc();
  gc();
  return process.memoryUsage().heapUsed;
}
