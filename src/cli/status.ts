/** The `status` command: where an image is now, region by region, or several images in one table. */

import { words } from '../core/image/wait-words.ts';
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { Answer } from './document.ts';
import { readAnswer, readNumber, readText, readTexts } from './document.ts';
import { exitCodes } from './exit-codes.ts';
import { readLoginServers } from './image-file/tracked.ts';
import { nearestNames } from './nearest-names.ts';
import { describeUnknown } from './plain-progress.ts';
import { askOnce, CommandError, parsedOrFail, postOnce } from './question.ts';
import {
  deletedWords,
  isThere,
  lagText,
  missingSentence,
  partLines,
  regionCell,
  requestedState,
  tagLine,
} from './region-words.ts';
import { releaseState } from './release-document.ts';
import { parseReleaseRequest } from './release-request.ts';
import type { Named } from './select-images.ts';
import { readNamed, selectTracked } from './select-images.ts';
import type { SeveralAnswer } from './several-document.ts';
import { countImages, labeller, readSeveral } from './several-document.ts';
import { severalColumns, severalRows } from './several-table.ts';
import { stateColor } from './state-color.ts';
import { painter } from './terminal.ts';
import type { Column, TableStyle } from './text-table.ts';
import { textTable, widthOf, wrapLine } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';
import { waitedLines } from './usual-lag.ts';
import { countOf } from './verdict.ts';
import { parseWaitRequests, searchHint } from './wait-request.ts';

export interface StatusFlags {
  readonly output: 'text' | 'json';
  readonly artifacts?: string;
  readonly platforms?: string;
}

/** @param connect makes the client, after the arguments have been checked */
export async function statusOfNamed(
  named: Named,
  { output, artifacts, platforms }: StatusFlags,
  connect: () => TrackerClient,
  cliContext: CliContext,
): Promise<void> {
  if (named.release !== undefined) {
    const { release } = parsedOrFail(parseReleaseRequest(named.release, named, { artifacts, platforms }));
    const document = await askOnce(connect(), cliContext, `api/releases/${release}`);
    return printSeveral(document, output, describeRelease, cliContext);
  }
  const inFiles = await readNamed(named, cliContext);
  let { images } = named;
  if (inFiles.length > 0) {
    const loginServers = readLoginServers(await askOnce(connect(), cliContext, 'api/registries'));
    if (loginServers === undefined) throw noDocument();
    images = selectTracked(named, inFiles, loginServers, cliContext);
  }
  const request = parsedOrFail(parseWaitRequests(images, { artifacts, platforms }), searchHint(images));
  const parts = { artifacts: request.artifacts, platforms: request.platforms };
  if (!('images' in request)) return status({ image: request.image, ...parts }, output, connect(), cliContext);
  const document = await postOnce(connect(), cliContext, 'api/availability', { images: request.images, ...parts });
  printSeveral(document, output, (answer) => [`${countImages(answer)} are in every expected region`], cliContext);
}

async function status(
  query: { readonly image: string } & Readonly<Record<'artifacts' | 'platforms', string | undefined>>,
  output: 'text' | 'json',
  client: TrackerClient,
  cliContext: CliContext,
): Promise<void> {
  const document = await askOnce(client, cliContext, 'api/availability', query);
  const answer = readAnswer(document);
  if (answer === undefined) throw noDocument();
  const { stdout, environment } = cliContext;
  if (output === 'json') return printLine(stdout, JSON.stringify(document));
  const width = widthOf(stdout);
  if (isNowhere(answer)) {
    const unknown = describeUnknown(query.image, await nearestNames(query.image, client));
    return printLine(stdout, wrapLine(unknown, width));
  }
  const style = { width, paint: painter(stdout, environment) };
  const parts = await asPart(answer, client, cliContext);
  const waited = await waitedLines(answer, client, cliContext);
  printLine(stdout, describeAnswer(parts.answer, style, query.platforms, [...parts.lines, ...waited]));
}

/**
 * The answer about a manifest that indexes list: the tracker measures delays of indexes, not of their members, so what a delayed
 * index waits for is delayed with it. One line says how each index is.
 */
async function asPart(
  answer: Answer,
  client: TrackerClient,
  cliContext: CliContext,
): Promise<{ readonly answer: Answer; readonly lines: readonly string[] }> {
  const digests = (readTexts(answer.document.memberOf) ?? []).slice(0, maxNamed);
  const indexes = await Promise.all(
    digests.map(async (digest) => {
      const image = `${answer.image.replace(/[@:][^/]*$/, '')}@${digest}`;
      const index = readAnswer(await askOnce(client, cliContext, 'api/availability', { image }));
      return { digest, state: index === undefined ? 'unknown' : requestedState(index) };
    }),
  );
  return {
    answer: { ...answer, delayed: answer.delayed || indexes.some(({ state }) => state === 'delayed') },
    lines: indexes.map(({ digest, state }) => `part of the index ${digest}: ${state}`),
  };
}

