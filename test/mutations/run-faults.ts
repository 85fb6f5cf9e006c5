/** Plants faults one at a time, each in a copy of this folder, and runs the tests that ought to notice. */
import type { Fault } from './fault.ts';
import { plant } from './fault.ts';
import type { TestRun, TestRunner } from './test-runner.ts';
import { testRunner } from './test-runner.ts';
import type { TreeCopy } from './tree-copy.ts';
import { copyTree } from './tree-copy.ts';

export type Verdict =
  /** By which test, or that it went on without end. */
  | { readonly kind: 'detected'; readonly by: string }
  | { readonly kind: 'survived' }
  /** It proves nothing: it does not fit the code, or the code does not load with it. */
  | { readonly kind: 'unusable'; readonly problem: string };

export interface Finding {
  readonly fault: Fault;
  readonly verdict: Verdict;
  readonly seconds: number;
}

export interface RunOptions {
  /** Faults tried at a time. */
  readonly jobs: number;
  /** For the tests of one fault. */
  readonly timeoutMs: number;
  onFinding?(finding: Finding): void;
}

interface Place {
  readonly copy: TreeCopy;
  readonly runner: TestRunner;
}

/** @throws when the tests fail without any fault: then no fault can be tried */
export async function runFaults(faults: readonly Fault[], options: RunOptions): Promise<readonly Finding[]> {
  const { jobs, timeoutMs, onFinding = () => undefined } = options;
  const findings = new Map<Fault, Finding>();
  const queue = faults.values();
  const places: Place[] = [];
  const work = async (place: Place) => {
    for (const fault of queue) {
      const startedAt = performance.now();
      const verdict = await tryFault(fault, place, timeoutMs);
      const finding = { fault, verdict, seconds: (performance.now() - startedAt) / 1000 };
      findings.set(fault, finding);
      onFinding(finding);
    }
  };
  try {
    for (let i = 0; i < Math.min(jobs, faults.length); i++) {
      const copy = await copyTree();
      places.push({ copy, runner: testRunner(copy.folder) });
    }
    const [first] = places;
    if (first !== undefined) await checkTests(faults, first.runner, timeoutMs);
    await Promise.all(places.map(work));
  } finally {
    for (const { runner, copy } of places) {
      await runner.close();
      await copy.remove();
    }
  }
  return faults.flatMap((fault) => findings.get(fault) ?? []);
}

async function checkTests(faults: readonly Fault[], runner: TestRunner, timeoutMs: number): Promise<void> {
  const tests = [...new Set(faults.flatMap((fault) => fault.tests))];
  const run = await runner.run(tests, timeoutMs * 5);
  if (run.kind !== 'passed') throw new Error(`without any fault the tests do not pass: ${describe(run)}`);
}

function describe(run: TestRun): string {
  if (run.kind === 'failed') return run.test;
  return run.kind === 'broken' ? run.problem : run.kind;
}

async function tryFault(fault: Fault, { copy, runner }: Place, timeoutMs: number): Promise<Verdict> {
  const text = await copy.read(fault.file);
  const replaced = plant(fault, text);
  if ('problem' in replaced) return { kind: 'unusable', problem: replaced.problem };
  await copy.write(fault.file, replaced.text);
  runner.changed(fault.file);
  try {
    let run = await runner.run(fault.tests, timeoutMs);
    // On a machine that is too busy a file may not load in time: once more, in a new process.
    if (run.kind === 'broken') run = await runner.run(fault.tests, timeoutMs);
    if (run.kind === 'failed') return { kind: 'detected', by: run.test };
    if (run.kind === 'timeout') return { kind: 'detected', by: 'the time-out' };
    if (run.kind === 'passed') return { kind: 'survived' };
    return { kind: 'unusable', problem: `the code does not load with it: ${run.problem}` };
  } finally {
    await copy.write(fault.file, text);
    runner.changed(fault.file);
  }
}
