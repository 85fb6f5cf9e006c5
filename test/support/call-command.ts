/** Runs the command line in this process: the test provides its input and files, and its output is kept. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { CliContext } from '../../src/cli/cli-context.ts';
import { runCommand } from '../../src/cli/command.ts';
import type { Environment } from '../../src/cli/environment.ts';
import { httpGet } from '../../src/cli/http-get.ts';
import type { Clock } from '../../src/core/ports.ts';

export interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What can be read, by path; `-` is standard input. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

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

/** @param terminal its width, where standard output is one, and the time */
export async function call(
  run: (cliContext: CliContext) => Promise<number>,
  environment: Environment = {},
  signal: AbortSignal = new AbortController().signal,
  files: Files = {},
  terminal: { readonly columns?: number; readonly now?: number } = {},
): Promise<Called> {
  const { columns, now } = terminal;
  const stdout = Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true, columns });
  const clock = now === undefined ? realClock : { ...realClock, now: () => now };
  const stderr = new PassThrough();
  const [out, err] = [text(stdout), text(stderr)];
  const code = await run({
    ...{ stdout, stderr, environment, get: httpGet, clock, random: () => 0, signal },
    async readFile(path) {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error('not there'), { code: 'ENOENT' });
      return typeof content === 'string' ? new TextEncoder().encode(content) : content;
    },
  });
  stdout.end();
  stderr.end();
  return { code, out: await out, err: await err };
}

export async function callCommand(
  words: readonly string[],
  environment: Environment = {},
  files: Files = {},
): Promise<Called> {
  return call((cliContext) => runCommand(words, '1.2.3', cliContext), environment, undefined, files);
}
