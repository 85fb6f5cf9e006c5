/** The cost of a query with tables of one size: a wait for an available image, and a page of the list of images. */
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import { median } from '../statistics.ts';
import { openSubject } from '../subject.ts';
import { deliveryOf, regionsOf } from '../workload.ts';
import type { Sized } from './sized.ts';

export interface Asked {
  /** Round trips. */
  readonly trips: number;
  /** Milliseconds, and those of one insert in the same minute. */
  readonly ms: number;
  readonly insertMs: number;
}

const pageSize = 50;
const regions = regionsOf(3);

export async function askSized({ names, images, floor }: Sized, storage: string, times: number) {
  const { tracker, counter } = openSubject(storage, regions, names);
  const [registry] = tracker.registries;
  const [region] = regions;
  if (registry === undefined || region === undefined) throw new Error('the tracker has a registry with regions');

  async function ask(work: (round: number) => Promise<unknown>): Promise<Asked> {
    const asked: Asked[] = [];
    for (let round = 0; round < times; round++) {
      const insertMs = await floor.insert();
      await counter.quiet();
      counter.reset();
      const startedAt = performance.now();
      await work(round);
      asked.push({ trips: counter.total, ms: performance.now() - startedAt, insertMs });
    }
    const middle = (figure: keyof Asked) => median(asked.map((one) => one[figure]));
    return { trips: middle('trips'), ms: middle('ms'), insertMs: middle('insertMs') };
  }

  const wait = await ask(async (round) => {
    const { repository, digest } = deliveryOf('filled', (round * 7_919) % images, region).name;
    const requirement = defaultRequirement(tracker.replicaSet(registry));
    const { outcome } = await tracker.wait({ registry, repository, digest, tag: undefined }, requirement, 10_000);
    if (outcome !== 'satisfied') throw new Error(`a wait ended with ${outcome}`);
  });
  let cursor: string | undefined;
  const page = await ask(async () => {
    const all = { registry, repository: undefined, state: undefined, region: undefined, missing: false } as const;
    const listing = await tracker.images({ ...all, limit: pageSize, cursor });
    if (listing.images.length !== pageSize) throw new Error(`a page held ${listing.images.length} images`);
    cursor = listing.next ?? undefined;
  });
  return { wait, page };
}
