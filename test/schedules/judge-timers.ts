/**
 * Each timer that rings may set the next, and each instance that looks at an image may set one: where two are set for one
 * that rang, they double until nothing else is done.
 */
import type { Case } from './case.ts';
import { clockText } from './case.ts';

const lastMs = 120_000;
/** One every half a minute while something is open, and a few for messages that came twice. */
const mostTimers = 40;

/** @param calmAt since when nothing goes wrong any more */
export function judgeTimers(on: Case, calmAt: number): void {
  const from = Math.max(calmAt, on.scheduler.now() - lastMs);
  const set = Map.groupBy(
    on.timersSet.filter(({ at }) => at >= from),
    ({ image }) => image,
  );
  for (const [image, timers] of set) {
    if (timers.length <= mostTimers) continue;
    on.violate('timers come to rest', `image ${image}: ${timers.length} timers set since ${clockText(from)}`);
  }
}
