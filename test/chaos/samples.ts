/**
 * Asks any process about any recent image during the run. The answers at the end are not enough: an app that always
 * answered "available" would be right at the end.
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

/** The answers about the images that were pushed last change most. */
const maxRecent = 25;
const everyMs = 150;

export function startSampler(world: World, members: readonly Member[], seed: number): Sampler {
  const random = openRandom(seed, 'samples');
  const samples: Answer[] = [];
  let isStopped = false;

  async function sample(): Promise<void> {
    while (!isStopped) {
      await pause(drawBetween(random, 0.5, 1.5) * everyMs);
      const running = members.filter(({ state }) => state === 'running');
      const keys = world.truth.keys().slice(-maxRecent);
      if (running.length === 0 || keys.length === 0) continue;
      const answer = await askDocument(drawFrom(random, running), drawFrom(random, keys));
      if (answer !== undefined) samples.push(answer);
    }
  }

  // Two, so that one goes on while the other waits for a paused process.
  const sampling = [sample(), sample()];
  return {
    samples,
    async stop() {
      isStopped = true;
      await Promise.all(sampling);
    },
  };
}
