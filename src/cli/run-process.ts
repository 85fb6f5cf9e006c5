/**
 * Runs one command as a process: signals end it with a summary rather than in the middle, a reader that has gone away
 * is no crash, and nothing left open keeps it from ending.
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
      // Who asks twice does not want the summary.
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
        ? // Whoever types it may give up.
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
