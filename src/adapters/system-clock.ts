/** The real clock. Everything else gets its time from an argument. */
import type { Clock } from '../core/ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  // Not unref'd: a wait that somebody holds a request open for must end. Node's own promised timer makes an error of
  // every sleep that is cut short, and every delivery cuts one short.
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      // What was due already is due now; Node warns of a negative time.
      const timer = setTimeout(wake, Math.max(0, milliseconds));
      signal?.addEventListener('abort', wake);
      return undefined;
    }),
};
