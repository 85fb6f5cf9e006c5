/**
 * Each timer that rings may set the next, and each instance that looks at an image may set one: where two are set for one
 * that rang, they double until nothing else is done.
 */
import type { Case } from './case.ts';
import { clockText } from './case.ts';

const lastMs = 120_000;
/** One every half a minute while something is open, and a few for messages that came twice. */
const maxTimers = 40;

/** @param calmAt since when nothing goes wrong any more */
export function judgeTimers(on: Case, calmAt: number): void {
  const from = Math.max(calmAt, on.scheduler.now() - lastMs);
  const set = Map.groupBy(
    on.timersSet.filter(({ at }) => at >= from),
    ({ image }) => image,
  );
  for (const [image, timers] of set) {
    if (timers.length <= maxTimers) continue;
    on.violate('timers come to rest', `image ${image}: ${timers.length} timers set since ${clockText(from)}`);
  }
}

/** After that, an event of which nobody has spoken since has waited for so long that its timers ring seldom. */
const quietAfterMs = 300_000;
const minMs = 300_000;
const manyFaults = 4;

/** While the topic is away, what waits for it costs less and less. */
export function judgeLeftAlone(on: Case, calmAt: number): void {
  const { world } = on.plan;
  // What must be confirmed, or may be in a new replica, has timers of its own, and so has what fails.
  if (world.probing === 'confirm' || world.set === 'arm' || world.faultsPercent > manyFaults) return;
  for (const away of on.topicAway) {
    const until = Math.min(away.until, calmAt);
    const leaptAt = on.leaps.map(({ at }) => at).filter((at) => at < until);
    for (let image = 0; image < on.plan.world.images; image++) {
      const spokenAt = on.history.said
        .filter((said) => said.image === image && said.saidAt < until)
        .map(({ saidAt }) => saidAt);
      const from = Math.max(away.from, ...spokenAt, ...leaptAt) + quietAfterMs;
      // A tag that is still to be compared has timers of its own as well.
      const isTagOpen = on.tagsAsked.some((at) => at >= from && at < until);
      if (until - from < minMs || isTagOpen) continue;
      const set = on.timersSet.filter(({ at, image: of }) => of === image && at >= from && at < until);
      on.counters.count('topic away', 'for long');
      if (set.length > 4 + (until - from) / 100_000)
        on.violate(
          'a topic that is away is left alone',
          `image ${image}: ${set.length} timers set from ${clockText(from)} to ${clockText(until)}`,
        );
    }
  }
}
