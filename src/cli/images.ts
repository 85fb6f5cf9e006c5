/** The `images` command: the newest images of one registry or of all, page after page until enough are shown. */
import type { Answer } from './document.ts';
import { readAnswer, readText } from './document.ts';
import { askOnce } from './question.ts';
import { registriesToList } from './registries.ts';
import type { Surroundings } from './surroundings.ts';
import { printLine } from './surroundings.ts';
import { textTable } from './text-table.ts';
import type { TrackerClient } from './tracker-client.ts';
import { isFields } from './tracker-reply.ts';

export interface ImagesOptions {
  readonly registry?: string;
  readonly repository?: string;
  readonly state?: string;
  readonly region?: string;
  readonly missing?: boolean;
  /** Of each registry. */
  readonly limit: number;
  readonly output: 'text' | 'json';
}

const largestPage = 500;

export async function images(options: ImagesOptions, client: TrackerClient, surroundings: Surroundings): Promise<void> {
  const { stdout, stderr } = surroundings;
  const found: Answer[] = [];
  for (const registry of await registriesToList(options.registry, client, surroundings)) {
    let left = options.limit;
    let cursor: string | undefined;
    do {
      const page = await askOnce(client, surroundings, 'api/images', queryFor(options, registry, left, cursor));
      const listed = Array.isArray(page.images) ? page.images.filter(isFields) : [];
      const answers = listed.flatMap((document) => readAnswer(document) ?? []);
      if (options.output === 'json') for (const { document } of answers) printLine(stdout, JSON.stringify(document));
      found.push(...answers);
      left -= listed.length;
      cursor = readText(page.next);
    } while (cursor !== undefined && left > 0);
    if (cursor !== undefined) printLine(stderr, `There are more of ${registry}: --limit ${options.limit * 2}`);
  }
  if (options.output === 'text') printLine(stdout, found.length === 0 ? 'No such images.' : describeImages(found));
}

function queryFor(options: ImagesOptions, registry: string, left: number, cursor: string | undefined) {
  const { repository, state, region, missing } = options;
  const limit = String(Math.min(left, largestPage));
  return { registry, repository, state, region, missing: missing === true ? 'true' : undefined, limit, cursor };
}

function describeImages(answers: readonly Answer[]): string {
  const rows = answers.map((answer) => [
    answer.delayed && answer.state !== 'available' ? `${answer.state}, delayed` : answer.state,
    `${answer.have}/${answer.asked.length}`,
    answer.firstSeenAt ?? '',
    answer.image,
    answer.missing.join(', '),
  ]);
  return textTable(['state', 'regions', 'first seen', 'image', 'missing'], rows);
}
