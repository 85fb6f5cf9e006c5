/**
 * A queue for each key: what meets in one shares a run, and no two runs of one key overlap. Without the sharing, ten
 * that come at once for one key would conflict with each other over and over.
 */
import type { Clock } from './clock.ts';

interface KeyQueue<K, J, R> {
  /** Fails as the run does that the job was in. */
  add(key: K, job: J): Promise<R>;
  /** Goes with the next run of its key, or by itself after that time at the latest. */
  addDeferred(key: K, job: J, milliseconds: number): Promise<R>;
  /** Whether jobs of that key wait or run. */
  has(key: K): boolean;
  /** Runs what is deferred as well; for an orderly end. */
  flush(): Promise<void>;
}

interface KeyQueueDeps<K, J, R> {
  readonly clock: Clock;
  /** Jobs in one run, besides those that are deferred. */
  readonly maxJobs: number;
  /** One text for each key. */
  nameOf(key: K): string;
  /** @returns one result for each job, in their order */
  run(key: K, jobs: readonly J[]): Promise<readonly R[]>;
}

interface Waiting<J, R> {
  readonly job: J;
  resolve(result: R): void;
  reject(error: unknown): void;
}

interface Line<K, J, R> {
  readonly key: K;
  readonly waiting: Waiting<J, R>[];
  /** Jobs that wait for others to run with, and until when at most. */
  readonly deferred: Waiting<J, R>[];
  deferredUntil: number;
  running: Promise<void> | undefined;
}

/** Marks deferred jobs whose time came during a run. */
const expired = Number.NEGATIVE_INFINITY;

export function keyQueue<K, J, R>({ clock, maxJobs, nameOf, run }: KeyQueueDeps<K, J, R>): KeyQueue<K, J, R> {
  const lines = new Map<string, Line<K, J, R>>();

  function lineOf(key: K): Line<K, J, R> {
    const name = nameOf(key);
    const line = lines.get(name) ?? {
      key,
      waiting: [],
      deferred: [],
      deferredUntil: Number.POSITIVE_INFINITY,
      running: undefined,
    };
    lines.set(name, line);
    return line;
  }

  function start(line: Line<K, J, R>): Promise<void> {
    line.running ??= runAll(line).finally(() => {
      line.running = undefined;
      const isExpired = line.deferred.length > 0 && line.deferredUntil === expired;
      if (line.waiting.length > 0 || isExpired) start(line);
      else if (line.deferred.length === 0) lines.delete(nameOf(line.key));
    });
    return line.running;
  }

  async function runAll(line: Line<K, J, R>): Promise<void> {
    // What comes in this same turn still goes with the first run.
    await Promise.resolve();
    // Deferred jobs go with the first run; those that come during it wait for others, or for their time.
    do {
      const jobs = [...line.deferred.splice(0), ...line.waiting.splice(0, maxJobs)];
      line.deferredUntil = Number.POSITIVE_INFINITY;
      try {
        const results = await run(
          line.key,
          jobs.map(({ job }) => job),
        );
        jobs.forEach((waiting, i) => {
          waiting.resolve(results[i] as R);
        });
      } catch (error) {
        for (const waiting of jobs) waiting.reject(error);
      }
    } while (line.waiting.length > 0);
  }

  return {
    add(key, job) {
      return new Promise((resolve, reject) => {
        const line = lineOf(key);
        line.waiting.push({ job, resolve, reject });
        start(line);
      });
    },
    addDeferred(key, job, milliseconds) {
      return new Promise((resolve, reject) => {
        const line = lineOf(key);
        line.deferred.push({ job, resolve, reject });
        const until = clock.now() + milliseconds;
        if (until >= line.deferredUntil) return;
        line.deferredUntil = until;
        clock.sleep(milliseconds).then(() => {
          if (line.deferred.length === 0) return;
          // A run that is under way goes on without them; the next one follows at once.
          line.deferredUntil = expired;
          start(line);
        });
      });
    },
    has: (key) => lines.has(nameOf(key)),
    async flush() {
      while (lines.size > 0) await Promise.all([...lines.values()].map(start));
    },
  };
}
