/**
 * Looks over the app's shoulder during the run: asks any process about any recent image. At the end everything is
 * everywhere, and an app that had always said so would look perfect.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { drawBetween, drawFrom, openRandom } from '../../src/local/simulator/random.ts';
import type { World } from '../../src/local/simulator/world.ts';
import type { Answer } from './evidence.ts';
import type { Member } from './fleet.ts';
import { askDocument } from './questions.ts';

export interface Sampler {
  readonly samples: readonly Answer[];
  stop(): Promise<void>;
}

/** Those pushed last are the ones whose answers change. */
const maxRecent = 25;
const everyMs = 150;

export function startSampler(world: World, members: readonly Member[], seed: number): Sampler {
  const random = openRandom(seed, 'samples');
  const samples: Answer[] = [];
  let isStopped = false;

  async function look(): Promise<void> {
    while (!isStopped) {
      await pause(drawBetween(random, 0.5, 1.5) * everyMs);
      const running = members.filter(({ state }) => state === 'running');
      const keys = world.truth.keys().slice(-maxRecent);
      if (running.length === 0 || keys.length === 0) continue;
      const answer = await askDocument(drawFrom(random, running), drawFrom(random, keys));
      if (answer !== undefined) samples.push(answer);
    }
  }

  // Two, so that one that meets a paused process leaves somebody looking.
  const looking = [look(), look()];
  return {
    samples,
    async stop() {
      isStopped = true;
      await Promise.all(looking);
    },
  };
}
