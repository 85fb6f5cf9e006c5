/**
 * How late this very process is. Registry, replicas, topic and the storage's lines all live in it; an answer that lay
 * unread because this process had no turn is not an answer that came late.
 */
export interface OwnLag {
  /** Milliseconds lost between two times. */
  between(from: number, until: number): number;
  readonly worstMs: number;
  stop(): void;
}

const tickMs = 50;
/** Less than that is a timer's usual lateness. */
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
