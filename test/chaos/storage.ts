/**
 * One storage for all app processes, on disk, that can be stopped, started again on the same data, and paused.
 *
 * It is never ended with SIGKILL: Azurite keeps what it has acknowledged in memory and saves it every five seconds and
 * when it is told to stop, so a kill loses acknowledged writes, which Azure Storage does not. What the app must live
 * with is here: no storage, a silent one, and answers that get lost on the way.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AzuriteProcess } from '../../src/local/azurite.ts';
import { startAzurite } from '../../src/local/azurite.ts';
import type { Spell } from '../../src/local/simulator/truth.ts';
import type { Released } from './queue-file.ts';
import { releaseMessages } from './queue-file.ts';
import type { StorageLine } from './storage-line.ts';
import { startStorageLine } from './storage-line.ts';

export interface Storage {
  /** Stays valid over restarts. */
  readonly connectionString: string;
  /** When it was away, silent or losing answers. */
  readonly troubles: readonly Spell[];
  /** Stops it in good order and starts it again on the same data; `between` happens while it is away. */
  restart(between: () => Promise<void>, released?: Released): Promise<void>;
  pause(): void;
  resume(): void;
  loseAnswers(share: number): void;
  stop(): Promise<void>;
}

const services = ['TableEndpoint', 'QueueEndpoint'] as const;

export async function startStorage(random: () => number): Promise<Storage> {
  const location = await mkdtemp(join(tmpdir(), 'acr-replication-chaos-'));
  const lines = await Promise.all(services.map(() => startStorageLine(random)));
  let azurite = await startAzurite({ location });
  // A stopped process does not hear that its parent has ended, and would stay for ever.
  const resume = () => signal(azurite, 'SIGCONT');
  process.once('exit', resume);
  const troubles: Spell[] = [];
  const begin = () => void troubles.push({ from: Date.now(), until: null });
  const end = () => {
    for (const trouble of troubles) trouble.until ??= Date.now();
  };
  connect(lines, azurite);

  return {
    connectionString: services.reduce(
      (text, service, i) =>
        text.replace(new RegExp(`(${service}=http://[^:]+:)\\d+`), `$1${String(lines[i]?.port ?? 0)}`),
      azurite.connectionString,
    ),
    troubles,
    async restart(between, released) {
      begin();
      resume();
      await Promise.all(lines.map((line) => line.disconnect()));
      await azurite.stop();
      if (released !== undefined) await releaseMessages(location, released, Date.now());
      await between();
      azurite = await startAzurite({ location });
      connect(lines, azurite);
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
      for (const line of lines) line.loseAnswers(share);
    },
    async stop() {
      resume();
      process.off('exit', resume);
      await Promise.all(lines.map((line) => line.stop()));
      await azurite.stop();
      await rm(location, { recursive: true, force: true });
    },
  };
}

function connect(lines: readonly StorageLine[], { connectionString }: AzuriteProcess): void {
  lines.forEach((line, i) => {
    const [, endpoint = ''] = new RegExp(`${services[i]}=([^;]+)`).exec(connectionString) ?? [];
    line.connect(endpoint);
  });
}

function signal({ pid }: AzuriteProcess, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is being started again; then there is nobody to stop or to wake.
  }
}
