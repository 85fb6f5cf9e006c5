/** What a command is given of the outside, so that tests can give it something else and nothing is reached for. */
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
  /** For progress and for what went wrong. */
  readonly stderr: Output;
  readonly environment: Environment;
  /** @param path `-` is standard input */
  readonly readFile: (path: string) => Promise<Uint8Array>;
  readonly get: HttpGet;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Aborted when the process is asked to end; its reason is the signal's name. */
  readonly signal: AbortSignal;
}

export function printLine(output: Output, line: string): void {
  output.write(`${line}\n`);
}
