/** Ports that store work for later, implemented with the table of due work. */

import type { CatalogueTimer } from '../catalogue/ports.ts';
import type { CheckQueue } from '../checks/ports.ts';
import type { ReleaseQueue } from '../releases/ports.ts';
import type { ReplayQueue } from '../replay/ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ReconcileQueue } from '../store/ports.ts';
import type { DueWorkStore } from './ports.ts';

const maxJitterMs = 1_000;

/**
 * A timer is cancelled by its time. The jitter gives each timer of an image a time of its own, so that cancelling an old one
 * does not cancel a newer one.
 * @param random from 0 up to 1
 */
export function dueReconcileQueue(dueWork: DueWorkStore, random: () => number): ReconcileQueue {
  return {
    async add(name, due, firstNoticedAt) {
      const at = due + random() * maxJitterMs;
      await dueWork.add({ kind: 'image', name, ...(firstNoticedAt === undefined ? {} : { firstNoticedAt }) }, at);
      return at;
    },
    cancel: (name, at) => dueWork.cancel({ kind: 'image', name }, at),
  };
}

export function dueCatalogueTimer(dueWork: DueWorkStore): CatalogueTimer {
  return {
    async remind(name, at) {
      await dueWork.add({ kind: 'count', name }, at);
    },
    cancel: (name, at) => dueWork.cancel({ kind: 'count', name }, at),
  };
}

export function dueCheckQueue(dueWork: DueWorkStore): CheckQueue {
  return {
    async add(id, sequence, at, aheadMs) {
      await dueWork.add({ kind: 'check', id, sequence, aheadMs }, at);
    },
  };
}

export function dueReleaseQueue(dueWork: DueWorkStore): ReleaseQueue {
  return {
    async add({ name, revision, wasMissing }, at) {
      await dueWork.add({ kind: 'release', name, revision, ...(wasMissing && { wasMissing }) }, at);
    },
  };
}

/** @param queue gets what is due now */
export function dueReplayQueue(dueWork: DueWorkStore, queue: ReplayQueue, clock: Clock): ReplayQueue {
  return {
    async send(message, delayMs) {
      if (delayMs <= 0) return queue.send(message, 0);
      await dueWork.add({ kind: 'replay', message }, clock.now() + delayMs);
    },
  };
}
