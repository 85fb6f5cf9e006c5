/**
 * A region is called available only if it had the image before the answer was given, and the time that the claim rests
 * on is one at which the image really lay there. The second half is what catches a claim that is a generation too old.
 */
import type { Spell, Truth } from '../../../src/local/simulator/truth.ts';
import type { Document, RegionClaim } from '../evidence.ts';
import { clock } from '../evidence.ts';

/** The registry writes its event and the truth in the same turn; times of documents have milliseconds. */
const slackMs = 2;
/** From the moment a replica is asked until it must have answered, with a pause of the asking process in between. */
const maxProbeMs = 25_000;

/**
 * @param keys the image, and the members that have to be there with it
 * @param until when the claim was made
 * @returns one phrase for each untrue claim
 */
export function findUntrueClaims(truth: Truth, keys: readonly string[], document: Document, until: number): string[] {
  const claimed = document.regions.filter(({ state }) => state === 'available');
  const faults = claimed.flatMap((claim) => {
    const spellsOf = keys.map((key) => truth.spellsIn(claim.region, key).filter(({ from }) => from <= until + slackMs));
    const never = keys.filter((_, i) => spellsOf[i]?.length === 0);
    if (never.length > 0) {
      return [`said to be in ${claim.region} at ${clock(until)}, where ${never.join(', ')} never was until then`];
    }
    return spellsOf.flat().some((spell) => supports(spell, claim)) ? [] : [describeUnsupported(claim)];
  });
  const unclaimed = truth.regions().filter((region) => !claimed.some((claim) => claim.region === region));
  if (document.state === 'available' && unclaimed.length > 0) {
    faults.push(`called available without ${unclaimed.join(', ')}`);
  }
  return faults;
}

function supports({ from, until }: Spell, { eventTime, since }: RegionClaim): boolean {
  const end = (until ?? Number.POSITIVE_INFINITY) + slackMs;
  if (eventTime !== null) return from - slackMs <= eventTime && eventTime <= end;
  // Only asking the replica has told it: the answer is somewhat younger than the question.
  return since !== null && from - slackMs <= since + maxProbeMs && since <= end;
}

function describeUnsupported({ region, eventTime, since, evidence }: RegionClaim): string {
  const at = eventTime ?? since;
  return `said to be in ${region} since ${at === null ? 'no time at all' : clock(at)} (${evidence.join(', ')}), when it was not there`;
}
