/**
 * One storage for all app processes, on disk, that can be stopped, started again on the same data, and paused.
 *
 * It is never ended with SIGKILL: Azurite keeps acknowledged writes in memory, and saves them every five seconds and when it
 * gets SIGTERM. A kill would lose acknowledged writes, which Azure Storage does not. These faults are possible here: the
 * storage is down, it does not answer, or its answers are lost.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AzuriteProcess } from '../../src/local/azurite.ts';
import { startAzurite } from '../../src/local/azurite.ts';
import type { Period } from '../../src/local/simulator/truth.ts';
import type { Released } from './queue-file.ts';
import { releaseMessages } from './queue-file.ts';
import type { StorageProxy } from './storage-proxy.ts';
import { startStorageProxy } from './storage-proxy.ts';

export interface Storage {
  /** Stays valid over restarts. */
  readonly connectionString: string;
  /** When it was down, paused or lost answers. */
  readonly faults: readonly Period[];
  /** Stops it without a loss of data, and starts it again on the same data; `between` runs while it is down. */
  restart(between: () => Promise<void>, released?: Released): Promise<void>;
  pause(): void;
  resume(): void;
  loseAnswers(share: number): void;
  stop(): Promise<void>;
}

const services = ['TableEndpoint', 'QueueEndpoint'] as const;

export async function startStorage(random: () => number): Promise<Storage> {
  const location = await mkdtemp(join(tmpdir(), 'acr-replication-chaos-'));
  const proxies = await Promise.all(services.map(() => startStorageProxy(random)));
  let azurite = await startAzurite({ location });
  // A paused process does not notice that its parent has ended, and would never end.
  const resume = () => signal(azurite, 'SIGCONT');
  process.once('exit', resume);
  const faults: Period[] = [];
  const begin = () => void faults.push({ from: Date.now(), until: null });
  const end = () => {
    for (const fault of faults) fault.until ??= Date.now();
  };
  connect(proxies, azurite);

  return {
    connectionString: services.reduce(
      (text, service, i) =>
        text.replace(new RegExp(`(${service}=http://[^:]+:)\\d+`), `$1${String(proxies[i]?.port ?? 0)}`),
      azurite.connectionString,
    ),
    faults,
    async restart(between, released) {
      begin();
      resume();
      await Promise.all(proxies.map((proxy) => proxy.disconnect()));
      await azurite.stop();
      if (released !== undefined) await releaseMessages(location, released, Date.now());
      await between();
      azurite = await startAzurite({ location });
      connect(proxies, azurite);
      end();
    },
    pause() {
      begin();
      signal(azurite, 'SIGSTOP');
    },
    resume() {
      resume();
      end();
    },
    loseAnswers(share) {
      if (share > 0) begin();
      else end();
      for (const proxy of proxies) proxy.loseAnswers(share);
    },
    async stop() {
      resume();
      process.off('exit', resume);
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await azurite.stop();
      await rm(location, { recursive: true, force: true });
    },
  };
}

function connect(proxies: readonly StorageProxy[], { connectionString }: AzuriteProcess): void {
  proxies.forEach((proxy, i) => {
    const [, endpoint = ''] = new RegExp(`${services[i]}=([^;]+)`).exec(connectionString) ?? [];
    proxy.connect(endpoint);
  });
}

function signal({ pid }: AzuriteProcess, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is being started again: there is no process to pause or resume.
  }
}
