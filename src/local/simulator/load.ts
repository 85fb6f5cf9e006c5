/**
 * Plans a typical load: images of all kinds pushed to a few repositories in several regions, and sometimes a delete, a
 * repeated push, a second tag, or two regions that push the same tag at once. The seed alone determines what happens
 * and when.
 */
import { drawArtifact } from './artifact-manifest.ts';
import { buildCosignSignature, buildSignature, toCosignTag } from './attachment.ts';
import { toManifestKey } from './change.ts';
import { buildImage, buildIndex, type Manifest } from './manifest.ts';
import { drawBetween, drawChance, drawFrom, openRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { World } from './world.ts';

export interface LoadOptions {
  seed: number;
  images: number;
  /** Pause between two pushes, on average. Default: 0.5. */
  everySeconds?: number;
  /** Divides every pause. Default: 1. */
  speed?: number;
  /** Probabilities from 0 to 1. */
  shares?: {
    /** Multi-platform images. Default: 0.4. */
    index?: number;
    /** Artifacts and Docker schema 1 in place of images, alone or listed by an index. Default: 0. */
    artifact?: number;
    /** Images that are signed some seconds later: by subject, or under a tag of cosign. Default: 0. */
    signed?: number;
    /** Images that are deleted some seconds after the push, often while they still replicate. Default: 0. */
    deleted?: number;
    /** Of the deleted indexes: only one of the listed manifests is deleted. Default: 0. */
    memberDeleted?: number;
    /** Of the deleted images: the same digest is pushed again at once. Default: 0. */
    pushedAgain?: number;
    /** Images whose tag another region pushes with another digest at the same moment. Default: 0. */
    raced?: number;
  };
}

const REPOSITORIES = ['team/app', 'team/web', 'platform/base'];

/** Schedules all pushes. */
export function planLoad(world: World, scheduler: Scheduler, options: LoadOptions): void {
  const { seed, images, everySeconds = 0.5, speed = 1 } = options;
  let dueAt = scheduler.now();
  for (let index = 0; index < images; index += 1) {
    scheduler.at(dueAt, () => pushOne(world, scheduler, options, index));
    dueAt += (drawBetween(openRandom(seed, `pause ${index}`), 0.2, 1.8) * everySeconds * 1_000) / speed;
  }
}

/** The image pushed at this place of the load; the same for the same seed, whatever happens to the registry. */
export function drawImage(options: LoadOptions, index: number): { repository: string; tag: string; image: Manifest } {
  const random = openRandom(options.seed, `image ${index}`);
  const repository = drawFrom(random, REPOSITORIES);
  const isIndex = drawChance(random, options.shares?.index ?? 0.4);
  const image = isIndex ? buildIndex(random, { attestations: drawChance(random, 0.3) }) : buildImage(random);
  return { repository, tag: `v${index + 1}`, image: drawOddOne(options, index) ?? image };
}

/** From a random stream of its own, so that a seed pushes the same images with it and without. */
function drawOddOne({ seed, shares }: LoadOptions, index: number): Manifest | undefined {
  const random = openRandom(seed, `artifact ${index}`);
  if (!drawChance(random, shares?.artifact ?? 0)) return undefined;
  const artifact = drawArtifact(random);
  return drawChance(random, 0.5) ? artifact : buildIndex(random, { artifacts: [artifact] });
}

function pushOne(world: World, scheduler: Scheduler, options: LoadOptions, index: number): void {
  const { seed, speed = 1, shares = {} } = options;
  const random = openRandom(seed, `fate ${index}`);
  const up = world.truth.regions().filter((region) => !world.isDown(region));
  if (up.length === 0) return;
  const region = drawFrom(random, up);
  const { repository, tag, image } = drawImage(options, index);
  world.push(repository, tag, image, { region, regionalHost: drawChance(random, 0.2) });

  planSignature(world, scheduler, options, index, region);

  const others = up.filter((each) => each !== region);
  if (others.length > 0 && drawChance(random, shares.raced ?? 0)) {
    world.push(repository, tag, buildImage(random), { region: drawFrom(random, others) });
  }
  if (drawChance(random, shares.deleted ?? 0)) {
    const again = drawChance(random, shares.pushedAgain ?? 0);
    const at = scheduler.now() + drawBetween(random, 1_000, 6_000) / speed;
    // From a random stream of its own: the rest stays the same with it and without.
    const isMember = drawChance(openRandom(seed, `deleted member ${index}`), shares.memberDeleted ?? 0);
    const [member = image] = isMember ? image.children : [];
    scheduler.at(at, () => deleteWhereStored(world, repository, tag, member, again ? image : undefined));
  }
}

/** From a random stream of its own, so that a seed pushes the same images with it and without. */
function planSignature(world: World, scheduler: Scheduler, options: LoadOptions, index: number, region: string): void {
  const { seed, speed = 1, shares = {} } = options;
  const random = openRandom(seed, `signature ${index}`);
  if (!drawChance(random, shares.signed ?? 0)) return;
  const { repository, image } = drawImage(options, index);
  scheduler.at(scheduler.now() + drawBetween(random, 1_000, 8_000) / speed, () => {
    if (world.isDown(region) || !world.truth.isIn(region, toManifestKey(repository, image.digest))) return;
    if (drawChance(random, 0.5)) world.push(repository, null, buildSignature(random, image), { region });
    else world.push(repository, toCosignTag(image.digest), buildCosignSignature(random), { region });
  });
}

/** Deletes the image in a region that has it and answers; elsewhere a client would only get an error. */
function deleteWhereStored(world: World, repository: string, tag: string, image: Manifest, again?: Manifest): void {
  const holders = world.truth.regionsWith(toManifestKey(repository, image.digest));
  const region = holders.find((each) => !world.isDown(each));
  if (region === undefined) return;
  world.deleteManifest(repository, image, { region });
  if (again !== undefined) world.push(repository, tag, again, { region });
}
