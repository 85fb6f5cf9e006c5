/** Watches the regions of one image come in, as somebody at a terminal would. */
import type { TrackerClient } from './tracker-client.ts';

const POLL_MS = 100;

/**
 * @param onRegion called for each region as the tracker learns of it, with how many it knows of by then
 * @returns stops it
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

  // The commands that wait say what is wrong with a tracker that does not answer.
  watch().catch(() => undefined);
  return () => {
    isOver = true;
  };
}
