/** The `waiting` command: the open waits of one registry, or of all, with their requirement and their clients. */
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { listOf, readNumber, readText, readTexts } from './document.ts';
import { formatAge } from './duration.ts';
import { exitCodes } from './exit-codes.ts';
import { askOnce, CommandError } from './question.ts';
import { shortDigest } from './region-words.ts';
import { registriesToList } from './registries.ts';
import { painter } from './terminal.ts';
import type { Column } from './text-table.ts';
import { textTable, widthOf, wrapLine } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';

export interface WaitingOptions {
  readonly registry?: string;
  readonly output: 'text' | 'wide' | 'json';
}

export async function waiting(options: WaitingOptions, client: TrackerClient, cliContext: CliContext): Promise<void> {
  const { stdout, environment, clock } = cliContext;
  const registries = await registriesToList(options.registry, client, cliContext);
  const waits: Fields[] = [];
  const notes: string[] = [];
  for (const registry of registries) {
    const answer = await askOnce(client, cliContext, 'api/waiting', { registry });
    if (!Array.isArray(answer.waiting)) throw noList();
    if (options.output === 'json') printLine(stdout, JSON.stringify(answer));
    waits.push(...listOf(answer.waiting));
    notes.push(...notesOn(answer, registry));
  }
  if (options.output === 'json') return;
  const isWide = options.output === 'wide';
  const width = isWide ? undefined : widthOf(stdout);
  const rows = longestFirst(waits).map((wait) =>
    rowOf(wait, isWide ? undefined : { isSeveral: registries.length > 1, now: clock.now() }),
  );
  const table =
    rows.length === 0 ? 'No client waits.' : textTable(columns, rows, { width, paint: painter(stdout, environment) });
  printLine(stdout, [table, ...notes.map((line) => wrapLine(line, width))].join('\n'));
}

function noList(): CommandError {
  const message = 'what answers is not the tracker, or an older one: its answer is no list of waits';
  return new CommandError(message, exitCodes.foreign, 'See --url or ACR_REPLICATION_URL.');
}

/** What the list leaves out. */
function notesOn({ waiting: shown, total, checksComplete }: Fields, registry: string): string[] {
  const all = readNumber(total) ?? 0;
  const count = listOf(shown).length;
  return [
    ...(all > count ? [`The ${count} longest waits of ${all} for ${registry} are listed.`] : []),
    ...(checksComplete === false ? ['Not all deployment checks could be read: more may wait.'] : []),
  ];
}

/** Each once: every registry lists the releases. */
function longestFirst(waits: readonly Fields[]): Fields[] {
  const since = (wait: Fields) => readText(wait.since) ?? '';
  const each = new Map(waits.map((wait) => [JSON.stringify(wait), wait]));
  return [...each.values()].sort((a, b) => (since(a) < since(b) ? -1 : 1));
}

const columns: readonly Column[] = [
  { name: 'waited for', minWidth: 14, isCutInside: true },
  { name: 'requirement', minWidth: 14 },
  { name: 'since' },
  { name: 'requests', isRight: true },
  { name: 'checks', isRight: true },
];

/** @param short for the names and the times of the table that fits a terminal; without, everything is written in full */
function rowOf(wait: Fields, short: { readonly isSeveral: boolean; readonly now: number } | undefined): string[] {
  const since = readText(wait.since);
  const name = readText(wait.name) ?? '?';
  const isRelease = wait.kind === 'release';
  return [
    isRelease ? `release ${name}` : short === undefined ? name : shortName(name, short.isSeveral),
    isRelease ? 'of the release' : requirementText(wait),
    since === undefined ? '' : short === undefined ? since : `${formatAge(short.now - Date.parse(since))} ago`,
    String(readNumber(wait.requests) ?? ''),
    String(readNumber(wait.checks) ?? ''),
  ];
}

/** Without the registry while there is one, and with a short digest. */
function shortName(name: string, withRegistry: boolean): string {
  const [path = '', digest] = (withRegistry ? name : name.slice(name.indexOf('/') + 1)).split('@');
  return digest === undefined ? path : `${path}@${shortDigest(digest)}`;
}

/** `every region`, `2 of eastus, westeurope, uksouth; with signature; only linux/amd64`. */
function requirementText({ regions, require, artifacts, platforms }: Fields): string {
  const [places, kinds, only] = [regions, artifacts, platforms].map((names) => readTexts(names)?.join(', ') ?? '');
  const count = readNumber(require);
  const where =
    require === 'any'
      ? places === ''
        ? 'any region'
        : `any of ${places}`
      : count === undefined
        ? places || 'every region'
        : places === ''
          ? `${count} ${count === 1 ? 'region' : 'regions'}`
          : `${count} of ${places}`;
  return [where, ...(kinds ? [`with ${kinds}`] : []), ...(only ? [`only ${only}`] : [])].join('; ');
}
