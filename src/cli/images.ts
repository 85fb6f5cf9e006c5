/** The `images` command: lists the images of one registry or of all, page by page until the limit is reached. */

import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { Answer } from './document.ts';
import { readAnswer, readText, readTexts } from './document.ts';
import { formatAge } from './duration.ts';
import { exitCodes } from './exit-codes.ts';
import { askOnce, CommandError } from './question.ts';
import { regionsLeft, shortDigest } from './region-words.ts';
import { registriesToList } from './registries.ts';
import { stateColor } from './state-color.ts';
import { painter } from './terminal.ts';
import type { Column } from './text-table.ts';
import { textTable, widthOf } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import { isFields } from './tracker-reply.ts';

export interface ImagesOptions {
  readonly registry?: string;
  readonly repository?: string;
  readonly state?: string;
  readonly region?: string;
  /** `true` without a region of its own: then in `region`, or in any expected region. */
  readonly missing?: boolean | string;
  readonly sort?: string;
  /** Limit per registry. */
  readonly limit: number;
  readonly output: 'text' | 'wide' | 'json';
}

const maxPage = 500;

export async function images(
  query: string | undefined,
  given: ImagesOptions,
  client: TrackerClient,
  cliContext: CliContext,
): Promise<void> {
  const options = withRegion(given);
  const { stdout, stderr } = cliContext;
  const found: Answer[] = [];
  const registries = await registriesToList(options.registry, client, cliContext);
  for (const registry of registries) {
    let left = options.limit;
    let cursor: string | undefined;
    do {
      const page = await askOnce(client, cliContext, 'api/images', queryFor(query, options, registry, left, cursor));
      const listed = Array.isArray(page.images) ? page.images.filter(isFields) : [];
      const answers = listed.flatMap((document) => readAnswer(document) ?? []);
      if (options.output === 'json') printDocuments(answers, cliContext);
      found.push(...answers);
      left -= listed.length;
      cursor = readText(page.next);
    } while (cursor !== undefined && left > 0);
    if (cursor !== undefined) printLine(stderr, `There are more of ${registry}: --limit ${options.limit * 2}`);
  }
  if (options.output === 'json') return;
  const isSeveral = registries.length > 1;
  const table = options.output === 'wide' ? wideTable(found) : shortTable(found, isSeveral, cliContext);
  printLine(stdout, found.length === 0 ? 'No such images.' : table);
}

/** `--missing REGION` means `--region REGION --missing`: an unknown region is refused with those that are known. */
function withRegion({ missing, ...options }: ImagesOptions): ImagesOptions & { readonly missing: boolean } {
  if (typeof missing !== 'string') return { ...options, missing: missing === true };
  if (options.region !== undefined && options.region !== missing) {
    const message = `--region ${options.region} and --missing ${missing} name two regions: name one`;
    throw new CommandError(message, exitCodes.badUsage);
  }
  return { ...options, region: missing, missing: true };
}

function printDocuments(answers: readonly Answer[], { stdout }: CliContext): void {
  for (const { document } of answers) printLine(stdout, JSON.stringify(document));
}

function queryFor(
  q: string | undefined,
  options: ImagesOptions,
  registry: string,
  left: number,
  cursor: string | undefined,
) {
  const { repository, state, region, missing, sort } = options;
  const limit = String(Math.min(left, maxPage));
  return {
    registry,
    q,
    repository,
    state,
    region,
    missing: missing === true ? 'true' : undefined,
    sort,
    limit,
    cursor,
  };
}

const shortColumns: readonly Column[] = [
  { name: 'repository:tag', minWidth: 16, isCutInside: true },
  { name: 'digest', droppedAt: 3 },
  { name: 'state', color: stateColor },
  { name: 'regions', isRight: true },
  { name: 'age', droppedAt: 2 },
  { name: 'missing', minWidth: 16, isList: true, color: () => 'yellow' },
];

const divergedColumn: Column = { name: 'diverged tags', minWidth: 13, droppedAt: 1, isList: true, color: () => 'red' };

