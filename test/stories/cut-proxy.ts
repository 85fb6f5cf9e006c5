/** A TCP proxy between one process and the storage, so that one process can lose it while the others go on. */
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** `refused`: connections end at once; `hanging`: they stay open and nothing comes through. */
export type Cut = 'refused' | 'hanging';

export interface CutProxy {
  readonly port: number;
  cut(how: Cut): void;
  /** Hanging connections end; new connections are served. */
  mend(): void;
  stop(): Promise<void>;
}

export async function startCutProxy(target: number): Promise<CutProxy> {
  let cutNow: Cut | undefined;
  const open = new Set<Socket>();

  const server = createServer((client) => {
    keep(client);
    if (cutNow === 'refused') return void client.destroy();
    if (cutNow === 'hanging') return;
    const upstream = connect(target, '127.0.0.1');
    keep(upstream);
    client.pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });

  function keep(socket: Socket): void {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => open.delete(socket));
  }

  function endAll(): void {
    for (const socket of open) socket.destroy();
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut(how) {
      cutNow = how;
      if (how === 'refused') endAll();
      else for (const socket of open) socket.unpipe().pause();
    },
    mend() {
      cutNow = undefined;
      endAll();
    },
    async stop() {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
