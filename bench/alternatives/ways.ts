/** The compared solutions, each set up for one run. */
import { randomUUID } from 'node:crypto';
import type { ImageEvent } from '../../src/core/ingest/webhook-event.ts';
import { parseDigest } from '../../src/core/model/digest.ts';
import { parseRepository } from '../../src/core/model/reference.ts';
import { parseRegion } from '../../src/core/model/region.ts';
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import { registryName } from '../workload.ts';
import { openFleet } from './fleet.ts';
import { askUntilEverywhere } from './head-loop.ts';
import type { Receive } from './simple-trackers.ts';
import type { SlowStorage } from './slow-storage.ts';
import type { Stage, Way } from './stage.ts';

export type Open = (stage: Stage) => Way;

export function loop(everySeconds: number): Open {
  return ({ endpoints, time, regions }) => {
    const asking = { fetch: endpoints.fetch, time, regions, everyMs: everySeconds * 1_000 };
    return { wait: (repository, digest) => askUntilEverywhere(asking, repository, digest) };
  };
}

/** Each publication has a new id, as in a tracker without a concept for ids. */
export function simple(
  make: (storage: SlowStorage, regions: number, publish: (image: string) => void) => Receive,
): Open {
  return ({ storage, regions, publish }) => {
    const receive = make(storage, regions.length, (image) => publish(image, randomUUID()));
    return {
      receive: (region, { id, repository, digest }) => receive({ id, region, image: `${repository}@${digest}` }),
    };
  };
}

export function ours(instances: number, waits: boolean): Open {
  return (stage) => {
    const fleet = openFleet(stage, instances);
    const receive: Way['receive'] = (region, event) => deliver(fleet.any(), region, event, stage.time.clock.now());
    return waits ? { receive, wait: (repository, digest) => wait(fleet.any, repository, digest) } : { receive };
  };
}

/** Delivers the event as the webhook's handler does. */
async function deliver(tracker: Tracker, place: string, event: ImageEvent, receivedAt: number): Promise<void> {
  const { action: kind, eventTime, repository, digest, tag, mediaType } = event;
  const region = defined(parseRegion(place));
  const fact = { region, kind, eventTime, receivedAt, evidence: 'webhook', tag, mediaType } as const;
  const receipt = await tracker.receive({ name: { registry: registryName, repository, digest }, fact });
  if (receipt === 'deferred') throw new Error('the storage is never so slow that a delivery is put off');
}

/** Repeats the wait whenever its time is up, each time at a random instance. */
async function wait(any: () => Tracker, repositoryText: string, digestText: string): Promise<void> {
  const place = { repository: defined(parseRepository(repositoryText)), digest: defined(parseDigest(digestText)) };
  for (;;) {
    const tracker = any();
    const registry = defined(tracker.registries[0]);
    const question = { registry, ...place, tag: undefined };
    const { outcome } = await tracker.wait(question, defaultRequirement(tracker.replicaSet(registry)), 60_000);
    if (outcome === 'satisfied') return;
    if (outcome !== 'waiting') throw new Error(`a wait ended with ${outcome}`);
  }
}

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the simulated registry made a name that the product refuses');
  return value;
}