function shortTable(answers: readonly Answer[], withRegistry: boolean, { stdout, environment, clock }: CliContext) {
  const hasDiverged = answers.some(({ divergedTags }) => divergedTags.length > 0);
  const rows = answers.map((answer) => [
    nameOf(answer, withRegistry),
    answer.digest === undefined ? '' : shortDigest(answer.digest),
    stateSince(answer, clock.now()),
    `${answer.have}/${answer.asked.length}`,
    answer.firstSeenAt === undefined ? '' : formatAge(clock.now() - Date.parse(answer.firstSeenAt)),
    missingCell(answer),
    ...(hasDiverged ? [divergedCell(answer)] : []),
  ]);
  const columns = hasDiverged ? [...shortColumns, divergedColumn] : shortColumns;
  return textTable(columns, rows, { width: widthOf(stdout), paint: painter(stdout, environment) });
}

/** The table with all columns, for a wide terminal or a file. */
function wideTable(answers: readonly Answer[]): string {
  const rows = answers.map((answer) => [
    nameOf(answer, true),
    answer.digest ?? '',
    listedState(answer),
    `${answer.have}/${answer.asked.length}`,
    answer.firstSeenAt ?? '',
    readText(answer.document.availableAt) ?? '',
    missingCell(answer),
    tagsOf(answer).join(','),
    divergedCell(answer),
    deletedAt(answer) ?? '',
  ]);
  const names = ['repository:tag', 'digest', 'state', 'regions', 'first seen', 'in all replicas', 'missing', 'tags'];
  return textTable([...names, 'diverged tags', 'deleted'], rows);
}

export function stateOf({ state, delayed }: Answer): string {
  return delayed && state === 'replicating' ? 'delayed' : state;
}

/** As `--state` filters: an image that is everywhere is not what one of its tags is everywhere. */
function listedState(answer: Answer): string {
  const state = stateOf(answer);
  return state === 'available' && answer.divergedTags.length > 0 ? 'diverged' : state;
}

/** `deleted 7m ago`: of what is gone, that it is old says little. */
function stateSince(answer: Answer, now: number): string {
  const at = deletedAt(answer);
  return at === undefined ? listedState(answer) : `deleted ${formatAge(now - Date.parse(at))} ago`;
}

/** When the last region deleted it. */
function deletedAt({ state, regions }: Answer): string | undefined {
  if (state !== 'deleted') return undefined;
  const times = regions.flatMap((region) => (region.state === 'deleted' ? (region.since ?? []) : []));
  return times.sort().at(-1);
}

function missingCell(answer: Answer): string {
  if (answer.state === 'deleted') return '';
  if (answer.state !== 'deleting') return answer.missing.join(',');
  const left = regionsLeft(answer);
  return left.length === 0 ? '' : `still in ${left.join(',')}`;
}

/** `prod: australiaeast`: with the regions that resolve it to another image. */
function divergedCell({ divergedTags }: Answer): string {
  return divergedTags
    .map(({ tag, regions = [] }) => (regions.length === 0 ? tag : `${tag}: ${regions.join(',')}`))
    .join('; ');
}

/** The diverged ones first, and then the newest. */
function tagsOf({ document, tag, divergedTags }: Answer): string[] {
  const known = readTexts(document.tags) ?? [];
  const first = divergedTags.map((one) => one.tag);
  return [...new Set([...first, ...(known.length === 0 && tag !== undefined ? [tag.name] : []), ...known])];
}

/** Its names say more than its digest: the first tag, and how many more there are. */
function nameOf(answer: Answer, withRegistry: boolean): string {
  const [tag, ...more] = tagsOf(answer);
  const repository = readText(answer.document.repository) ?? answer.image.replace(/@.*$/, '');
  const registry = withRegistry ? `${readText(answer.document.registry) ?? ''}/` : '';
  const others = more.length === 0 ? '' : ` +${more.length}`;
  // Two images of a repository without tags would look alike.
  const digest = answer.digest === undefined ? '' : `@${shortDigest(answer.digest)}`;
  return `${registry}${repository}${tag === undefined ? digest : `:${tag}${others}`}`;
}
