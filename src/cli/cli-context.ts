/** Everything outside the process that a command may use, so that tests can replace it. */
import type { Clock } from '../core/ports.ts';
import type { Environment } from './environment.ts';
import type { HttpGet } from './http-get.ts';

/** A stream that may be a terminal. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export interface CliContext {
  /** For results. */
  readonly stdout: Output;
  /** For progress and errors. */
  readonly stderr: Output;
  readonly environment: Environment;
  /** @param path `-` is standard input */
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly get: HttpGet;
  readonly clock: Clock;
  /** A random number from 0 to 1. */
  readonly random: () => number;
  /** Aborted when the process receives a signal; its reason is the signal's name. */
  readonly signal: AbortSignal;
}

export function printLine(output: Output, line: string): void {
  output.write(`${line}\n`);
}
