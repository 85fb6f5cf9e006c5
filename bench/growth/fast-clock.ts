/**
 * The real clock, a number of times faster. What the tracker keeps for ten seconds must be released before each
 * measurement, and waiting for that in real time would take longer than the measurement. The timers are real ones, so
 * leaks through them are found as well.
 */
import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Clock } from '../../src/core/ports.ts';

export function fastClock(times: number): Clock {
  const startedAt = systemClock.now();
  return {
    now: () => Math.round(startedAt + (systemClock.now() - startedAt) * times),
    sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / times, signal),
  };
}
