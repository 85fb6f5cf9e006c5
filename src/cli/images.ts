/** The `images` command: lists the images of one registry or of all, page by page until the limit is reached. */

import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { Answer } from './document.ts';
import { readAnswer, readText, readTexts } from './document.ts';
import { formatAge } from './duration.ts';
import { askOnce } from './question.ts';
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
  readonly missing?: boolean;
  readonly sort?: string;
  /** Limit per registry. */
  readonly limit: number;
  readonly output: 'text' | 'wide' | 'json';
}

const maxPage = 500;

export async function images(
  query: string | undefined,
  options: ImagesOptions,
  client: TrackerClient,
  cliContext: CliContext,
): Promise<void> {
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
      if (options.output === 'json') for (const { document } of answers) printLine(stdout, JSON.stringify(document));
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
  { name: 'state', droppedAt: 1, color: stateColor },
  { name: 'regions' },
  { name: 'age', droppedAt: 2 },
  { name: 'missing', minWidth: 10, color: () => 'yellow' },
];

function shortTable(answers: readonly Answer[], withRegistry: boolean, { stdout, environment, clock }: CliContext) {
  const rows = answers.map((answer) => [
    nameOf(answer, withRegistry),
    shortDigest(answer.digest),
    stateOf(answer),
    `${answer.have}/${answer.asked.length}`,
    answer.firstSeenAt === undefined ? '' : formatAge(clock.now() - Date.parse(answer.firstSeenAt)),
    answer.state === 'deleted' ? '' : answer.missing.join(','),
  ]);
  return textTable(shortColumns, rows, { width: widthOf(stdout), paint: painter(stdout, environment) });
}

/** The table with all columns, for a wide terminal or a file. */
function wideTable(answers: readonly Answer[]): string {
  const rows = answers.map((answer) => [
    nameOf(answer, true),
    answer.digest ?? '',
    stateOf(answer),
    `${answer.have}/${answer.asked.length}`,
    answer.firstSeenAt ?? '',
    readText(answer.document.availableAt) ?? '',
    answer.missing.join(','),
    tagsOf(answer).join(','),
  ]);
  const names = ['repository:tag', 'digest', 'state', 'regions', 'first seen', 'in all replicas', 'missing', 'tags'];
  return textTable(names, rows);
}

export function stateOf({ state, delayed }: Answer): string {
  return delayed && state === 'replicating' ? 'delayed' : state;
}

function tagsOf({ document }: Answer): string[] {
  return readTexts(document.tags) ?? [];
}

/** Tags are more useful than the digest: the first tag, and the number of others. */
function nameOf(answer: Answer, withRegistry: boolean): string {
  const [tag, ...more] = tagsOf(answer);
  const repository = readText(answer.document.repository) ?? answer.image.replace(/@.*$/, '');
  const registry = withRegistry ? `${readText(answer.document.registry) ?? ''}/` : '';
  const others = more.length === 0 ? '' : ` +${more.length}`;
  return `${registry}${repository}${tag === undefined ? '' : `:${tag}${others}`}`;
}

/** Enough digits to search for it; as many as other tools show. */
function shortDigest(digest: string | undefined): string {
  return digest === undefined ? '' : digest.replace(/^sha256:/, '').slice(0, 12);
}
