/**
 * What must hold once everything has been delivered: one told event per image, by its id, however many webhook events
 * came twice or in the wrong order. An event told again under the same id is allowed (consumers drop it); the same fact
 * under two ids would start two rollouts.
 */
import type { PublishedEvent, TrackerClient } from './tracker-client.ts';

const AVAILABLE = 'AcrReplication.ImageAvailableInAllReplicas';
const ROUNDS = 50;
const PAUSE_MS = 200;

/**
 * @param keys `repository@digest` of every image that must have been told of
 * @returns one event per key, in the same order
 * @throws Error when an event is missing after ten seconds, or told under two ids
 */
export async function checkEvents(client: TrackerClient, keys: readonly string[]): Promise<PublishedEvent[]> {
  let events: PublishedEvent[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    events = (await client.fetchEvents()).filter(({ type }) => type === AVAILABLE);
    const missing = keys.filter((key) => !events.some(({ subject }) => subject === key));
    if (missing.length === 0) break;
    if (round === ROUNDS - 1) throw new Error(`no ${AVAILABLE} was told for ${missing.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return keys.map((key) => {
    const about = events.filter(({ subject }) => subject === key);
    const ids = new Set(about.map(({ source, id }) => `${source} ${id}`));
    const [first] = about;
    if (first === undefined || ids.size !== 1) {
      throw new Error(`${key}: told under ${ids.size} different ids, must be one (${[...ids].join(', ')})`);
    }
    return first;
  });
}
