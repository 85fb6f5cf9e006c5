/**
 * A pipeline that may only go on once its image is in every replica. It asks `GET /api/wait` once and does what the
 * answer says; beside it, somebody watches the regions come in. The moment of release is held against the truth, since
 * a pipeline let go one region too early is the very accident the tracker exists to prevent.
 */
import { toManifestKey } from './change.ts';
import type { Claim, TrackerClient } from './tracker-client.ts';
import type { World } from './world.ts';

export interface Wait {
  repository: string;
  tag: string;
  digest: string;
  timeoutSeconds: number;
}

export interface Release {
  seconds: number;
  /** The region that came last. */
  lastRegion: string;
}

const POLL_MS = 100;

/**
 * @param onRegion called for each region as the tracker learns of it, with how many it knows of by then
 * @throws Error when the pipeline is not released, or released before every replica has the image
 */
export async function waitForImage(
  world: World,
  client: TrackerClient,
  { repository, tag, digest, timeoutSeconds }: Wait,
  onRegion: (region: string, count: number) => void = () => undefined,
): Promise<Release> {
  const image = `${world.loginServer}/${repository}:${tag}@${digest}`;
  const key = toManifestKey(repository, digest);
  const seen = new Set<string>();
  const show = ({ regions }: Claim) => {
    const fresh = regions.filter(({ region, state }) => state === 'available' && !seen.has(region));
    for (const { region } of fresh.sort((one, other) => one.since.localeCompare(other.since))) {
      seen.add(region);
      onRegion(region, seen.size);
    }
  };
  const startedAt = performance.now();
  let isOver = false;
  const watching = watch();

  async function watch(): Promise<void> {
    while (!isOver) {
      const claim = await client.fetchClaim(image);
      if (!isOver) show(claim);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  try {
    const { status, claim } = await Promise.race([client.wait(image, timeoutSeconds), watching.then(() => never())]);
    const isThere = world.truth.isEverywhere(key);
    const seconds = (performance.now() - startedAt) / 1_000;
    isOver = true;
    show(claim);
    if (status !== 200 || !claim.satisfied) {
      throw new Error(`${image}: not released within ${timeoutSeconds} s (answer ${status}, state ${claim.state})`);
    }
    if (!isThere) {
      throw new Error(`${image}: released while it was only in ${world.truth.regionsWith(key).join(', ')}`);
    }
    return { seconds, lastRegion: [...seen].at(-1) ?? '' };
  } finally {
    isOver = true;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
