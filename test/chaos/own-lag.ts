/**
 * How late the test process itself is. Registry, replicas, topic and the proxies of the storage run in it. If the test
 * process read an answer late because it had no CPU time, the app was not late.
 */
export interface OwnLag {
  /** Milliseconds lost between two times. */
  between(from: number, until: number): number;
  readonly worstMs: number;
  stop(): void;
}

const tickMs = 50;
/** A timer is usually late by up to this. */
const leastMs = 50;

export function watchOwnLag(): OwnLag {
  const gaps: { readonly from: number; readonly until: number }[] = [];
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > tickMs + leastMs) gaps.push({ from: last + tickMs, until: now });
    last = now;
  }, tickMs);
  timer.unref();
  return {
    between: (from, until) =>
      gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(until, gap.until) - Math.max(from, gap.from)), 0) +
      Math.max(0, until - Math.max(from, last) - tickMs),
    get worstMs() {
      return Math.max(0, ...gaps.map(({ from, until }) => until - from));
    },
    stop: () => clearInterval(timer),
  };
}
