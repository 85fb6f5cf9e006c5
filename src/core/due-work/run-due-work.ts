/** Hands due work to the room that does it. */

import type { Checks } from '../checks/checks.ts';
import type { Forwarder } from '../forwarding/forwarder.ts';
import type { Releases } from '../releases/releases.ts';
import type { ReplayQueue } from '../replay/ports.ts';
import { UpstreamError } from '../runtime/errors.ts';
import type { Tracker } from '../tracker.ts';
import type { DueWork } from './due-work.ts';
import type { DueItem } from './ports.ts';

interface DueWorkers {
  readonly tracker: Pick<Tracker, 'registries' | 'reconcile' | 'recount'>;
  /** Without it, checks wait until there are settings for them. */
  readonly checks: Pick<Checks, 'resume'> | undefined;
  readonly forwarder: Pick<Forwarder, 'deliver'>;
  readonly releases: Pick<Releases, 'resume'>;
  /** Gets replays that are due now. */
  readonly replays: ReplayQueue;
}

export function runDueWork({ tracker, checks, forwarder, releases, replays }: DueWorkers) {
  return async (work: DueWork, { scheduledFor, clockAheadMs }: DueItem): Promise<void> => {
    if (work.kind === 'image' || work.kind === 'count') {
      // The registry may have been removed from the settings.
      if (!tracker.registries.some(({ name }) => name === work.name.registry)) return;
      if (work.kind === 'count') await tracker.recount(work.name);
      else await tracker.reconcile(work.name, scheduledFor, work.firstNoticedAt);
    } else if (work.kind === 'check') {
      if (checks === undefined) throw new UpstreamError('invalid', 'no settings for deployment checks');
      await checks.resume(work.id, work.sequence, clockAheadMs + work.aheadMs);
    } else if (work.kind === 'forward') {
      await forwarder.deliver(work.order, work.attempt);
    } else if (work.kind === 'release') {
      await releases.resume(work);
    } else {
      await replays.send(work.message, 0);
    }
  };
}
