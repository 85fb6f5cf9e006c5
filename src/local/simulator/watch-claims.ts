/**
 * Checks the tracker's claims while images still replicate. At the end of a run everything is everywhere, and a tracker
 * that had always said "available" would look correct; only this check finds claims that came too early.
 */
import type { Claim, TrackerClient } from './tracker-client.ts';
import { membersOf } from './verdict.ts';
import type { World } from './world.ts';

export interface ClaimWatch {
  /** Resolves to one phrase for each claim that was made before it was true. */
  stop(): Promise<string[]>;
}

/** The number of images checked in one round: those pushed last that are not everywhere yet. */
const ROUND_SIZE = 5;

export function watchClaims(world: World, client: TrackerClient, everyMs = 200): ClaimWatch {
  const early = new Set<string>();
  let isStopped = false;

  async function watch(): Promise<void> {
    while (!isStopped) {
      const keys = world.truth.keys().filter((key) => !world.truth.isEverywhere(key));
      for (const key of keys.slice(-ROUND_SIZE)) {
        const claim = await client.fetchClaim(`${world.loginServer}/${key}`);
        for (const phrase of findEarlyClaims(world, key, claim)) early.add(phrase);
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  const watching = watch();
  // Awaited in `stop`; until then a failure must not end the process.
  watching.catch(() => undefined);
  return {
    async stop() {
      isStopped = true;
      await watching;
      return [...early];
    },
  };
}

/** A region that has lost it may still be claimed for a while; one that never had it must not be. */
export function findEarlyClaims(world: World, key: string, claim: Claim): string[] {
  const parts = [key, ...membersOf(world, claim)(key)];
  const never = world.truth
    .regions()
    .filter((region) => parts.some((each) => world.truth.periodsIn(region, each).length === 0));
  const claimed = claim.regions.filter(({ state }) => state === 'available').map(({ region }) => region);
  const early = never.filter((region) => claimed.includes(region));
  const phrases = early.map((region) => `${key}: said to be in ${region} before it was`);
  const isSumEarly = claim.state === 'available' && never.length > 0;
  return isSumEarly ? [...phrases, `${key}: called available before it was in ${never.join(', ')}`] : phrases;
}
