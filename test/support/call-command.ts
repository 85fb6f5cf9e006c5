/** Runs the command line in this process: what it is given is the test's, what it writes is kept. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runCommand } from '../../src/cli/command.ts';
import type { Environment, Surroundings } from '../../src/cli/surroundings.ts';
import type { Clock } from '../../src/core/ports.ts';

export interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const realClock: Clock = {
  now: Date.now,
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, milliseconds));
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

export async function call(
  run: (surroundings: Surroundings) => Promise<number>,
  environment: Environment = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Called> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const [out, err] = [text(stdout), text(stderr)];
  const code = await run({ stdout, stderr, environment, fetch, clock: realClock, random: () => 0, signal });
  stdout.end();
  stderr.end();
  return { code, out: await out, err: await err };
}

export async function callCommand(words: readonly string[], environment: Environment = {}): Promise<Called> {
  return call((surroundings) => runCommand(words, '1.2.3', surroundings), environment);
}
