/** The `status` command: where an image is now, region by region. */
import type { Answer } from './document.ts';
import { readAnswer } from './document.ts';
import { formatLag } from './duration.ts';
import { exitCodes } from './exit-codes.ts';
import { askOnce, Stop } from './question.ts';
import type { Surroundings } from './surroundings.ts';
import { printLine } from './surroundings.ts';
import { textTable } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import { countOf } from './verdict.ts';

export async function status(
  image: string,
  output: 'text' | 'json',
  client: TrackerClient,
  surroundings: Surroundings,
): Promise<void> {
  const document = await askOnce(client, surroundings, 'api/availability', { image });
  const answer = readAnswer(document);
  if (answer === undefined) {
    const message = 'what answers is not the tracker: its answer is no availability document';
    throw new Stop(message, exitCodes.foreign, 'See --url or ACR_REPLICATION_URL.');
  }
  printLine(surroundings.stdout, output === 'json' ? JSON.stringify(document) : describeAnswer(answer));
}

export function describeAnswer(answer: Answer): string {
  const { image, state, tag, delayed } = answer;
  const head = `${image}: ${state}${delayed && state !== 'available' ? ', delayed' : ''}, in ${countOf(answer)}`;
  const tagLine = tag === undefined ? [] : [`tag ${tag.name}: ${tag.state}`];
  const rows = answer.regions.map(({ region, state, lagSeconds, since, required }) => [
    region,
    required ? state : `${state} (not waited for)`,
    lagSeconds === undefined ? '' : formatLag(lagSeconds),
    since ?? '',
  ]);
  const table = rows.length === 0 ? [] : [textTable(['region', 'state', 'after the first', 'since'], rows)];
  return [head, ...tagLine, ...table].join('\n');
}
