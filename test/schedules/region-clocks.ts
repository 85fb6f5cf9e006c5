/**
 * What the clocks of the regions show: each is ahead or behind by as much all the time, by up to ten minutes; and now and
 * then a single event is stamped years away from its time.
 */
import type { Region } from '../../src/core/model/region.ts';
import type { Choices } from './choices.ts';
import { between, pick } from './choices.ts';

export interface RegionClocks {
  aheadMs(region: Region): number;
  /** @param nth of all events @param now milliseconds since 1970 @returns the timestamp of the event, likewise */
  stamp(region: Region, nth: number, now: number): number;
}

/** Two that differ from the world's by half of five minutes differ by five; the last differ by more than they may. */
const spreadsMs = [0, 0, 0, 150_000, 150_000, 600_000] as const;
const yearsOffPercents = [0, 0, 0, 0, 0, 15] as const;
const yearMs = 365 * 86_400_000;

export function regionClocks(choices: Choices): RegionClocks {
  const spreadMs = choices.choose('region clocks', 0, (random) => pick(random, spreadsMs));
  const percent = choices.choose('years off', 0, (random) => pick(random, yearsOffPercents));
  const ahead = new Map<Region, number>();

  function aheadMs(region: Region): number {
    const known = ahead.get(region);
    if (known !== undefined) return known;
    const ms =
      spreadMs === 0
        ? 0
        : choices.choose(`${region} clock`, 0, (random) =>
            // Often as far off as it gets: that is where the limits are.
            random() < 0.3 ? pick(random, [spreadMs, -spreadMs]) : between(random, -spreadMs, spreadMs),
          );
    ahead.set(region, ms);
    return ms;
  }

  return {
    aheadMs,
    stamp(region, nth, now) {
      const yearsOff =
        percent === 0
          ? 0
          : choices.choose(`event ${nth} years`, 0, (random) =>
              random() * 100 < percent ? pick(random, [73, 1, -1, -16]) : 0,
            );
      return now + aheadMs(region) + yearsOff * yearMs;
    },
  };
}
