/** One question, one answer: what the commands have in common that do not wait. */
import type { Parsed } from '../core/parsed.ts';
import { exitCodes } from './exit-codes.ts';
import type { Failure } from './failure.ts';
import { interruptionOf } from './interruption.ts';
import type { Surroundings } from './surroundings.ts';
import { printLine } from './surroundings.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';

/** A command that cannot go on: what to say, and the exit code. */
export class Stop extends Error {
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(message: string, exitCode: number, hint?: string) {
    super(message);
    this.name = 'Stop';
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** An app that has been asleep takes some seconds to answer the first question. */
const patienceMs = 30_000;

export async function askOnce(
  client: TrackerClient,
  { signal }: Surroundings,
  path: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Fields> {
  const reply = await client.get(path, query, patienceMs);
  const interruption = interruptionOf(signal);
  if (interruption !== undefined) throw new Stop('interrupted', exitCodes[interruption]);
  if (reply.ok) return reply.body;
  throw stopFor(reply.failure);
}

export function stopFor({ message, outcome, hint }: Failure): Stop {
  return new Stop(message, exitCodes[outcome], hint);
}

/** The value, or the end of the command with each fault on a line. */
export function need<T>(read: Parsed<T>): T {
  if (read.ok) return read.value;
  const faults = read.problems.map(({ field, reason }) => `${field}: ${reason}`);
  throw new Stop(faults.join('\n'), exitCodes.badUsage);
}

/** @returns the exit code */
export function printStop(stop: Stop, { stderr }: Surroundings): number {
  printLine(stderr, stop.message);
  if (stop.hint !== undefined) printLine(stderr, stop.hint);
  return stop.exitCode;
}
