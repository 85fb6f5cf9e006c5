/** The waits on each instance, in memory, for tests. */
import type { InstanceWaits, WaitStore } from '../core/ports.ts';

export function memoryWaitStore(): WaitStore & { readonly rows: ReadonlyMap<string, InstanceWaits>; writes: number } {
  const rows = new Map<string, InstanceWaits>();
  return {
    rows,
    writes: 0,
    async put(waits) {
      this.writes++;
      rows.set(waits.instance, structuredClone(waits));
    },
    list: async () => [...rows.values()],
    async remove(instance) {
      rows.delete(instance);
    },
  };
}
