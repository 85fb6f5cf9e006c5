/** The command in a process of its own, its streams piped or on a terminal. */
import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

const command = new URL('../../bin/acr-replication.mjs', import.meta.url).pathname;

/** So wide that no line is broken where a test searches for text. */
const wide = 'stty cols 240';

export interface RunningCommand {
  /** On a terminal both streams are one. */
  out(): string;
  err(): string;
  /** Sends a signal; on a terminal, presses Ctrl-C. */
  interrupt(signal?: 'SIGINT' | 'SIGTERM'): void;
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
}

export interface RunOptions {
  readonly mode: 'piped' | 'terminal';
  readonly environment?: Readonly<Record<string, string>>;
  /** Its output is not read. */
  readonly isUnread?: boolean;
}

export function startCommand(words: readonly string[], { mode, environment, isUnread }: RunOptions): RunningCommand {
  const line = [process.execPath, command, ...words];
  const [program = '', ...rest] =
    mode === 'piped' ? line : ['script', '-qec', `${wide}; ${line.map((word) => `'${word}'`).join(' ')}`, '/dev/null'];
  const env = { PATH: process.env.PATH ?? '', TERM: 'xterm', SHELL: '/bin/sh', ...environment };
  const child = spawn(program, rest, { env, stdio: 'pipe' });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  // It may have ended before the key is pressed.
  child.stdin.on('error', () => {});
  if (isUnread === true) child.stdout.destroy();
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    out: () => out,
    err: () => err,
    interrupt(signal = 'SIGINT') {
      if (mode === 'terminal') child.stdin.write('\u0003');
      else child.kill(signal);
    },
    ended,
  };
}
