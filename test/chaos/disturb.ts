/**
 * Carries out the plan, and ends each disturbance when its time is over. A disturbance of a process that is already down or
 * paused is skipped and not counted. At the end nothing is disturbed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { World } from '../../src/local/simulator/world.ts';
import type { Fleet } from './fleet.ts';
import type { Disturbance, Planned } from './plan.ts';
import { describeDisturbance } from './plan.ts';
import type { Registry } from './registry.ts';
import type { Storage } from './storage.ts';
import type { FaultyTopic } from './topic.ts';

export interface Parts {
  readonly fleet: Fleet;
  readonly storage: Storage;
  readonly topic: FaultyTopic;
  readonly registry: Registry;
}

/** How often each kind of disturbance took place. */
export type Counts = Map<Disturbance['kind'], number>;

/** Resolves when all disturbances have ended; rejects when one of them could not be ended. */
export async function disturb(
  parts: Parts,
  plan: readonly Planned[],
  signal: AbortSignal,
  log: (line: string) => void,
): Promise<Counts> {
  const counts: Counts = new Map();
  const startedAt = Date.now();
  // Disturbances of the storage, or of the topic, come one after the other; only one region at a time is cut off.
  const turns = new Map<string, Promise<unknown>>();
  const under = plan.map(async (planned) => {
    const { at, disturbance } = planned;
    await pause(startedAt + at - Date.now(), undefined, { signal }).catch(() => undefined);
    const place = placeOf(disturbance);
    const turn = (turns.get(place) ?? Promise.resolve()).then(async () => {
      if (signal.aborted) return false;
      log(describeDisturbance(planned));
      return carryOut(parts, planned, signal);
    });
    turns.set(place, turn);
    if (await turn) counts.set(disturbance.kind, (counts.get(disturbance.kind) ?? 0) + 1);
  });
  const results = await Promise.allSettled(under);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return counts;
}

function placeOf(disturbance: Disturbance): string {
  switch (disturbance.kind) {
    case 'kill':
    case 'end':
    case 'pause':
      return `process ${disturbance.process}`;
    case 'restartStorage':
    case 'pauseStorage':
    case 'loseStorageAnswers':
      return 'storage';
    case 'replica':
      return `replica ${disturbance.region}`;
    default:
      return disturbance.kind;
  }
}

/** @returns whether there was anything to disturb */
async function carryOut(parts: Parts, { disturbance: one, forMs }: Planned, signal: AbortSignal): Promise<boolean> {
  const { fleet, storage, topic, registry } = parts;
  const last = () =>
    pause(forMs, undefined, { signal }).then(
      () => undefined,
      () => undefined,
    );
  switch (one.kind) {
    case 'kill':
    case 'end': {
      const wasRunning = await (one.kind === 'kill' ? fleet.kill(one.process) : fleet.end(one.process));
      if (!wasRunning) return false;
      await last();
      await fleet.start(one.process, one.port);
      return true;
    }
    case 'killAll': {
      const wereRunning = await Promise.all(fleet.members.map((_, index) => fleet.kill(index)));
      await last();
      await Promise.all(wereRunning.map((was, index) => (was ? fleet.start(index, 'same') : undefined)));
      return wereRunning.includes(true);
    }
    case 'pause': {
      if (!fleet.pause(one.process)) return false;
      await last();
      fleet.resume(one.process);
      return true;
    }
    case 'restartStorage':
      await storage.restart(last);
      return true;
    case 'pauseStorage':
      storage.pause();
      await last();
      storage.resume();
      return true;
    case 'loseStorageAnswers':
      storage.loseAnswers(one.share);
      await last();
      storage.loseAnswers(0);
      return true;
    case 'topic':
      topic.setFault(one.fault);
      await last();
      topic.setFault(undefined);
      return true;
    case 'replica':
      registry.setFault(one.region, one.fault);
      await last();
      registry.setFault(one.region, undefined);
      return true;
    case 'region': {
      await cutOff(registry.world, registry.regions[one.region % registry.regions.length] ?? '', last);
      return true;
    }
  }
}

async function cutOff(world: World, region: string, last: () => Promise<void>): Promise<void> {
  world.beginOutage(region);
  await last();
  world.endOutage(region);
}
