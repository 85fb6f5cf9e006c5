/**
 * Waits for one image: requests its state, shows progress, and suggests other names where no region has reported it.
 */

import type { CliContext } from './cli-context.ts';
import type { Answer } from './document.ts';
import { readAnswer } from './document.ts';
import { nearestNames } from './nearest-names.ts';
import type { TrackerClient } from './tracker-client.ts';
import type { HoldPolicy, Progress as ProgressOf, WaitEnd as WaitEndOf } from './wait-loop.ts';
import { waitFor } from './wait-loop.ts';
import type { WaitRequest } from './wait-request.ts';

export type WaitEnd = WaitEndOf<Answer>;

/** Shows progress during the wait. */
export interface Progress extends ProgressOf<Answer> {
  /**
   * Called once, if no region has reported the image after half a minute.
   * @param names similar names in the registry, nearest first
   */
  unknown(names: readonly string[], elapsedMs: number): void;
}

export function waitForImage(
  request: WaitRequest,
  client: TrackerClient,
  cliContext: Pick<CliContext, 'clock' | 'random' | 'signal'>,
  progress: Progress,
  holdPolicy: HoldPolicy,
): Promise<WaitEnd> {
  const { timeoutMs, image, regions, require, artifacts, platforms } = request;
  const waiting = {
    ask: (holdSeconds: number, limitMs: number) =>
      client.get('api/wait', { image, regions, require, artifacts, platforms, timeout: String(holdSeconds) }, limitMs),
    read: readAnswer,
    isUnknown: ({ state }: Answer) => state === 'unknown',
    async suggest(_answer: Answer, elapsedMs: () => number) {
      progress.unknown(await nearestNames(image, client), elapsedMs());
    },
  };
  return waitFor(waiting, timeoutMs, client, cliContext, progress, holdPolicy);
}
