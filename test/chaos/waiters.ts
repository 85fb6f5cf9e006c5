/**
 * Pipelines that wait until their image is in all replicas. Most hold a request, and ask another process when theirs is
 * killed; a few run the real command against one address. Each must be released, and not too early.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { drawFrom, openRandom } from '../../src/local/simulator/random.ts';
import type { Waiter } from './evidence.ts';
import type { Member } from './fleet.ts';
import { ask, toImage } from './questions.ts';

export interface Waiters {
  readonly waiters: readonly Waiter[];
  /** Starts one that waits for this image, unless the maximum of this kind waits already. */
  start(kind: Waiter['kind'], key: string): void;
  /** Resolves when no waiter waits any more, or after that time. */
  settled(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

const command = fileURLToPath(new URL('../../bin/acr-replication.mjs', import.meta.url));
const maxAtOnce = 20;
/** Fewer: each is a process of its own. */
const maxCommands = 2;

/** @param members the first one must come back to its own address, where the commands ask */
export function createWaiters(members: readonly Member[], seed: number): Waiters {
  const waiters: { kind: Waiter['kind']; key: string; released: Waiter['released'] }[] = [];
  const children = new Set<ChildProcess>();
  const random = openRandom(seed, 'waiters');
  const stopping = new AbortController();
  const open = () => waiters.filter(({ released }) => released === null);

  async function waitByRequest(key: string): Promise<number> {
    while (!stopping.signal.aborted) {
      const { status } = await ask(
        drawFrom(random, members),
        '/api/wait',
        { image: toImage(key), timeout: '20' },
        30_000,
      );
      if (status === 200 || status === 409 || status === 410 || status === 400 || status === 404) return status;
      await pause(250);
    }
    return 0;
  }

  async function waitByCommand(key: string): Promise<number> {
    const url = members[0]?.url ?? '';
    const child = spawn(process.execPath, [command, 'wait', toImage(key), '--url', url, '--timeout', '1h'], {
      stdio: 'ignore',
      env: { PATH: process.env.PATH ?? '' },
    });
    children.add(child);
    const [code] = await once(child, 'close');
    children.delete(child);
    return typeof code === 'number' ? code : -1;
  }

  return {
    waiters,
    start(kind, key) {
      const same = open().filter((each) => each.kind === kind);
      if (same.length >= (kind === 'command' ? maxCommands : maxAtOnce)) return;
      const waiter: (typeof waiters)[number] = { kind, key, released: null };
      waiters.push(waiter);
      const waiting = kind === 'command' ? waitByCommand(key) : waitByRequest(key);
      void waiting.then((status) => {
        if (!stopping.signal.aborted) waiter.released = { at: Date.now(), status };
      });
    },
    async settled(milliseconds) {
      const deadline = Date.now() + milliseconds;
      while (open().length > 0 && Date.now() < deadline) await pause(100);
    },
    async stop() {
      stopping.abort();
      await Promise.all(
        [...children].map(async (child) => {
          const closed = once(child, 'close');
          child.kill('SIGKILL');
          await closed;
        }),
      );
    },
  };
}
