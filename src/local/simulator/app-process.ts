/**
 * Starts the tracker as a child process, as `npm start` does, on a free port and independent of the shell's
 * environment. It is always stopped again, by force if necessary.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface AppProcess {
  url: string;
  pid: number;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
  /** The last lines it printed, for an error message. */
  lastLines(): string;
  /** Resolves when the process has ended for any reason. */
  ended: Promise<void>;
}

export interface AppOptions {
  /** The script that Node runs, and its arguments. */
  command: readonly string[];
  /** The whole environment of the process. */
  settings: Readonly<Record<string, string>>;
  /** Its working directory: a folder without a settings file, so that only the settings above apply. */
  folder?: string;
  startTimeoutMs?: number;
  stopTimeoutMs?: number;
  signal?: AbortSignal;
  /** Called with every line that the process prints, on either stream. */
  onLine?: (line: string) => void;
}

const KEEP_LINES = 20;
const CAN_GROUP = process.platform !== 'win32';

/** @throws Error with the last lines it printed, when it ends or does not listen in time */
export async function startApp(options: AppOptions): Promise<AppProcess> {
  const { command, settings, folder, startTimeoutMs = 30_000, stopTimeoutMs = 8_000, signal, onLine } = options;
  const lines: string[] = [];
  const keep = (line: string) => {
    if (lines.push(line) > KEEP_LINES) lines.shift();
    onLine?.(line);
  };
  // In a process group of its own, so that Ctrl-C reaches only this process, and one signal reaches all processes of
  // the app.
  const child = spawn(process.execPath, command, {
    env: settings,
    ...(folder === undefined ? {} : { cwd: folder }),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: CAN_GROUP,
  });
  const killOnExit = () => kill(child);
  process.once('exit', killOnExit);
  const ended = once(child, 'close').then(
    () => undefined,
    () => undefined,
  );
  const lastLines = () => lines.join('\n');

  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const timer = setTimeout(() => kill(child), stopTimeoutMs);
      await ended;
      clearTimeout(timer);
    }
    process.off('exit', killOnExit);
  }

  try {
    const url = await new Promise<string>((resolve, reject) => {
      const read = (line: string) => {
        keep(line);
        const [, found] = /^Listening on (http:\/\/\S+)/.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      };
      createInterface({ input: child.stdout }).on('line', read);
      createInterface({ input: child.stderr }).on('line', keep);
      const fail = (what: string) => reject(new Error(`the tracker ${what}; its last lines:\n${lastLines()}`));
      child.once('error', (cause) => fail(`could not be started (${cause.message})`));
      child.once('close', (code) => fail(`ended with exit code ${code} before it listened`));
      setTimeout(() => fail(`did not listen within ${startTimeoutMs / 1_000} s`), startTimeoutMs).unref();
      signal?.addEventListener('abort', () => fail('was stopped while it started'), { once: true });
    });
    return { url, pid: child.pid ?? 0, stop, lastLines, ended };
  } catch (failure) {
    await stop();
    throw failure;
  }
}

function kill(child: ChildProcess): void {
  try {
    if (CAN_GROUP && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}
