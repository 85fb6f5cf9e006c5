/** Watches the regions of one image as they are reported. */
import type { TrackerClient } from './tracker-client.ts';

const POLL_MS = 100;

/**
 * @param onRegion called for each region when the tracker reports it, with the number of regions so far
 * @returns a function that stops watching
 */
export function watchRegions(
  client: TrackerClient,
  image: string,
  onRegion: (region: string, count: number) => void,
): () => void {
  const seen = new Set<string>();
  let isOver = false;

  async function watch(): Promise<void> {
    while (!isOver) {
      const { regions } = await client.fetchClaim(image);
      const fresh = regions.filter(({ region, state }) => state === 'available' && !seen.has(region));
      for (const { region } of fresh.sort((one, other) => one.since.localeCompare(other.since))) {
        seen.add(region);
        if (!isOver) onRegion(region, seen.size);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  // The waiting commands report a tracker that does not answer.
  watch().catch(() => undefined);
  return () => {
    isOver = true;
  };
}
