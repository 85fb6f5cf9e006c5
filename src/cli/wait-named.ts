/** The whole `wait`, for the command line and for the action: one image or several, named directly or in files. */

import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { exitCodes } from './exit-codes.ts';
import { readLoginServers } from './image-file/tracked.ts';
import { CommandError, parsedOrFail } from './question.ts';
import { parseReleaseRequest } from './release-request.ts';
import type { Named } from './select-images.ts';
import { readNamed, selectTracked } from './select-images.ts';
import type { Connection } from './tracker-client.ts';
import { trackerClient } from './tracker-client.ts';
import { failureVerdict } from './verdict.ts';
import type { WaitOptions } from './wait.ts';
import { logging, wait } from './wait.ts';
import { waitFor } from './wait-loop.ts';
import type { WaitTexts } from './wait-request.ts';
import { parseWaitRequests, searchHint } from './wait-request.ts';
import type { SeveralOptions } from './wait-several.ts';
import { waitForSeveral } from './wait-several.ts';

export interface NamedOptions {
  readonly output: 'text' | 'json';
  readonly liveProgress?: WaitOptions['liveProgress'];
  readonly liveSeveral?: SeveralOptions['live'];
}

/**
 * @param connect parses the tracker's address, after the arguments have been checked
 * @returns the exit code
 */
export async function waitForNamed(
  named: Named,
  texts: Omit<WaitTexts, 'image'>,
  connect: () => Connection,
  { output, liveProgress, liveSeveral }: NamedOptions,
  cliContext: CliContext,
): Promise<number> {
  if (named.release !== undefined) {
    const request = parsedOrFail(parseReleaseRequest(named.release, named, texts));
    return waitForSeveral(request, connect(), { output, live: liveSeveral }, cliContext);
  }
  const inFiles = await readNamed(named, cliContext);
  // The images of the arguments are checked before the tracker is called; how many there are in all is known only after
  // it has answered.
  const [first = '', ...more] = named.images;
  const own = first === '' && inFiles.length > 0 ? inFiles.slice(0, 1) : [first, ...more];
  let request = parsedOrFail(parseWaitRequests(own, texts), searchHint(own));
  const connection = connect();
  if (inFiles.length > 0) {
    const startedAt = cliContext.clock.now();
    const loginServers = await askLoginServers(request.timeoutMs, connection, cliContext);
    const all = parsedOrFail(parseWaitRequests(selectTracked(named, inFiles, loginServers, cliContext), texts));
    const leftMs = all.timeoutMs - (cliContext.clock.now() - startedAt);
    request = { ...all, timeoutMs: Math.max(0, leftMs) };
  }
  return 'images' in request
    ? waitForSeveral(request, connection, { output, live: liveSeveral }, cliContext)
    : wait(request, connection, { output, liveProgress }, cliContext);
}

/** Repeats the request during outages of the tracker: its time counts as part of the wait. */
async function askLoginServers(
  timeoutMs: number,
  connection: Connection,
  cliContext: CliContext,
): Promise<readonly string[]> {
  const { stderr } = cliContext;
  const client = trackerClient(connection, cliContext);
  const end = await waitFor(
    {
      ask: (_holdSeconds, limitMs) => client.get('api/registries', {}, limitMs),
      read: readLoginServers,
      isUnknown: () => false,
      suggest: async () => undefined,
    },
    timeoutMs,
    client,
    cliContext,
    {
      answered() {},
      failed: ({ message }) => printLine(stderr, `${message}; asking again`),
      movedOn() {},
    },
    logging,
  );
  if (end.outcome === 'satisfied' && end.answer !== undefined) return end.answer;
  const isInterrupted = end.outcome === 'SIGINT' || end.outcome === 'SIGTERM';
  const { text, hint } = failureVerdict(end);
  throw new CommandError(isInterrupted ? 'interrupted' : text, exitCodes[end.outcome], hint);
}
