/** Single requests, for the commands that do not wait. */
import type { Parsed } from '../core/runtime/parsed.ts';
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { exitCodes } from './exit-codes.ts';
import type { Failure } from './failure.ts';
import { combineFailures } from './failure.ts';
import { interruptionOf } from './interruption.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';

/** Ends the command with a message and an exit code. */
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

/** A stopped app needs some seconds to start and answer. */
const limitMs = 30_000;

export function askOnce(
  client: TrackerClient,
  cliContext: CliContext,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Fields> {
  return askEach(client, cliContext, () => client.get(path, query, limitMs));
}

/** The same as a POST. */
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
    // Another address would refuse the request as well.
    if (reply.failure.outcome === 'badUsage') throw toCommandError(reply.failure);
    failures.push(reply.failure);
    client.useNext();
  }
  throw toCommandError(combineFailures(failures));
}

function toCommandError({ message, outcome, hint }: Failure): CommandError {
  return new CommandError(message, exitCodes[outcome], hint);
}

/**
 * @param hint what to do about it
 * @returns the value
 * @throws CommandError with a line for each fault
 */
export function parsedOrFail<T>(read: Parsed<T>, hint?: string): T {
  if (read.ok) return read.value;
  const faults = read.problems.map(({ field, reason }) => `${field}: ${reason}`);
  throw new CommandError(faults.join('\n'), exitCodes.badUsage, hint);
}

/** @returns the exit code */
export function printCommandError(stop: CommandError, { stderr }: CliContext): number {
  printLine(stderr, stop.message);
  if (stop.hint !== undefined) printLine(stderr, stop.hint);
  return stop.exitCode;
}
