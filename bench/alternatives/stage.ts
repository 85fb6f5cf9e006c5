/**
 * One run of the simulated registry for one solution: the same pushes, lags and webhook events for each, and a record
 * of what was published and when. The truth is known at every instant, so every result can be checked.
 */
import type { ImageEvent } from '../../src/core/ingest/webhook-event.ts';
import { parseWebhookEvent } from '../../src/core/ingest/webhook-event.ts';
import { toManifestKey } from '../../src/local/simulator/change.ts';
import type { FiringOptions } from '../../src/local/simulator/firing.ts';
import { buildImage } from '../../src/local/simulator/manifest.ts';
import type { Post } from '../../src/local/simulator/post-once.ts';
import { describeFailure } from '../../src/local/simulator/post-once.ts';
import { drawBetween, drawChance, drawFrom, openRandom } from '../../src/local/simulator/random.ts';
import { createSimulator } from '../../src/local/simulator/simulator.ts';
import type { DeliveryFaults } from '../../src/local/simulator/webhook-sender.ts';
import type { ReplicaEndpoints } from './replica-endpoints.ts';
import { replicaEndpoints } from './replica-endpoints.ts';
import type { SlowStorage } from './slow-storage.ts';
import { slowStorage } from './slow-storage.ts';
import type { VirtualTime } from './virtual-time.ts';
import { virtualTime } from './virtual-time.ts';

/** The same for every solution that is compared. */
export interface Scenario {
  readonly seed: number;
  readonly regions: readonly string[];
  readonly images: number;
  /** Median time from the first region to another, and its spread. */
  readonly lagSeconds: number;
  readonly lagSpread: number;
  readonly faults: DeliveryFaults;
  /** The share of images that are pushed under a second tag right after the first. */
  readonly secondTags: number;
}

export interface Stage extends Pick<Scenario, 'seed' | 'regions'> {
  readonly time: VirtualTime;
  readonly endpoints: ReplicaEndpoints;
  readonly storage: SlowStorage;
  /** Records that the image was published as available everywhere. Equal ids count once. */
  publish(image: string, id: string): void;
}

/** A solution. */
export interface Way {
  /** Called with each webhook event; absent where webhooks are not used. */
  receive?(region: string, event: ImageEvent): Promise<void>;
  /** Resolves when a pipeline may go on; absent where no pipeline waits. */
  wait?(repository: string, digest: string): Promise<void>;
}

export interface Seen {
  /** When it was everywhere, in milliseconds; `undefined` for never. */
  readonly everywhereAt: number | undefined;
  readonly lost: number;
  readonly published: readonly { readonly id: string; readonly at: number }[];
  /** `at` stays `undefined` for a pipeline that still waits. */
  readonly waits: readonly { readonly from: number; at: number | undefined }[];
}

export interface Run {
  readonly registryRequests: number;
  readonly manifestRequests: number;
  readonly storageRequests: number;
  readonly images: readonly Seen[];
}

const repositories = ['team/app', 'team/web', 'platform/base'];
const pauseMs = 1_000;
/** After its push, a pipeline does other work before it waits. */
const pipelineAfterMs = [1_000, 6_000] as const;
/** Longer than any lag, and than the tracker's longest relevant pauses. */
const horizonMs = 3_600_000;

export async function runStage(
  scenario: Scenario,
  pipelines: number,
  open: (stage: Stage) => Way,
  eventIds: FiringOptions['eventIds'] = 'shared',
): Promise<Run> {
  const { seed, regions, images, faults, lagSeconds, lagSpread } = scenario;
  const time = virtualTime();
  const { scheduler } = time;
  const seen = new Map<string, Seen & { published: Seen['published'][number][]; waits: Seen['waits'][number][] }>();
  let way: Way = {};
  const post: Post = async ({ serviceUri, body }) => {
    const event = parseWebhookEvent(JSON.parse(body));
    const region = serviceUri.split('/').at(-1) ?? '';
    if (!event.ok || (event.value.action !== 'push' && event.value.action !== 'delete')) {
      throw new Error(`the registry sent what is no image event: ${body}`);
    }
    await way.receive?.(region, event.value);
    return describeFailure('200', 'OK');
  };
  const url = 'https://tracker.example';
  const { world, sender } = createSimulator({
    ...{ registry: 'contoso', secret: 'unused', url, post, seed, scheduler, eventIds, lagSeconds, lagSpread },
    regions,
    delivery: faults,
    concurrency: Number.POSITIVE_INFINITY,
  });
  const endpoints = replicaEndpoints(world, scheduler.now);
  const storage = slowStorage(time.clock, seed);
  const publish: Stage['publish'] = (image, id) => void seen.get(image)?.published.push({ id, at: scheduler.now() });
  way = open({ seed, regions, time, endpoints, storage, publish });

  function pushOne(number: number): void {
    const random = openRandom(seed, `image ${number}`);
    const [repository, region] = [drawFrom(random, repositories), drawFrom(random, regions)];
    const image = buildImage(random);
    const waits: Seen['waits'][number][] = [];
    seen.set(toManifestKey(repository, image.digest), { everywhereAt: undefined, lost: 0, published: [], waits });
    world.push(repository, `v${number}`, image, { region });
    if (drawChance(random, scenario.secondTags)) {
      const again = () => world.push(repository, `build-${number}`, image, { region });
      scheduler.at(scheduler.now() + drawBetween(random, 300, 2_000), again);
    }
    const { wait } = way;
    if (wait === undefined) return;
    for (let pipeline = 0; pipeline < pipelines; pipeline++) {
      const delay = drawBetween(openRandom(seed, `pipeline ${number} ${pipeline}`), ...pipelineAfterMs);
      scheduler.at(scheduler.now() + delay, async () => {
        const entry: Seen['waits'][number] = { from: scheduler.now(), at: undefined };
        waits.push(entry);
        await wait(repository, image.digest);
        entry.at = scheduler.now();
      });
    }
  }

  for (let number = 0; number < images; number++) {
    scheduler.at(scheduler.now() + number * pauseMs, () => pushOne(number));
  }
  await time.pass(images * pauseMs + horizonMs);
  const lostOf = new Map<string, number>();
  for (const { outcome, firing } of sender.attempts) {
    const key = toManifestKey(firing.change.repository, firing.change.manifest.digest);
    if (outcome === 'lost') lostOf.set(key, (lostOf.get(key) ?? 0) + 1);
  }
  return {
    registryRequests: endpoints.requests,
    manifestRequests: endpoints.manifestRequests,
    storageRequests: storage.requests,
    images: [...seen].map(([key, one]) => ({
      ...one,
      everywhereAt: world.truth.periodsEverywhere(key)[0]?.from,
      lost: lostOf.get(key) ?? 0,
    })),
  };
}
