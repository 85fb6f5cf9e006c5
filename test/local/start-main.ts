/** Runs the entry point as `npm start` does: a process of its own, observed by its output and its exit code. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished, vi } from 'vitest';
import { makeFolder } from './make-folder.ts';

const main = fileURLToPath(new URL('../../bin/local/main.mjs', import.meta.url));

export interface MainOptions {
  readonly app: string;
  readonly data: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where settings files are looked for. Default: an empty folder. */
  readonly folder?: string;
  /** Starts it through a shell, as npm does; signals then go to the shell alone. */
  readonly throughShell?: boolean;
}

export interface MainProcess {
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  kill(signal: NodeJS.Signals): void;
}

export async function spawnMain({
  app,
  data,
  flags = [],
  env = {},
  folder,
  throughShell = false,
}: MainOptions): Promise<MainProcess> {
  const command = [process.execPath, main, '--app', app, '--data', data, ...flags];
  const [program = '', ...rest] = throughShell ? ['sh', '-c', '"$0" "$@"; exit $?', ...command] : command;
  const child = spawn(program, rest, {
    // A process group of its own, so that leftovers of a failed test can be ended with it.
    detached: true,
    cwd: folder ?? (await makeFolder()),
    env: { PATH: process.env.PATH, PORT: '0', AzureWebJobsStorage: 'UseDevelopmentStorage=true', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.stderr += chunk));
  // When its pipes are closed as well, all its output has been read.
  const exited = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  const pid = child.pid ?? 0;
  onTestFinished(async () => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nothing of the group is left, as it should be.
    }
    await exited;
  });
  return {
    pid,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    exited,
    kill: (signal) => void child.kill(signal),
  };
}

/** Resolves to its address once it listens; fails at once when it ends instead. */
export async function waitForUrl(main: MainProcess): Promise<string> {
  const listening = vi.waitUntil(() => /^Listening on (\S+)$/m.exec(main.stdout())?.[1], { timeout: 20_000 });
  const ended = main.exited.then(({ code }) => Promise.reject(new Error(`ended with ${code}: ${main.stderr()}`)));
  return Promise.race([listening, ended]);
}
