/**
 * Runs a command as a process: a signal ends it with a summary instead of in the middle, a closed pipe is no crash, and
 * open handles do not keep it running.
 */
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { clean } from './clean.ts';
import type { CliContext, Output } from './cli-context.ts';
import type { Environment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import { httpGet } from './http-get.ts';

export interface Host {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  exit(code: number): never;
}

export async function runProcess(
  host: Host,
  environment: Environment,
  run: (cliContext: CliContext) => Promise<number>,
): Promise<never> {
  const { stdout, stderr } = host;
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    host.on(name, () => {
      // A second signal skips the summary.
      if (interruption.signal.aborted) host.exit(exitCodes[name]);
      interruption.abort(name);
    });
  }
  for (const output of [stdout, stderr]) {
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const exitCode = await run({
    stdout,
    stderr,
    environment,
    get: httpGet,
    readFile: (path) =>
      path === '-'
        ? // A person at the terminal can cancel.
          buffer(addAbortSignal(interruption.signal, host.stdin))
        : readFile(path, { signal: interruption.signal }),
    random: Math.random,
    signal: interruption.signal,
    clock: {
      now: Date.now,
      sleep: (milliseconds, signal) =>
        setTimeout(Math.max(0, milliseconds), undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
    },
  }).catch((error: unknown) => {
    stderr.write(`unexpected: ${clean(error instanceof Error ? error.message : String(error))}\n`);
    return exitCodes.unexpected;
  });
  await Promise.all([flushed(stdout), flushed(stderr)]);
  return host.exit(exitCode);
}

function flushed(output: Output): Promise<void> {
  return new Promise((resolve) => void output.write('', () => resolve()));
}
