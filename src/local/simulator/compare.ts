/**
 * Requests the state of every image that the simulated registry ever had and judges the answers. While something is
 * wrong it asks again for a while: an event that was answered 202 is processed later.
 */
import { toManifestKey } from './change.ts';
import { familyTruth } from './family-truth.ts';
import { limitConcurrency } from './limit-concurrency.ts';
import type { TrackerClient } from './tracker-client.ts';
import { collectReceived, judgeClaim, judgeTagClaim, membersOf, type Outcome, type Verdict } from './verdict.ts';
import type { Attempt } from './webhook-sender.ts';
import type { World } from './world.ts';

const PAUSE_MS = 500;

export interface Comparison extends Verdict {
  /** `team/app@sha256:…` or `team/app:v1`. */
  subject: string;
  /** The tags that point at it in any region; for a tag, itself. */
  tags: string[];
  /** Regions that have it, and regions that the tracker reports. */
  really: string[];
  claimed: string[];
}

export interface CompareOptions {
  world: World;
  attempts: readonly Attempt[];
  client: TrackerClient;
  /** How often to ask again while an answer is behind or false. Default: 20, every half second. */
  rounds?: number;
  /** How long to ask again while an event was lost, if the tracker can probe. Default: 0. */
  settleSeconds?: number;
  pause?: () => Promise<void>;
}

/** @throws Error when the tracker does not answer */
export async function compareWithTruth(options: CompareOptions): Promise<Comparison[]> {
  const { rounds = 20, settleSeconds = 0, pause = sleep } = options;
  const settleRounds = (settleSeconds * 1_000) / PAUSE_MS;
  let comparisons = await compareOnce(options);
  for (let round = 1; round < Math.max(rounds, settleRounds); round += 1) {
    const worthWaiting = (outcome: Outcome) =>
      outcome !== 'agrees' && round < Math.max(settleRounds, outcome === 'lost' ? 0 : rounds);
    if (!comparisons.some(({ outcome }) => worthWaiting(outcome))) break;
    await pause();
    comparisons = await compareOnce(options);
  }
  return comparisons;
}

function sleep(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

async function compareOnce({ world, attempts, client }: CompareOptions): Promise<Comparison[]> {
  const received = collectReceived(attempts);
  const limit = limitConcurrency(8);
  const digests = world.truth.keys().map(async (key): Promise<Comparison> => {
    const claim = await limit(() => client.fetchClaim(`${world.loginServer}/${key}`));
    const claimed = claim.regions.filter(({ state }) => state === 'available').map(({ region }) => region);
    const really = familyTruth(world.truth, membersOf(world, claim)).regionsWith(key);
    return { subject: key, tags: listTagsOf(world, key), really, claimed, ...judgeClaim(world, received, key, claim) };
  });
  const signed = [...world.signatures].map(async ([key, attached]): Promise<Comparison> => {
    const claim = await limit(() => client.fetchClaim(`${world.loginServer}/${key}`, 'signature'));
    const claimed = claim.regions.filter(({ state }) => state === 'available').map(({ region }) => region);
    const truth = familyTruth(world.truth, (each) => [
      ...(each === key ? attached : []),
      ...membersOf(world, claim)(each),
    ]);
    const verdict = judgeClaim(world, received, key, claim, [...attached]);
    return { subject: `${key} signed`, tags: [], really: truth.regionsWith(key), claimed, ...verdict };
  });
  const tags = listTagKeys(world).map(async ([repository, tag]): Promise<Comparison> => {
    const subject = `${repository}:${tag}`;
    const claim = await limit(() => client.fetchClaim(`${world.loginServer}/${subject}`));
    const resolved = world.resolveTag(repository, tag);
    const really = Object.keys(resolved).filter(
      (region) => resolved[region] !== null && resolved[region] === claim.digest,
    );
    const claimed = claim.regions.filter(({ state }) => state === 'available').map(({ region }) => region);
    return { subject, tags: [tag], really, claimed, ...judgeTagClaim(world, received, repository, tag, claim) };
  });
  return Promise.all([...digests, ...signed, ...tags]);
}

/** Every tag any replica ever had, as repository and tag. */
function listTagKeys(world: World): [string, string][] {
  const keys = new Set([...world.replicas.values()].flatMap((replica) => [...replica.tags.keys()]));
  return [...keys].map((key) => [key.slice(0, key.lastIndexOf(':')), key.slice(key.lastIndexOf(':') + 1)]);
}

function listTagsOf(world: World, key: string): string[] {
  const records = [...world.replicas.values()].flatMap((replica) => [...replica.tags]);
  const pointing = records.filter(([tagKey, { digest }]) => {
    const repository = tagKey.slice(0, tagKey.lastIndexOf(':'));
    return digest !== null && toManifestKey(repository, digest) === key;
  });
  return [...new Set(pointing.map(([tagKey]) => tagKey.slice(tagKey.lastIndexOf(':') + 1)))].sort();
}
