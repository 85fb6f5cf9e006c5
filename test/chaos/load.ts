/**
 * Pushes images and indexes from any region, each under a version and some also under a tag that moves. Some are deleted,
 * and some of those are pushed again, at once or later. The seed determines what is pushed, moved and deleted when.
 */
import { toManifestKey } from '../../src/local/simulator/change.ts';
import { buildImage, buildIndex, type Manifest } from '../../src/local/simulator/manifest.ts';
import { drawBetween, drawChance, drawFrom, openRandom, type Random } from '../../src/local/simulator/random.ts';
import type { Scheduler } from '../../src/local/simulator/scheduler.ts';
import type { World } from '../../src/local/simulator/world.ts';

export interface LoadOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
}

export interface Pushed {
  readonly index: number;
  /** `repository@digest`. */
  readonly key: string;
  /** It is not deleted in this run. */
  readonly isKept: boolean;
}

/** By repository: a manifest of an index that stays. */
type Shared = Map<string, Manifest>;

const repositories = ['team/app', 'team/web', 'platform/base'];
const movingTags = ['latest', 'stable'];

/** Plans all pushes. @returns how many there will be */
export function planLoad(
  world: World,
  scheduler: Scheduler,
  options: LoadOptions,
  onPush: (pushed: Pushed) => void,
): number {
  const { seed, seconds, imagesPerSecond } = options;
  const startAt = scheduler.now();
  const shared: Shared = new Map();
  let count = 0;
  for (let dueAt = startAt; dueAt < startAt + seconds * 1_000; count += 1) {
    const index = count;
    scheduler.at(dueAt, () => onPush(pushOne(world, scheduler, options, index, shared)));
    dueAt += (drawBetween(openRandom(seed, `pause ${index}`), 0.2, 1.8) * 1_000) / imagesPerSecond;
  }
  return count;
}

function pushOne(
  world: World,
  scheduler: Scheduler,
  { seed, seconds }: LoadOptions,
  index: number,
  shared: Shared,
): Pushed {
  const random = openRandom(seed, `image ${index}`);
  const repository = drawFrom(random, repositories);
  const region = drawFrom(random, listUp(world));
  const isIndex = drawChance(random, 0.3);
  const image = isIndex ? drawIndex(random, shared.get(repository)) : buildImage(random, { format: 'oci' });
  const version = `v${index + 1}`;
  const movingTag = drawFrom(random, movingTags);
  world.push(repository, version, image, { region });
  if (drawChance(random, 0.4)) {
    // The client tags it as soon as it has pushed it; an index takes a moment longer.
    const at = scheduler.now() + drawBetween(random, 600, 1_500);
    scheduler.at(at, () => tagAgain(world, repository, movingTag, image, region));
  }
  if (drawChance(random, 0.04)) {
    world.push(repository, version, buildImage(random), { region: drawFrom(random, listUp(world)) });
  }
  // In a short run all of it happens sooner.
  const longest = Math.min(12_000, 3_000 + seconds * 150);
  const isDeleted = drawChance(random, 0.15);
  if (isDeleted) {
    const deleteAt = scheduler.now() + drawBetween(random, 2_500, longest);
    const again = drawFrom(random, ['never', 'never', 'at once', 'later'] as const);
    // The last member may also belong to another index, for which a waiter waits. So the first one is deleted.
    const [member = image] = image.children;
    const target = drawFrom(random, [image, member]);
    scheduler.at(deleteAt, () => deleteImage(world, repository, target));
    const pauseMs = again === 'later' ? drawBetween(random, longest / 2, longest) : 1;
    const back = () => world.push(repository, `${version}-again`, image, { region: toUp(world, region) });
    if (again !== 'never') scheduler.at(deleteAt + pauseMs, back);
  }
  const [common] = image.children;
  if (common !== undefined && !isDeleted) shared.set(repository, common);
  return { index, key: toManifestKey(repository, image.digest), isKept: !isDeleted };
}

/** Two platforms, with or without attestations; some also list a manifest of an earlier index. */
function drawIndex(random: Random, common: Manifest | undefined): Manifest {
  const isSharing = common !== undefined && drawChance(random, 0.4);
  return buildIndex(random, { attestations: drawChance(random, 0.3), artifacts: isSharing ? [common] : [] });
}

/** Only if it is still there: a client cannot tag anything else. */
function tagAgain(world: World, repository: string, tag: string, image: Manifest, region: string): void {
  const isThere = world.truth.isIn(region, toManifestKey(repository, image.digest));
  if (isThere && !world.isDown(region)) world.push(repository, tag, image, { region });
}

/** Deletes it in a region that has it. */
function deleteImage(world: World, repository: string, image: Manifest): void {
  const region = world.truth.regionsWith(toManifestKey(repository, image.digest)).find((each) => !world.isDown(each));
  if (region !== undefined) world.deleteManifest(repository, image, { region });
}

/** At most one region is cut off at a time; clients go to the others. */
function listUp(world: World): string[] {
  return world.truth.regions().filter((region) => !world.isDown(region));
}

function toUp(world: World, region: string): string {
  return world.isDown(region) ? (listUp(world)[0] ?? region) : region;
}
