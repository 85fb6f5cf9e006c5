/**
 * Each timer that fires may set the next, and each instance that reconciles an image may set one. If two were set for
 * one that fired, their number would double until all other work stops.
 */
import type { Case } from './case.ts';
import { clockText } from './case.ts';

const lastMs = 120_000;
/** One every half a minute while something is open, and a few for messages that came twice. */
const maxTimers = 40;

/** @param calmAt since when no call fails */
export function judgeTimers(on: Case, calmAt: number): void {
  const from = Math.max(calmAt, on.scheduler.now() - lastMs);
  const set = Map.groupBy(
    on.timersSet.filter(({ at }) => at >= from),
    ({ image }) => image,
  );
  for (const [image, timers] of set) {
    if (timers.length <= maxTimers) continue;
    on.violate('no timer fires without need', `image ${image}: ${timers.length} timers set since ${clockText(from)}`);
  }
}

/** After that, an event about an image without new reports has waited for so long that its timers rarely fire. */
const quietAfterMs = 300_000;
const minMs = 300_000;
const manyFaults = 4;

/** While the topic is away, what waits for it costs less and less. */
export function judgeTopicOutage(on: Case, calmAt: number): void {
  const { world } = on.plan;
  // What must be confirmed, or may be in a new replica, has timers of its own, and so has what fails.
  if (world.probing === 'confirm' || world.set === 'arm' || world.faultsPercent > manyFaults) return;
  for (const away of on.topicOutages) {
    const until = Math.min(away.until, calmAt);
    const leaptAt = on.leaps.map(({ at }) => at).filter((at) => at < until);
    for (let image = 0; image < on.plan.world.images; image++) {
      const reportedAt = on.history.reports
        .filter((report) => report.image === image && report.reportedAt < until)
        .map(({ reportedAt }) => reportedAt);
      const from = Math.max(away.from, ...reportedAt, ...leaptAt) + quietAfterMs;
      // A tag that is still to be compared also has timers of its own.
      const isTagOpen = on.tagsAsked.some((at) => at >= from && at < until);
      if (until - from < minMs || isTagOpen) continue;
      const set = on.timersSet.filter(({ at, image: of }) => of === image && at >= from && at < until);
      on.counters.count('topic unavailable', 'for long');
      if (set.length > 4 + (until - from) / 100_000)
        on.violate(
          'an unavailable topic is called rarely',
          `image ${image}: ${set.length} timers set from ${clockText(from)} to ${clockText(until)}`,
        );
    }
  }
}
