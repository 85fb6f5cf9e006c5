/**
 * Reads the memory of a process through its inspector, after garbage collection: without that, a leak cannot be told
 * from garbage that was not collected yet. Source: Chrome DevTools Protocol, HeapProfiler and Runtime.
 */
export interface Memory {
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly rssBytes: number;
  /** What keeps the process busy, by kind: `Timeout`, `TCPSocketWrap`. */
  readonly resources: Readonly<Record<string, number>>;
}

export interface Inspector {
  measure(): Promise<Memory>;
  close(): void;
}

const look = `(() => {
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  return JSON.stringify({ heapBytes: heapUsed, externalBytes: external, rssBytes: rss, resources });
})()`;

/** @param address what Node prints after `Debugger listening on` */
export async function openInspector(address: string): Promise<Inspector> {
  const socket = new WebSocket(address);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error(`no inspector at ${address}`)));
  });
  const waiting = new Map<number, (result: unknown) => void>();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id === undefined) return;
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  const call = (method: string, params: object = {}) =>
    new Promise<unknown>((resolve) => {
      waiting.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  return {
    async measure() {
      // What one collection sets free, the next one collects.
      for (let i = 0; i < 3; i++) await call('HeapProfiler.collectGarbage');
      const answer = (await call('Runtime.evaluate', { expression: look })) as { result: { value: string } };
      return JSON.parse(answer.result.value) as Memory;
    },
    close: () => socket.close(),
  };
}
