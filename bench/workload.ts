/**
 * The measured deliveries: images with realistic digests (their first characters differ; otherwise Azurite would be
 * slow), each with a tag, from every region, in a random order that is the same in every run.
 */
import { createHash } from 'node:crypto';
import { parseDigest } from '../src/core/model/digest.ts';
import { parseEventTime } from '../src/core/model/event-time.ts';
import { parseRepository, parseTag } from '../src/core/model/reference.ts';
import type { Region } from '../src/core/model/region.ts';
import { parseRegion } from '../src/core/model/region.ts';
import type { Delivery } from '../src/core/ports.ts';
import { openRandom } from '../src/local/simulator/random.ts';

export const registryName = 'contoso';

const regionNames = [
  ...['eastus', 'westeurope', 'southeastasia', 'australiaeast', 'brazilsouth'],
  ...['northeurope', 'japaneast', 'uksouth', 'canadacentral', 'centralindia'],
];

export function regionsOf(count: number): Region[] {
  return regionNames.slice(0, count).map((name) => defined(parseRegion(name)));
}

/** The same in every process, so that a delivery to two of them is one event. */
const pushedAt = Date.parse('2026-06-01T12:00:00.000Z');

export interface ImageChoice {
  /** Default: a tag that is pushed once. */
  readonly tag?: string;
  readonly repository?: string;
}

/** @param label images with different labels are different; the same image and region give the same webhook event */
export function deliveryOf(label: string, image: number, region: Region, choice: ImageChoice = {}): Delivery {
  const { tag = `${label}-${image}`, repository = `team/app-${image % 20}` } = choice;
  return {
    name: {
      registry: registryName,
      repository: defined(parseRepository(repository)),
      digest: defined(parseDigest(`sha256:${createHash('sha256').update(`${label} ${image}`).digest('hex')}`)),
    },
    fact: {
      region,
      kind: 'push',
      eventTime: defined(parseEventTime(new Date(pushedAt + image).toISOString())),
      receivedAt: Date.now(),
      evidence: 'webhook',
      tag: defined(parseTag(tag)),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
    },
  };
}

/**
 * Every image from every region, each twice, in random order.
 * @param isWanted called for each; unwanted deliveries are not created
 */
export function shuffled(
  label: string,
  images: number,
  regions: readonly Region[],
  isWanted: () => boolean = () => true,
): Delivery[] {
  const random = openRandom(images, label);
  return Array.from({ length: images }, (_, image) =>
    regions.flatMap((region) => [region, region]).map((region) => ({ image, region })),
  )
    .flat()
    .map((one) => ({ ...one, place: random() }))
    .sort((one, other) => one.place - other.place)
    .filter(isWanted)
    .map(({ image, region }) => deliveryOf(label, image, region));
}

/** @returns seconds for all items, with at most that many in flight at once */
export async function keepInFlight<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<number> {
  const startedAt = performance.now();
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (performance.now() - startedAt) / 1_000;
}

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the workload made a name that the product refuses');
  return value;
}