/** A table of regions would say nothing. */
function isNowhere({ state, regions }: Answer): boolean {
  return state === 'unknown' && regions.every((region) => region.state === 'missing');
}

function printSeveral(
  document: Fields,
  output: 'text' | 'json',
  describe: (answer: SeveralAnswer) => string[],
  cliContext: CliContext,
): void {
  const answer = readSeveral(document);
  if (answer === undefined) throw noDocument();
  const { stdout, environment } = cliContext;
  if (output === 'json') {
    printLine(stdout, JSON.stringify(document));
    return;
  }
  const width = widthOf(stdout);
  const table = textTable(severalColumns, severalRows(answer), { width, paint: painter(stdout, environment) });
  const [head = '', ...lines] = describe(answer).map((line) => wrapLine(line, width));
  printLine(stdout, [head, ...lines, table].join('\n'));
}

/** The table has all of them. */
const maxNamed = 5;

/** The name, the state, what is missing and why. */
function describeRelease(answer: SeveralAnswer): string[] {
  const { document, ended } = answer;
  const name = readText(document.name) ?? '';
  const revision = readNumber(document.revision) ?? 1;
  const label = labeller(answer.images);
  const missing = answer.images
    .filter(({ satisfied, state }) => !satisfied && state !== 'unknown' && state !== 'deleted')
    .map((one) => {
      const gone = deletedWords(one);
      if (gone === undefined) return `${label(one)}: ${missingSentence(one)}`;
      return `${label(one)} is ${gone}; it comes only if it is pushed again`;
    });
  const unknown = answer.images.filter(({ state }) => state === 'unknown').map(label);
  const gone = ended.map(({ image, outcome }) => {
    const one = answer.images.find((each) => each.image === image);
    return `${one === undefined ? image : label(one)} was ${outcome}: it comes only if it is pushed again`;
  });
  return [
    `release ${name}${revision === 1 ? '' : ` (revision ${revision})`}: ${releaseState(document)}, ${countImages(answer)} are where they must be`,
    ...gone,
    ...(unknown.length === 0 ? [] : [`${words.unreported} ${unknown.join(', ')} yet`]),
    ...missing.slice(0, maxNamed),
    ...(missing.length > maxNamed ? [`${missing.length - maxNamed} more images are incomplete somewhere`] : []),
  ];
}

function noDocument(): CommandError {
  const message = 'what answers is not the tracker: its answer is no availability document';
  return new CommandError(message, exitCodes.foreign, 'See --url or ACR_REPLICATION_URL.');
}

const stateColumn: Column = { name: 'state', color: stateColor, minWidth: 30 };

/**
 * In words: the digest, then each part that was asked for with it, and a table of the regions.
 * @param more lines about what the image belongs to, and how late it is
 */
export function describeAnswer(
  answer: Answer,
  style: TableStyle = {},
  platforms?: string,
  more: readonly string[] = [],
): string {
  const { state, delayed } = answer;
  // Of the digest alone: what was asked for with it has lines of its own.
  const have = answer.regions.reduce((sum, region) => {
    const isWhole = region.state === 'available';
    if (answer.missing.includes(region.region)) return sum + Number(isWhole);
    return sum - Number(answer.asked.includes(region.region) && isThere(answer, region) && !isWhole);
  }, answer.have);
  const count = countOf({ ...answer, have });
  const stateWords = `${state}${delayed && state === 'replicating' ? ', delayed' : ''}, in ${count}`;
  const rows = answer.regions.map((region) => [
    region.region,
    regionCell(answer, region),
    lagText(region),
    region.since ?? '',
  ]);
  const columns = ['region', stateColumn, { name: 'after the first', droppedAt: 1 }, { name: 'since', droppedAt: 2 }];
  return [
    ...headLines(answer, stateWords, style.width),
    ...[...more, ...tagLine(answer), ...partLines(answer, platforms)].map((line) => wrapLine(line, style.width)),
    ...(rows.length === 0 ? [] : [textTable(columns, rows, style)]),
  ].join('\n');
}

/** One line; where it does not fit, the digest has a line of its own, to be copied in full. */
function headLines({ image, digest }: Answer, stateWords: string, width: number | undefined): string[] {
  const line = `${image}: ${stateWords}`;
  if (width === undefined || line.length <= width || digest === undefined) return [line];
  return [image.replace(/@.*$/, ''), digest, stateWords];
}
