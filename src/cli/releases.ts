/** The `releases` command: releases, newest first, with their state and, of those that are not complete, what is missing. */
import { inChunks } from '../core/runtime/in-chunks.ts';
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { Answer } from './document.ts';
import { listOf, readNumber, readText, readTexts } from './document.ts';
import { formatAge } from './duration.ts';
import { exitCodes } from './exit-codes.ts';
import { askOnce, CommandError } from './question.ts';
import { missingWords } from './region-words.ts';
import { releaseState } from './release-document.ts';
import type { SeveralAnswer } from './several-document.ts';
import { labeller, readSeveral } from './several-document.ts';
import { stateColor } from './state-color.ts';
import { painter } from './terminal.ts';
import type { Column } from './text-table.ts';
import { textTable, widthOf } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';

export interface ReleasesOptions {
  readonly limit: number;
  readonly output: 'text' | 'wide' | 'json';
}

const maxPage = 500;
/** Of releases that are not complete, the images are read: each is a question. */
const readAtOnce = 8;

export async function releases(
  { limit, output }: ReleasesOptions,
  client: TrackerClient,
  cliContext: CliContext,
): Promise<void> {
  const { stdout, stderr, environment, clock } = cliContext;
  const found: Fields[] = [];
  let cursor: string | undefined;
  do {
    const page = await askOnce(client, cliContext, 'api/releases', {
      ...{ limit: String(Math.min(limit - found.length, maxPage)), cursor },
    });
    if (!Array.isArray(page.releases)) throw noList();
    found.push(...listOf(page.releases));
    cursor = readText(page.next);
  } while (cursor !== undefined && found.length < limit);
  if (cursor !== undefined) printLine(stderr, `There are more releases: --limit ${limit * 2}`);
  if (output === 'json') {
    for (const release of found) printLine(stdout, JSON.stringify(release));
    return;
  }
  if (found.length === 0) return printLine(stdout, 'No releases.');
  const documents = await readOpen(found, client, cliContext);
  const isWide = output === 'wide';
  const rows = found.map((release) =>
    rowOf(release, documents.get(readText(release.name)), isWide ? undefined : clock.now()),
  );
  const width = isWide ? undefined : widthOf(stdout);
  const shown = isWide ? rows : rows.map((row) => row.slice(0, columns.length));
  printLine(
    stdout,
    textTable(isWide ? [...columns, ...wideColumns] : columns, shown, { width, paint: painter(stdout, environment) }),
  );
}

function noList(): CommandError {
  const message = 'what answers is not the tracker, or one without releases: its answer is no list of releases';
  return new CommandError(message, exitCodes.foreign, 'See --url or ACR_REPLICATION_URL.');
}

/** By name. A release that was deleted since the list was read has none. */
async function readOpen(
  found: readonly Fields[],
  client: TrackerClient,
  cliContext: CliContext,
): Promise<ReadonlyMap<string | undefined, Fields>> {
  const documents = new Map<string | undefined, Fields>();
  const open = found.filter(({ availableAt }) => readText(availableAt) === undefined);
  for (const some of inChunks(
    open.flatMap(({ name }) => readText(name) ?? []),
    readAtOnce,
  )) {
    await Promise.all(
      some.map(async (name) => {
        try {
          documents.set(name, await askOnce(client, cliContext, `api/releases/${encodeURIComponent(name)}`));
        } catch (error) {
          if (!(error instanceof CommandError) || error.exitCode !== exitCodes.badUsage) throw error;
        }
      }),
    );
  }
  return documents;
}

const columns: readonly Column[] = [
  { name: 'release', minWidth: 12, isCutInside: true },
  { name: 'state', color: stateColor },
  { name: 'images', isRight: true },
  { name: 'age', droppedAt: 1 },
  { name: 'incomplete images', minWidth: 14, isList: true, color: () => 'yellow' },
];
const wideColumns = ['revision', 'available', 'event accepted', 'names of images'];

/** @param document of a release that is not complete @param now to show an age instead of a time */
function rowOf(release: Fields, document: Fields | undefined, now: number | undefined): string[] {
  const images = readTexts(release.images) ?? [];
  const createdAt = readText(release.createdAt);
  const several = document === undefined ? undefined : readSeveral(document);
  const isAvailable = readText(release.availableAt) !== undefined;
  const complete = isAvailable ? images.length : several?.images.filter(({ satisfied }) => satisfied).length;
  return [
    readText(release.name) ?? '?',
    releaseState(document ?? release),
    `${complete ?? '?'}/${images.length}`,
    createdAt === undefined ? '' : now === undefined ? createdAt : formatAge(now - Date.parse(createdAt)),
    several === undefined ? '' : missingOf(several, now === undefined),
    String(readNumber(release.revision) ?? ''),
    readText(release.availableAt) ?? '',
    readText(release.announcedAt) ?? '',
    images.join(','),
  ];
}

/** The images that are not complete; in the wide table with the reason: `team/cart:v1 (signature in westeurope)`. */
function missingOf(several: SeveralAnswer, withReason: boolean): string {
  const label = labeller(several.images);
  const missing = several.images.filter(({ satisfied }) => !satisfied);
  if (!withReason) return missing.map(label).join(',');
  return missing.map((one) => `${label(one)} (${reasonOf(one)})`).join(',');
}

function reasonOf(one: Answer): string {
  if (one.state === 'unknown') return 'not reported';
  return one.state === 'deleted' ? 'deleted' : missingWords(one).join(', ');
}
