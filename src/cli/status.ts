/** The `status` command: where an image is now, region by region, or several images in one table. */

import { words } from '../core/image/wait-words.ts';
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { Answer } from './document.ts';
import { readAnswer } from './document.ts';
import { formatLag } from './duration.ts';
import { exitCodes } from './exit-codes.ts';
import { readLoginServers } from './image-file/tracked.ts';
import { askOnce, CommandError, parsedOrFail, postOnce } from './question.ts';
import { parseReleaseRequest } from './release-request.ts';
import type { Named } from './select-images.ts';
import { readNamed, selectTracked } from './select-images.ts';
import { countImages, labeller, readSeveral } from './several-document.ts';
import { stateColor } from './state-color.ts';
import { painter } from './terminal.ts';
import type { Column } from './text-table.ts';
import { textTable, widthOf } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { Fields } from './tracker-reply.ts';
import { countOf } from './verdict.ts';
import { parseWaitRequests } from './wait-request.ts';

/** @param connect makes the client, after the arguments have been checked */
export async function statusOfNamed(
  named: Named,
  output: 'text' | 'json',
  connect: () => TrackerClient,
  cliContext: CliContext,
): Promise<void> {
  if (named.release !== undefined) {
    const { release } = parsedOrFail(parseReleaseRequest(named.release, named, {}));
    const document = await askOnce(connect(), cliContext, `api/releases/${release}`);
    return printSeveral(document, output, 'where they must be', cliContext);
  }
  const inFiles = await readNamed(named, cliContext);
  let { images } = named;
  if (inFiles.length > 0) {
    const loginServers = readLoginServers(await askOnce(connect(), cliContext, 'api/registries'));
    if (loginServers === undefined) throw noDocument();
    images = selectTracked(named, inFiles, loginServers, cliContext);
  }
  const request = parsedOrFail(parseWaitRequests(images, {}));
  await ('images' in request
    ? statusOfSeveral(request.images, output, connect(), cliContext)
    : status(request.image, output, connect(), cliContext));
}

async function status(
  image: string,
  output: 'text' | 'json',
  client: TrackerClient,
  cliContext: CliContext,
): Promise<void> {
  const document = await askOnce(client, cliContext, 'api/availability', { image });
  const answer = readAnswer(document);
  if (answer === undefined) throw noDocument();
  const { stdout, environment } = cliContext;
  const style = { width: widthOf(stdout), paint: painter(stdout, environment) };
  printLine(stdout, output === 'json' ? JSON.stringify(document) : describeAnswer(answer, style));
}

async function statusOfSeveral(
  images: readonly string[],
  output: 'text' | 'json',
  client: TrackerClient,
  cliContext: CliContext,
): Promise<void> {
  printSeveral(
    await postOnce(client, cliContext, 'api/availability', { images }),
    output,
    'in every expected region',
    cliContext,
  );
}

function printSeveral(document: Fields, output: 'text' | 'json', where: string, cliContext: CliContext): void {
  const answer = readSeveral(document);
  if (answer === undefined) throw noDocument();
  const label = labeller(answer.images);
  const rows = answer.images.map((one) => [
    label(one),
    one.state,
    `${one.have}/${one.asked.length}`,
    one.missing.join(', '),
  ]);
  const { stdout, environment } = cliContext;
  const columns = [
    { name: 'image', least: 16, isCutInside: true },
    stateColumn,
    'regions',
    { name: 'missing', least: 10 },
  ];
  const table = textTable(columns, rows, { width: widthOf(stdout), paint: painter(stdout, environment) });
  const text = `${countImages(answer)} are ${where}\n${table}`;
  printLine(stdout, output === 'json' ? JSON.stringify(document) : text);
}

function noDocument(): CommandError {
  const message = 'what answers is not the tracker: its answer is no availability document';
  return new CommandError(message, exitCodes.foreign, 'See --url or ACR_REPLICATION_URL.');
}

const stateColumn: Column = { name: 'state', color: stateColor };

export function describeAnswer(answer: Answer, style: Parameters<typeof textTable>[2] = {}): string {
  const { image, state, tag, delayed } = answer;
  const head = `${image}: ${state}${delayed && state === 'replicating' ? ', delayed' : ''}, in ${countOf(answer)}`;
  const tagLine = tag === undefined ? [] : [`tag ${tag.name}: ${tag.state}`];
  const rows = answer.regions.map(({ region, state, lagSeconds, since, required }) => [
    region,
    required ? state : `${state} (${words.notWaitedFor})`,
    lagSeconds === undefined ? '' : formatLag(lagSeconds),
    since ?? '',
  ]);
  const table =
    rows.length === 0
      ? []
      : [textTable(['region', stateColumn, 'after the first', { name: 'since', droppedAt: 1 }], rows, style)];
  return [head, ...tagLine, ...table].join('\n');
}
