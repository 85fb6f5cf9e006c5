/** Many schedules, one seed after the other, and what all of them together have been through. */
import type { Violation } from './case.ts';
import type { Counters } from './counters.ts';
import { addAll, counters as countersOf } from './counters.ts';
import type { Replacements } from './instance.ts';
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
  /** The first failure of each rule, made small. */
  readonly failures: readonly Failure[];
  /** Seeds of schedules with violations, by rule. */
  readonly violations: ReadonlyMap<string, readonly number[]>;
}

export interface ManyOptions {
  readonly firstSeed: number;
  readonly count: number;
  readonly replacements?: Replacements | undefined;
  /** Ends after that many different rules were broken. */
  readonly maxFailures: number;
  /** How many runs may be used to make one failing schedule smaller. */
  readonly maxRuns: number;
  readonly print?: (line: string) => void;
}

const printEvery = 1_000;

export async function runMany(options: ManyOptions): Promise<Summary> {
  const { firstSeed, count, replacements, maxFailures, maxRuns, print = () => undefined } = options;
  const counters = countersOf();
  const violations = new Map<string, number[]>();
  const failures: Failure[] = [];
  const interleavings = new Set<number>();
  const startedAt = performance.now();
  const processor = process.cpuUsage();
  let steps = 0;
  let done = 0;
  // Every timeout and every abort creates an error, and its stack is never read.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (; done < count && failures.length < maxFailures; done++) {
      const seed = firstSeed + done;
      const outcome = await runSchedule(seed, { replacements });
      steps += outcome.steps;
      interleavings.add(outcome.interleaving);
      addAll(counters, outcome.counters);
      const byRule = new Map(outcome.violations.map((one) => [one.rule, one]));
      for (const [rule, violation] of byRule) {
        violations.set(rule, [...(violations.get(rule) ?? []), seed]);
        if (failures.some((failure) => failure.violation.rule === rule)) continue;
        print(`seed ${seed}: ${violation.rule}: ${violation.detail}; making it smaller`);
        failures.push({ seed, violation, small: await shrink(seed, rule, maxRuns, replacements) });
      }
      if ((done + 1) % printEvery === 0) print(`${done + 1} of ${count}`);
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
