/** What a tracker answers and publishes, held against what is true in the simulated registry. */
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import { parseDigest } from '../../src/core/model/digest.ts';
import type { Registry } from '../../src/core/model/registry.ts';
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import { toManifestKey } from '../../src/local/simulator/change.ts';
import { familyTruth } from '../../src/local/simulator/family-truth.ts';
import type { Scheduler } from '../../src/local/simulator/scheduler.ts';
import type { Simulator } from '../../src/local/simulator/simulator.ts';
import type { World } from '../../src/local/simulator/world.ts';
import { repositoryOf } from '../support/build.ts';

const everywhere = 'AcrReplication.ImageAvailableInAllReplicas';
/** Docs, "Families": members are published ten seconds after they were first seen, unless an index has claimed them. */
const graceMs = 10_000;

/** Every image with its members, and every signed image with its signatures. */
export async function findDifferences(
  acr: Tracker,
  registry: Registry,
  world: World,
  published: readonly CloudEvent[],
): Promise<string[]> {
  const differences: string[] = [];
  const announced = new Set(listAnnounced(published));
  const members = new Set([...world.families.values()].flat());
  const families = familyTruth(world.truth, (key) => world.families.get(key) ?? []);
  const signed = familyTruth(families, (key) => [...(world.signatures.get(key) ?? [])]);
  const attached = new Set([...world.signatures.values()].flatMap((keys) => [...keys]));
  async function compare(
    key: string,
    what: string,
    truth: readonly string[],
    artifacts: readonly string[] = [],
  ): Promise<void> {
    const [repository = '', digest = ''] = key.split('@');
    const named = { registry, repository: repositoryOf(repository), tag: undefined, digest: parseDigest(digest) };
    const question = { ...named, artifacts };
    const document = await acr.answer(question, defaultRequirement(acr.replicaSet(registry)));
    const claimed = document.regions.filter((entry) => entry.state === 'available').map((entry) => entry.region);
    if (claimed.join() !== truth.join())
      differences.push(`${key}${what}: claimed ${claimed.join()}, is ${truth.join()}`);
    // What was deleted everywhere before it was read can no longer be read.
    const isReadable = world.truth.regionsWith(key).length > 0;
    if (document.members === null && isReadable) differences.push(`${key}${what}: its members are not known`);
  }
  for (const key of world.truth.keys()) {
    await compare(key, '', families.regionsWith(key));
    if (world.signatures.has(key)) await compare(key, ' signed', signed.regionsWith(key), ['signature']);
    const isPart = members.has(key) || attached.has(key);
    if (families.isEverywhere(key) && !isPart && !announced.has(key)) differences.push(`${key}: never announced`);
  }
  return differences;
}

export function listAnnounced(published: readonly CloudEvent[]): string[] {
  return published
    .filter(({ type }) => type === everywhere)
    .map(({ data }) => toManifestKey(String(data.repository), String(data.digest)));
}

/** Collects members that are published by themselves though their index was reported in time. */
export function watchLoneMembers({ world, sender }: Simulator, scheduler: Scheduler) {
  const reportedAt = new Map<string, number>();
  const found: string[] = [];
  sender.listen(({ firing: { change, event }, outcome }) => {
    const key = toManifestKey(change.repository, change.manifest.digest);
    if (outcome === 'delivered' && event.action === 'push' && !reportedAt.has(key))
      reportedAt.set(key, scheduler.now());
  });
  return {
    found,
    check(type: string, key: string): void {
      for (const [index, members] of world.families) {
        const claimedAt = members.includes(key) ? reportedAt.get(index) : undefined;
        const firstSeenAt = reportedAt.get(key) ?? scheduler.now();
        if (claimedAt !== undefined && claimedAt < firstSeenAt + graceMs - 2_000)
          found.push(`${type} of ${key}, a member of ${index}`);
      }
    },
  };
}
