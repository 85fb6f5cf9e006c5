/**
 * A region may be called available only if it had the image before the answer, and also at the time that the claim is based
 * on. The second condition finds claims that are one generation too old.
 */
import type { Period, Truth } from '../../../src/local/simulator/truth.ts';
import type { Document, RegionClaim } from '../evidence.ts';
import { clock } from '../evidence.ts';

/** The registry writes its event and the truth in the same turn; times of documents have milliseconds. */
const slackMs = 2;
/** From the request to a replica until its answer at the latest, with a pause of the asking process in between. */
const maxProbeMs = 25_000;

/**
 * @param keys the image, and the members that have to be there with it
 * @param until when the claim was made
 * @returns one phrase for each untrue claim
 */
export function findUntrueClaims(truth: Truth, keys: readonly string[], document: Document, until: number): string[] {
  const claimed = document.regions.filter(({ state }) => state === 'available');
  const faults = claimed.flatMap((claim) => {
    const periodsOf = keys.map((key) =>
      truth.periodsIn(claim.region, key).filter(({ from }) => from <= until + slackMs),
    );
    const never = keys.filter((_, i) => periodsOf[i]?.length === 0);
    if (never.length > 0) {
      return [`answered as in ${claim.region} at ${clock(until)}, where ${never.join(', ')} never was until then`];
    }
    return periodsOf.flat().some((period) => supports(period, claim)) ? [] : [describeUnsupported(claim)];
  });
  const unclaimed = truth.regions().filter((region) => !claimed.some((claim) => claim.region === region));
  if (document.state === 'available' && unclaimed.length > 0) {
    faults.push(`called available without ${unclaimed.join(', ')}`);
  }
  return faults;
}

function supports({ from, until }: Period, { eventTime, since }: RegionClaim): boolean {
  const end = (until ?? Number.POSITIVE_INFINITY) + slackMs;
  if (eventTime !== null) return from - slackMs <= eventTime && eventTime <= end;
  // It is known only by a probe: the answer of the replica is somewhat later than the request.
  return since !== null && from - slackMs <= since + maxProbeMs && since <= end;
}

function describeUnsupported({ region, eventTime, since, evidence }: RegionClaim): string {
  const at = eventTime ?? since;
  return `answered as in ${region} since ${at === null ? 'no time at all' : clock(at)} (${evidence.join(', ')}), when it was not there`;
}
