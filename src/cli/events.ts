/**
 * The `events` command: the events published about an image, and whether the topic has accepted them. The `replay`
 * command: publishes them again, with the same ids.
 */

import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { readNumber, readText } from './document.ts';
import { exitCodes } from './exit-codes.ts';
import { askOnce, CommandError, postOnce } from './question.ts';
import { stateColor } from './state-color.ts';
import { painter } from './terminal.ts';
import type { Column } from './text-table.ts';
import { textTable, widthOf, wrapLine } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';
import { isFields } from './tracker-reply.ts';

export interface EventsOptions {
  readonly output: 'text' | 'wide' | 'json';
}

export async function events(
  image: string,
  { output }: EventsOptions,
  client: TrackerClient,
  cliContext: CliContext,
): Promise<void> {
  const { stdout, environment } = cliContext;
  const list = await askOnce(client, cliContext, 'api/events', { image });
  if (output === 'json') return printLine(stdout, JSON.stringify(list));
  const found = Array.isArray(list.events) ? list.events.filter(isFields) : [];
  if (found.length === 0) return printLine(stdout, `Nothing was published about ${readText(list.image) ?? image} yet.`);
  const isWide = output === 'wide';
  const width = isWide ? undefined : widthOf(stdout);
  const rows = found.map((event) => [
    readText(event.time) ?? '',
    readText(event.type)?.replace(/^AcrReplication\./, '') ?? '',
    aboutOf(event),
    deliveryOf(event),
    readText(event.publishedAt) ?? '',
    ...(isWide ? wideCells(event) : []),
  ]);
  const columns: readonly (Column | string)[] = [
    { name: 'time', droppedAt: 1 },
    { name: 'event', minWidth: 22 },
    { name: 'about', minWidth: 12 },
    { name: 'delivery', color: stateColor },
    { name: 'accepted', droppedAt: 2 },
    ...(isWide ? ['subject', 'id', 'last failure', 'last error'] : []),
  ];
  const table = textTable(columns, rows, { paint: painter(stdout, environment), width });
  const lines = isWide ? [] : errorLines(list, found);
  printLine(stdout, [table, ...lines.map((line) => wrapLine(line, width))].join('\n'));
}

/** `pending, 3 failures`. */
function deliveryOf(event: Fields): string {
  const state = readText(event.status) ?? '';
  const count = readNumber(failuresOf(event).count);
  return count === undefined ? state : `${state}, ${count} ${count === 1 ? 'failure' : 'failures'}`;
}

function wideCells(event: Fields): string[] {
  const { lastAt, lastError } = failuresOf(event);
  return [event.subject, event.id, lastAt, lastError].map((value) => readText(value) ?? '');
}

/** Why the topic has not accepted events: each error once, since most events fail alike. */
function errorLines({ topicError }: Fields, events: readonly Fields[]): string[] {
  const pending = events.filter(({ status }) => status === 'pending');
  const errors = pending.flatMap((event) => [failuresOf(event).lastError, topicError]);
  return [...new Set(errors.flatMap((error) => readText(error) ?? []))].map((error) => `not accepted: ${error}`);
}

function failuresOf({ failedAttempts }: Fields): Fields {
  return isFields(failedAttempts) ? failedAttempts : {};
}

/** The region or the tag that the event is about. */
function aboutOf({ region, subject }: Fields): string {
  return readText(region) ?? /^[^@]*:([^@]*)$/.exec(readText(subject) ?? '')?.[1] ?? '';
}

export async function replay(
  image: string,
  { output }: { readonly output: 'text' | 'json' },
  client: TrackerClient,
  cliContext: CliContext,
): Promise<void> {
  const { stdout } = cliContext;
  const started = await postOnce(client, cliContext, 'api/events/replay', { image }).catch((error: unknown) => {
    if (!(error instanceof CommandError) || error.exitCode !== exitCodes.refused) throw error;
    throw new CommandError(
      error.message,
      error.exitCode,
      'Publishing again needs an admin key (the host key "_master"), with --key.',
    );
  });
  if (output === 'json') return printLine(stdout, JSON.stringify(started));
  const id = readText(started.replay) ?? '?';
  printLine(
    stdout,
    `Publishing again what was published about ${readText(started.image) ?? image}, with the same ids (replay ${id}).`,
  );
}
