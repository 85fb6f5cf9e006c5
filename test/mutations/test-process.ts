/**
 * Runs test files repeatedly, for the process that started it: vitest keeps the transformed code, so that the next
 * fault costs little more than its tests. A process of its own, since tests with a fault may never end.
 */
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { TestModule, TestSequencer } from 'vitest/node';
import { createVitest } from 'vitest/node';
import type { TestRun, TestTask } from './test-runner.ts';

let wanted: readonly string[] = [];
const placeOf = (path: string) => wanted.findIndex((test) => path.replaceAll('\\', '/').endsWith(`/${test}`));

/** In the given order: those that are fast, or likely to fail, come first. */
class InGivenOrder implements TestSequencer {
  shard: TestSequencer['shard'] = async (files) => files;
  sort: TestSequencer['sort'] = async (files) => files.toSorted((a, b) => placeOf(a.moduleId) - placeOf(b.moduleId));
}

const vitest = await createVitest('test', {
  config: false,
  watch: false,
  include: ['test/**/*.test.ts'],
  testTimeout: 30_000,
  hookTimeout: 30_000,
  // The first test that fails is enough.
  bail: 1,
  pool: 'threads',
  isolate: false,
  maxWorkers: 1,
  sequence: { sequencer: InGivenOrder },
  reporters: [{}],
});

async function run({ tests, changed }: TestTask): Promise<TestRun> {
  wanted = tests;
  for (const file of changed) vitest.invalidateFile(join(process.cwd(), file));
  const specifications = await vitest.getRelevantTestSpecifications([...tests]);
  const chosen = specifications.filter(({ moduleId }) => placeOf(moduleId) >= 0);
  const { testModules: all, unhandledErrors } = await vitest.runTestSpecifications(chosen);
  // Test files of earlier runs are kept with their earlier results.
  const testModules = all.filter(({ moduleId }) => chosen.some((one) => one.moduleId === moduleId));
  const [failed] = testModules.flatMap((module) => [...module.children.allTests('failed')]);
  if (failed !== undefined) return { kind: 'failed', test: failed.fullName };
  const errors = testModules.flatMap((module) => module.errors().map(({ message }) => message));
  // A file without any test has not loaded; else what fails is what a suite sets up.
  const isLoaded = testModules.length > 0 && !testModules.some(isEmpty);
  if (!isLoaded) return { kind: 'broken', problem: stripVTControlCharacters(errors[0] ?? 'no tests') };
  if (errors.length > 0) return { kind: 'failed', test: 'what a suite sets up' };
  return unhandledErrors.length > 0 ? { kind: 'failed', test: 'an unhandled error' } : { kind: 'passed' };
}

function isEmpty(module: TestModule): boolean {
  return module.state() === 'failed' && module.children.size === 0;
}

process.on('message', (task: TestTask) => {
  run(task)
    .catch((error: unknown): TestRun => ({ kind: 'broken', problem: String(error) }))
    .then((found) => process.send?.(found));
});
process.on('disconnect', () => process.exit());
