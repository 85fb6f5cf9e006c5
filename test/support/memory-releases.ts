/** Releases over trackers in memory: what instances share, and any number of instances of it. */
import { memoryImageLists, memoryImageStore, memoryTagDigests } from '../../src/adapters/memory.ts';
import { memoryReleaseQueue, memoryReleaseStore } from '../../src/adapters/memory-releases.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { EventPublisher } from '../../src/core/ports.ts';
import type { ReleaseEventData } from '../../src/core/releases/release-document.ts';
import type { Releases, ReleasesDeps } from '../../src/core/releases/releases.ts';
import { releases } from '../../src/core/releases/releases.ts';
import { manualClock } from './manual-clock.ts';
import type { MemoryTracker, MemoryTrackerInput } from './memory-tracker.ts';
import { memoryTracker } from './memory-tracker.ts';

export function releaseWorld() {
  const published: CloudEvent<ReleaseEventData>[] = [];
  const publisher: EventPublisher<ReleaseEventData> = {
    async publish(events) {
      published.push(...events);
    },
  };
  return {
    clock: manualClock(),
    images: memoryImageStore(),
    lists: memoryImageLists(),
    tags: memoryTagDigests(),
    store: memoryReleaseStore(),
    queue: memoryReleaseQueue(),
    published,
    publisher,
  };
}

export type ReleaseWorld = ReturnType<typeof releaseWorld>;

export interface ReleaseInstance {
  readonly memory: MemoryTracker;
  readonly releases: Releases;
}

/** @param deps instead of what the world has */
export function releaseInstance(
  world: ReleaseWorld,
  deps: Partial<ReleasesDeps> = {},
  input: MemoryTrackerInput = {},
): ReleaseInstance {
  const { clock, images, lists, tags, store, queue, publisher } = world;
  const memory = memoryTracker({
    clock,
    evaluateReleasesWith: (name) => made.evaluateReleasesWith(name),
    ...input,
    ports: { store: images, lists, tags, ...input.ports },
  });
  const note = (message: string, fields?: object) => void memory.lines.push(`${message} ${JSON.stringify(fields)}`);
  const made: Releases = releases({
    store,
    queue,
    tracker: memory.tracker,
    publisher,
    clock,
    log: { info: note, warn: note },
    random: () => 0.5,
    delayedAfterMs: 900_000,
    retentionMs: 90 * 86_400_000,
    ...deps,
  });
  return { memory, releases: made };
}

/** Lets time pass, and has that instance run each row when it is due. */
export async function passReleaseTime(
  { clock, queue }: ReleaseWorld,
  { releases: made }: ReleaseInstance,
  milliseconds: number,
): Promise<void> {
  for (const until = clock.now() + milliseconds; clock.now() < until; ) {
    await clock.advance(Math.min(1_000, until - clock.now()));
    const due = queue.rows.filter(({ at }) => at <= clock.now());
    queue.rows.splice(0, queue.rows.length, ...queue.rows.filter(({ at }) => at > clock.now()));
    await Promise.all(due.map(({ timed }) => made.resume(timed)));
    await clock.settle();
  }
}
