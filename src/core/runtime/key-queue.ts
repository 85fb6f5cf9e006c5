/**
 * A queue for each key: jobs that wait together share a run, and no two runs of one key overlap. Without sharing, ten writes of
 * one image at the same time would conflict again and again.
 */
import type { Clock } from './clock.ts';

interface KeyQueue<K, J, R> {
  /** Fails as its run does. */
  add(key: K, job: J): Promise<R>;
  /** Joins the next run of its key, or starts one after that time. */
  addDeferred(key: K, job: J, milliseconds: number): Promise<R>;
  /** Whether jobs of that key wait or run. */
  has(key: K): boolean;
  /** Waits for all jobs, and runs deferred ones now; for shutdown. */
  flush(): Promise<void>;
}

interface KeyQueueDeps<K, J, R> {
  readonly clock: Clock;
  /** Jobs in one run, besides deferred ones. */
  readonly maxJobs: number;
  /** One text for each key. */
  nameOf(key: K): string;
  /** @returns one result for each job, in their order */
  run(key: K, jobs: readonly J[]): Promise<readonly R[]>;
}

interface QueuedJob<J, R> {
  readonly job: J;
  resolve(result: R): void;
  reject(error: unknown): void;
}

interface Line<K, J, R> {
  readonly key: K;
  readonly waiting: QueuedJob<J, R>[];
  /** Jobs that wait for the next run, at most until `deferredUntil`. */
  readonly deferred: QueuedJob<J, R>[];
  deferredUntil: number;
  running: Promise<void> | undefined;
}

/** Marks deferred jobs whose time ended during a run. */
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
    // Jobs that are added in the same turn of the event loop join the first run.
    await Promise.resolve();
    // Deferred jobs join the first run; those that are added during it wait for the next one, or for their time.
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
          // If a run is under way, the next one follows at once.
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
