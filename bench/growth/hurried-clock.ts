/**
 * The real clock, some times faster. What the tracker keeps for ten seconds must be let go before anybody may say that
 * it was kept for ever; waiting that out at every look would take longer than everything that is looked at. The
 * timers underneath are real ones, so what they hold on to is seen as well.
 */
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Clock } from '../../src/core/ports.ts';

export function hurriedClock(times: number): Clock {
  const startedAt = systemClock.now();
  return {
    now: () => Math.round(startedAt + (systemClock.now() - startedAt) * times),
    sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / times, signal),
  };
}
