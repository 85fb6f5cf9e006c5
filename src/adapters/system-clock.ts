/** The real clock. All other code gets its time from an argument. */
import type { Clock } from '../core/ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  // Not unref'd: a wait that holds a request open must end. Not Node's promised timer either: it makes an error of
  // every sleep that is cut short, and every delivery cuts one short.
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      // A time in the past means now; Node warns of a negative delay.
      const timer = setTimeout(wake, Math.max(0, milliseconds));
      signal?.addEventListener('abort', wake);
      return undefined;
    }),
};
