/** One question, one answer: what the commands have in common that do not wait. */
import type { Parsed } from '../core/runtime/parsed.ts';
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { exitCodes } from './exit-codes.ts';
import type { Failure } from './failure.ts';
import { combineFailures } from './failure.ts';
import { interruptionOf } from './interruption.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';

/** A command that cannot go on: what to say, and the exit code. */
export class CommandError extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, exitCode: number, hint?: string) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** An app that has been stopped for a while needs some seconds to answer the first question. */
const limitMs = 30_000;

export function askOnce(
  client: TrackerClient,
  cliContext: CliContext,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Fields> {
  return askEach(client, cliContext, () => client.get(path, query, limitMs));
}

/** The same with a body. */
export function postOnce(client: TrackerClient, cliContext: CliContext, path: string, body: object) {
  return askEach(client, cliContext, () => client.post(path, body, limitMs));
}

async function askEach(
  client: TrackerClient,
  { signal }: CliContext,
  ask: () => ReturnType<TrackerClient['get']>,
): Promise<Fields> {
  const failures: Failure[] = [];
  for (let i = 0; i < client.addresses; i++) {
    const reply = await ask();
    const interruption = interruptionOf(signal);
    if (interruption !== undefined) throw new CommandError('interrupted', exitCodes[interruption]);
    if (reply.ok) return reply.body;
    // The next one would say the same of the question.
    if (reply.failure.outcome === 'badUsage') throw toCommandError(reply.failure);
    failures.push(reply.failure);
    client.useNext();
  }
  throw toCommandError(combineFailures(failures));
}

function toCommandError({ message, outcome, hint }: Failure): CommandError {
  return new CommandError(message, exitCodes[outcome], hint);
}

/** The value, or the end of the command with each fault on a line. */
export function parsedOrFail<T>(read: Parsed<T>): T {
  if (read.ok) return read.value;
  const faults = read.problems.map(({ field, reason }) => `${field}: ${reason}`);
  throw new CommandError(faults.join('\n'), exitCodes.badUsage);
}

/** @returns the exit code */
export function printCommandError(stop: CommandError, { stderr }: CliContext): number {
  printLine(stderr, stop.message);
  if (stop.hint !== undefined) printLine(stderr, stop.hint);
  return stop.exitCode;
}
