/**
 * Checks of the demo after everything has been delivered: one event for each image and one for the release, by their
 * ids, although webhook events were repeated and reordered; and none for members and attachments. An event published
 * again under the same id is allowed (consumers drop it); two ids for one fact would start two rollouts.
 */
import type { PublishedEvent, TrackerClient } from './tracker-client.ts';
import type { Attempt } from './webhook-sender.ts';

const AVAILABLE = 'AcrReplication.ImageAvailableInAllReplicas';
const RELEASED = 'AcrReplication.ReleaseAvailableInAllReplicas';
const ROUNDS = 50;
const PAUSE_MS = 200;

export interface DemoEvents {
  images: PublishedEvent[];
  release: PublishedEvent;
}

/**
 * @param expected `images`: `repository@digest` of every image, and of nothing that belongs to one; `release`: its name
 * @returns one event for each, images in the same order
 * @throws Error when an event is missing after ten seconds, published under two ids, or about something else
 */
export async function checkEvents(
  client: Pick<TrackerClient, 'fetchEvents'>,
  { images, release }: { images: readonly string[]; release: string },
): Promise<DemoEvents> {
  const subjects = [...images, `releases/${release}`];
  let events: PublishedEvent[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    events = (await client.fetchEvents()).filter(({ type }) => type === AVAILABLE || type === RELEASED);
    const missing = subjects.filter((each) => !events.some(({ subject }) => subject === each));
    if (missing.length === 0) break;
    if (round === ROUNDS - 1) throw new Error(`no event was published for ${missing.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const lone = events.find(({ subject }) => !subjects.includes(subject));
  if (lone !== undefined) throw new Error(`${lone.subject}: published by itself, though it belongs to an image`);
  const [last, ...others] = subjects.map((each) => findOne(events, each)).reverse();
  if (last === undefined) throw new Error(`no event for release ${release}`);
  return { images: others.reverse(), release: last };
}

function findOne(events: readonly PublishedEvent[], subject: string): PublishedEvent {
  const about = events.filter((event) => event.subject === subject);
  const ids = new Set(about.map(({ source, id }) => `${source} ${id}`));
  const [first] = about;
  if (first === undefined || ids.size !== 1) {
    throw new Error(`${subject}: published under ${ids.size} different ids, must be one (${[...ids].join(', ')})`);
  }
  return first;
}

/** A summary of what was published, and of the faults in delivery. */
export function conclude({ images, release }: DemoEvents, attempts: readonly Attempt[]): string[] {
  const repeats = attempts.filter(({ isRepeat }) => isRepeat).length;
  const firsts = attempts.filter(({ isRepeat }) => !isRepeat);
  const overtaken = firsts.filter(({ firing }, index) =>
    firsts.slice(0, index).some((earlier) => earlier.firing.at > firing.at),
  ).length;
  return [
    '',
    `${attempts.length} webhook events came in: ${repeats} came twice, ${overtaken} arrived out of order.`,
    `Published: one event for each of ${images.length} images, none for their platforms and signatures, and one for the release:`,
    '',
    ...formatEvent(release),
  ];
}

/** The envelope, and the fields that a consumer reads first. */
function formatEvent({ id, source, type, subject, whole }: PublishedEvent): string[] {
  const data = whole !== null && typeof whole === 'object' && 'data' in whole ? toPicked(whole.data) : {};
  return JSON.stringify({ id, source, type, subject, data }, null, 2)
    .split('\n')
    .map((line) => `  ${line}`);
}

function toPicked(data: unknown): Record<string, unknown> {
  const shown = ['name', 'revision', 'state', 'availableAt', 'durationSeconds'];
  const fields = data !== null && typeof data === 'object' ? Object.entries(data) : [];
  return Object.fromEntries(fields.filter(([name]) => shown.includes(name)));
}
