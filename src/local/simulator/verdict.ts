/**
 * Compares the tracker's claims with the truth. The outcomes: `agrees`; `lost` (the claim is outdated, but the webhook
 * event that would have corrected it was never delivered); `behind` (the event was delivered and the claim is still
 * outdated); `false` (the claim says an image is where it is not). Only the last two are faults of the tracker.
 */
import { toManifestKey, toTagKey } from './change.ts';
import { familyTruth } from './family-truth.ts';
import type { Claim } from './tracker-client.ts';
import type { Attempt } from './webhook-sender.ts';
import type { World } from './world.ts';

export type Outcome = 'agrees' | 'lost' | 'behind' | 'false';

export interface Verdict {
  outcome: Outcome;
  /** One phrase for each fault and region; empty when the claim agrees. */
  reasons: string[];
}

/** Which events the tracker has received, of all delivery attempts. */
export interface Received {
  /**
   * Whether it received the latest event from this region about `repository@digest`; `undefined` when there was none.
   */
  latest(region: string, key: string): boolean | undefined;
  /** Whether it received every event that named `repository:tag`. */
  everyTagged(tagKey: string): boolean;
}

/** From worst to best: a verdict has the outcome of its worst part. */
const SEVERITY: readonly Outcome[] = ['false', 'behind', 'lost', 'agrees'];

export function collectReceived(attempts: readonly Attempt[]): Received {
  const latest = new Map<string, { number: number; isDelivered: boolean }>();
  const missedTags = new Set<string>();
  for (const { firing, outcome, isRepeat } of attempts) {
    const { region, change } = firing;
    const path = `${region}/${toManifestKey(change.repository, change.manifest.digest)}`;
    const known = latest.get(path);
    const isDelivered = outcome === 'delivered';
    if (known === undefined || change.number > known.number) latest.set(path, { number: change.number, isDelivered });
    else if (change.number === known.number) known.isDelivered ||= isDelivered;
    if (change.tag !== null && !isDelivered && !isRepeat) missedTags.add(toTagKey(change.repository, change.tag));
  }
  return {
    latest: (region, key) => latest.get(`${region}/${key}`)?.isDelivered,
    everyTagged: (tagKey) => !missedTags.has(tagKey),
  };
}

/**
 * @param claim the tracker's answer by digest, after everything was delivered
 * @param attached the keys of the required attachments
 */
export function judgeClaim(
  world: World,
  received: Received,
  key: string,
  claim: Claim,
  attached: readonly string[] = [],
): Verdict {
  const outcomes: Outcome[] = [];
  const reasons: string[] = [];
  const parts = [key, ...attached].flatMap((each) => [each, ...membersOf(world, claim)(each)]);
  for (const region of world.truth.regions()) {
    const missing = parts.filter((each) => !world.truth.isIn(region, each));
    const isThere = missing.length === 0;
    const isClaimed = claim.regions.some((each) => each.region === region && each.state === 'available');
    if (isThere === isClaimed) continue;
    // A region that never fired an event may be unknown, but must not be claimed.
    const wasReceived = isThere
      ? claim.isAttachedKnown && parts.every((each) => received.latest(region, each) ?? false)
      : missing.some((each) => received.latest(region, each) ?? true);
    outcomes.push(wasReceived ? (isClaimed ? 'false' : 'behind') : 'lost');
    reasons.push(
      `${isThere ? 'is' : 'is not'} in ${region}; the tracker ${wasReceived ? 'received' : 'did not receive'} the event`,
    );
  }
  // If the parts agree, the whole must agree too: "available everywhere" with a region missing is the one answer that
  // breaks clusters.
  const truth = familyTruth(world.truth, membersOf(world, claim));
  if (claim.state === 'available' && outcomes.length === 0 && !truth.isEverywhere(key)) {
    outcomes.push('false');
    reasons.push(`called available, but is only in ${truth.regionsWith(key).join(', ') || 'no region'}`);
  }
  return { outcome: toWorst(outcomes), reasons };
}

/** An index that the tracker could not read is judged by its own events only. */
export function membersOf(world: World, { members }: Claim): (key: string) => readonly string[] {
  return (key) => (members === null ? [] : (world.families.get(key) ?? []));
}

/** @param claim the tracker's answer by tag: satisfied means that every region resolves it to the claimed digest */
export function judgeTagClaim(
  world: World,
  received: Received,
  repository: string,
  tag: string,
  claim: Claim,
): Verdict {
  const digests = Object.entries(world.resolveTag(repository, tag)).sort();
  const first = digests[0]?.[1] ?? null;
  const isConverged =
    first !== null &&
    digests.every(([, digest]) => digest === first) &&
    familyTruth(world.truth, membersOf(world, claim)).isEverywhere(toManifestKey(repository, first));
  const isRight = claim.satisfied ? isConverged && claim.digest === first : !isConverged;
  if (isRight) return { outcome: 'agrees', reasons: [] };
  const isExcused =
    !received.everyTagged(toTagKey(repository, tag)) ||
    digests.some(([region, digest]) => {
      const key = toManifestKey(repository, digest ?? '');
      const parts = digest === null ? [] : [key, ...membersOf(world, claim)(key)];
      return parts.some((each) => received.latest(region, each) !== true);
    });
  const really = isConverged ? `is ${first} everywhere` : 'is not the same everywhere';
  const said = claim.satisfied ? `says ${claim.digest} everywhere` : 'says not yet';
  const outcome = isExcused ? 'lost' : claim.satisfied ? 'false' : 'behind';
  return { outcome, reasons: [`${really}; the tracker ${said}`] };
}

export function toWorst(outcomes: readonly Outcome[]): Outcome {
  return SEVERITY.find((each) => outcomes.includes(each)) ?? 'agrees';
}
