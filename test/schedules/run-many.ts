/** Many schedules, one seed after the other, and what all of them together have been through. */
import type { Violation } from './case.ts';
import type { Counters } from './counters.ts';
import { addAll, counters as countersOf } from './counters.ts';
import type { Saboteur } from './instance.ts';
import { runSchedule } from './run-schedule.ts';
import type { Small } from './shrink.ts';
import { shrink } from './shrink.ts';

export interface Failure {
  readonly seed: number;
  readonly violation: Violation;
  readonly small: Small;
}

export interface Summary {
  readonly firstSeed: number;
  readonly count: number;
  readonly steps: number;
  readonly interleavings: number;
  readonly seconds: number;
  readonly processorSeconds: number;
  readonly counters: Counters;
  /** The first of each rule, made small. */
  readonly failures: readonly Failure[];
  /** Seeds of schedules with violations, by rule. */
  readonly violations: ReadonlyMap<string, readonly number[]>;
}

export interface ManyOptions {
  readonly firstSeed: number;
  readonly count: number;
  readonly sabotage?: Saboteur | undefined;
  /** Ends after that many different rules were broken. */
  readonly maxFailures: number;
  /** Tries to make one failing schedule smaller. */
  readonly maxRuns: number;
  readonly say?: (line: string) => void;
}

const sayEvery = 1_000;

export async function runMany(options: ManyOptions): Promise<Summary> {
  const { firstSeed, count, sabotage, maxFailures, maxRuns, say = () => undefined } = options;
  const counters = countersOf();
  const violations = new Map<string, number[]>();
  const failures: Failure[] = [];
  const interleavings = new Set<number>();
  const startedAt = performance.now();
  const processor = process.cpuUsage();
  let steps = 0;
  let done = 0;
  // Every time-out and every abort makes an error; nobody looks at where.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (; done < count && failures.length < maxFailures; done++) {
      const seed = firstSeed + done;
      const outcome = await runSchedule(seed, { sabotage });
      steps += outcome.steps;
      interleavings.add(outcome.interleaving);
      addAll(counters, outcome.counters);
      const byRule = new Map(outcome.violations.map((one) => [one.rule, one]));
      for (const [rule, violation] of byRule) {
        violations.set(rule, [...(violations.get(rule) ?? []), seed]);
        if (failures.some((failure) => failure.violation.rule === rule)) continue;
        say(`seed ${seed}: ${violation.rule}: ${violation.detail}; making it smaller`);
        failures.push({ seed, violation, small: await shrink(seed, rule, maxRuns, sabotage) });
      }
      if ((done + 1) % sayEvery === 0) say(`${done + 1} of ${count}`);
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const { user, system } = process.cpuUsage(processor);
  return {
    firstSeed,
    count: done,
    steps,
    interleavings: interleavings.size,
    seconds: (performance.now() - startedAt) / 1_000,
    processorSeconds: (user + system) / 1e6,
    counters,
    failures,
    violations,
  };
}
