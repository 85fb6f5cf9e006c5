/**
 * The list of faults fits the code, and the tool reports correctly which faults tests detect. The whole list takes
 * long: `npm run mutations`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Fault } from './fault.ts';
import { faultsIn, plant } from './fault.ts';
import { allFaults } from './faults.ts';
import { summarize } from './report.ts';
import { runFaults } from './run-faults.ts';
import { testRunner } from './test-runner.ts';
import { copyTree, root } from './tree-copy.ts';

const files = [...new Set(allFaults.map(({ file }) => file))];
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the list', () => {
  test.each(files)('fits %s', (file) => {
    const text = read(file);
    const problems = allFaults
      .filter((fault) => fault.file === file)
      .flatMap((fault) => {
        const replaced = plant(fault, text);
        return 'problem' in replaced ? [`${fault.meaning}: ${replaced.problem}`] : [];
      });
    expect(problems).toEqual([]);
  });

  test('each fault has a description of its own', () => {
    const names = allFaults.map(({ file, meaning }) => `${file}: ${meaning}`);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test('names tests that are there', () => {
    const tests = new Set(allFaults.flatMap((fault) => fault.tests));
    expect([...tests].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  /** Those that replace others in tests and on a local machine, and code that only displays or measures. */
  const leftOut = /^(memory.*|console-log|credential|storage-clients|system-clock|open-telemetry)(\.ts)?$/;

  test('has faults for every adapter', () => {
    const adapters = readdirSync(join(root, 'src/adapters')).filter((name) => !leftOut.test(name));
    const without = adapters.filter((name) => !files.some((file) => file.startsWith(`src/adapters/${name}`)));
    expect(without).toEqual([]);
  });
});

describe('the tool', () => {
  const file = 'src/adapters/oci-registry/challenge.ts';
  const tests = ['test/adapters/oci-registry-challenge.test.ts'];
  const replaced = allFaults.filter((fault) => fault.file === file).slice(0, 1);
  const [survivor, misfit, syntax, mismarked] = faultsIn(file, tests, [
    ['nothing is wrong', "'oversized challenge'", "'oversized challenge' as const"],
    ['it does not fit', 'not in the file', ''],
    ['it does not load', 'const maxHeader = 4_096;', 'const maxHeader = ;'],
    ['it is marked as changing nothing', "actions.includes('pull')", '!actions.includes(String(0))', 'marked so'],
  ]) as [Fault, Fault, Fault, Fault];

  test('reports which faults are detected, which are not and which cannot be tried, and leaves no files', async () => {
    // Of its own, since other runs on this machine leave their copies in the common one.
    const folder = await mkdtemp(join(tmpdir(), 'mutations-test-'));
    vi.stubEnv('TMPDIR', folder);
    const faults = [...replaced.map((fault) => ({ ...fault, tests })), survivor, misfit, syntax, mismarked];
    const findings = await runFaults(faults, { jobs: 1, timeoutMs: 60_000 });
    expect(findings.map(({ verdict }) => verdict)).toEqual([
      { kind: 'detected', by: expect.any(String) },
      { kind: 'survived' },
      { kind: 'unusable', problem: 'its text is not in the file any more' },
      { kind: 'unusable', problem: expect.stringContaining('does not load') },
      { kind: 'detected', by: expect.any(String) },
    ]);
    expect(findings.map(({ fault }) => fault)).toEqual(faults);
    const { text, isFine } = summarize(findings);
    expect(isFine).toBe(false);
    expect(text).toContain('1 of    2   50.0 %');
    expect(text).toContain(`Not detected: 1\n  ${file}: nothing is wrong`);
    expect(text).toContain('Could not be run: 2');
    expect(text).toContain('Marked as changing nothing, and was detected: 1');
    expect(await readdir(folder)).toEqual([]);
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
    for (const fault of replaced) expect(read(file)).toContain(fault.find);
  }, 120_000);

  test('does not hold what one test found against a fault that others look for', async () => {
    const detected = { ...replaced[0], tests } as Fault;
    const other = { ...survivor, tests: ['test/core/model/digest.test.ts'] };
    const findings = await runFaults([detected, other, detected], { jobs: 1, timeoutMs: 60_000 });
    expect(findings.map(({ verdict }) => verdict.kind)).toEqual(['detected', 'survived', 'detected']);
  }, 60_000);

  test('tries no fault if the tests fail without one', async () => {
    const noTests = { ...survivor, tests: ['test/fixtures/no-such.test.ts'] };
    await expect(runFaults([noTests], { jobs: 1, timeoutMs: 60_000 })).rejects.toThrow(/without any fault/);
  }, 60_000);

  test('ends tests that take too long', async () => {
    const copy = await copyTree();
    const runner = testRunner(copy.folder);
    try {
      expect(await runner.run(tests, 100)).toEqual({ kind: 'timeout' });
      // The next are not held up by it.
      expect(await runner.run(tests, 60_000)).toEqual({ kind: 'passed' });
    } finally {
      await runner.close();
      await copy.remove();
    }
  }, 60_000);

  test('succeeds when all faults are detected, or cannot be', () => {
    const equivalent = { ...survivor, equivalent: 'a reason' };
    const detected = { fault: survivor, verdict: { kind: 'detected', by: 'a test' }, seconds: 1 } as const;
    const missed = { fault: equivalent, verdict: { kind: 'survived' }, seconds: 1 } as const;
    const { text, isFine } = summarize([detected, missed]);
    expect(isFine).toBe(true);
    expect(text).toContain('1 of    1  100.0 %');
    expect(text).toContain('nothing is wrong: a reason');
  });
});
