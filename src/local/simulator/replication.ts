/**
 * Copies a change from the replica that accepted it to the others: each independently, after a lag that is mostly short
 * and sometimes long. Within one region, changes of one manifest stay in order and an index waits for its children,
 * unless a fault is set; between regions there is no order, as in the real registry.
 */
import { type Change, toManifestKey } from './change.ts';
import { drawBetween, drawChance, drawLogNormal, openRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';

export interface ReplicationOptions {
  /** Median time from the first region to another. Default: 3. */
  lagSeconds?: number;
  /** How far lags scatter (see `drawLogNormal`). Default: 0.5. */
  lagSpread?: number;
  /** Regions whose lag is multiplied, like `{ westeurope: 5 }`. */
  slowRegions?: Readonly<Record<string, number>>;
  /** Divides every duration: 10 runs ten times as fast. Default: 1. */
  speed?: number;
  faults?: ReplicationFaults;
}

/** Probabilities from 0 to 1, all 0 by default. */
export interface ReplicationFaults {
  /** Per push and region: the children of an index arrive after it. */
  childrenAfterIndex?: number;
  /** Per manifest and region: its config and layers arrive after it. */
  scatter?: number;
  /** Per change and region: it may overtake earlier changes of the same manifest, such as a delete the push. */
  overtake?: number;
}

export interface Replication {
  /** Schedules the arrival of the change in this region. */
  copy(change: Change, region: string): void;
  /** How long the blobs of this manifest arrive after it in this region, in milliseconds; 0 without the fault. */
  drawBlobDelay(change: Change, region: string): number;
  /** From now on no change reaches or leaves the region. */
  beginOutage(region: string): void;
  /** Delivers what was held back, in order and spread over a short time. */
  endOutage(region: string): void;
  isDown(region: string): boolean;
  /** Drops changes on their way to a region that has lost its replica. */
  drop(region: string): void;
}

/** The least delay of a late child: longer than the rest of its push. */
const LATE_CHILD_MS = 2_000;

interface Route {
  region: string;
  change: Change;
  /**
   * The generation of the region's replica that it was sent to: the region may lose its replica and get a new, empty
   * one.
   */
  life: number;
}

/** @param arrive called when a change reaches a region; not for regions that have lost their replica meanwhile */
export function createReplication(
  scheduler: Scheduler,
  seed: number,
  options: ReplicationOptions,
  arrive: (region: string, change: Change) => void,
): Replication {
  const { lagSeconds = 3, lagSpread = 0.5, slowRegions = {}, speed = 1, faults = {} } = options;
  const lastDueAt = new Map<string, number>();
  const down = new Set<string>();
  const inbound = new Map<string, Route[]>();
  const outbound = new Map<string, Route[]>();
  const lives = new Map<string, number>();

  const hasFault = (probability = 0, label: string) => drawChance(openRandom(seed, label), probability);
  const lifeOf = (region: string) => lives.get(region) ?? 0;
  const toPath = (region: string, repository: string, digest: string) =>
    `${region}/${toManifestKey(repository, digest)}`;

  function drawLag(label: string, region: string): number {
    const median = (lagSeconds * (slowRegions[region] ?? 1) * 1_000) / speed;
    return drawLogNormal(openRandom(seed, label), median, lagSpread);
  }

  /** When the change arrives, within the limits set by its own index or children. */
  function planArrival(
    { repository, manifest, label }: Change,
    region: string,
    earliest = 0,
    latest = Infinity,
  ): number {
    const drawn = scheduler.now() + drawLag(`lag ${label} ${region}`, region);
    const dueAt = Math.min(latest, Math.max(earliest, drawn));
    if (hasFault(faults.overtake, `overtake ${label} ${region}`)) return dueAt;
    const path = toPath(region, repository, manifest.digest);
    const planned = Math.max(dueAt, (lastDueAt.get(path) ?? 0) + 1);
    lastDueAt.set(path, planned);
    return planned;
  }

  function planCopy(change: Change, region: string): number {
    const { repository, manifest, pushLabel, label, isChild } = change;
    const isLate = hasFault(faults.childrenAfterIndex, `children after index ${pushLabel} ${region}`);
    const late = `late child ${label} ${region}`;
    if (isLate && isChild)
      return planArrival(change, region, scheduler.now() + LATE_CHILD_MS / speed + drawLag(late, region));
    const children = manifest.children.map((child) => lastDueAt.get(toPath(region, repository, child.digest)) ?? 0);
    if (children.length === 0) return planArrival(change, region);
    return isLate
      ? planArrival(change, region, 0, Math.min(...children) - 1)
      : planArrival(change, region, Math.max(...children) + 1);
  }

  function send(route: Route): void {
    const { region, change, life } = route;
    if (life !== lifeOf(region)) return;
    if (down.has(region) || (inbound.get(region)?.length ?? 0) > 0) append(inbound, region, route);
    else if (down.has(change.origin)) append(outbound, change.origin, route);
    else arrive(region, change);
  }

  function copy(change: Change, region: string): void {
    const life = lifeOf(region);
    scheduler.at(planCopy(change, region), () => send({ region, change, life }));
  }

  /** One change at a time: changes that arrive meanwhile are queued, so a recovering region keeps the order. */
  function catchUp(region: string): void {
    const next = inbound.get(region)?.[0];
    if (next === undefined || down.has(region)) return;
    const pause = drawBetween(openRandom(seed, `catch up ${next.change.label} ${region}`), 20, 200) / speed;
    scheduler.at(scheduler.now() + pause, () => {
      const waiting = inbound.get(region);
      if (down.has(region) || waiting?.[0] !== next) return;
      waiting.shift();
      if (down.has(next.change.origin)) append(outbound, next.change.origin, next);
      else arrive(region, next.change);
      catchUp(region);
    });
  }

  return {
    copy,
    drawBlobDelay: (change, region) =>
      hasFault(faults.scatter, `scatter ${change.label} ${region}`)
        ? drawLag(`blobs ${change.label} ${region}`, region)
        : 0,
    beginOutage: (region) => void down.add(region),
    endOutage(region) {
      if (!down.delete(region)) return;
      const held = outbound.get(region) ?? [];
      outbound.delete(region);
      for (const route of held) {
        const dueAt = planArrival(route.change, route.region);
        scheduler.at(dueAt, () => send(route));
      }
      catchUp(region);
    },
    isDown: (region) => down.has(region),
    drop(region) {
      lives.set(region, lifeOf(region) + 1);
      inbound.delete(region);
      outbound.delete(region);
      down.delete(region);
    },
  };
}

function append<Item>(lists: Map<string, Item[]>, name: string, item: Item): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [item]);
  else list.push(item);
}
