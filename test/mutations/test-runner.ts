/** Runs some test files in a copy of this folder, and returns the first failure. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { join } from 'node:path';

export type TestRun =
  | { readonly kind: 'passed' }
  /** A test failed: which one. */
  | { readonly kind: 'failed'; readonly test: string }
  /** No end in time; what was still running was ended. */
  | { readonly kind: 'timeout' }
  /** No test ran: the files did not load, or there are none. */
  | { readonly kind: 'broken'; readonly problem: string };

/** The request to the process. */
export interface TestTask {
  /** Relative to the folder, as they are to be run. */
  readonly tests: readonly string[];
  /** What was written since the last task. */
  readonly changed: readonly string[];
}

export interface TestRunner {
  /** One at a time. */
  run(tests: readonly string[], timeoutMs: number): Promise<TestRun>;
  /** A file has been written: what is known of it no longer counts. */
  changed(file: string): void;
  close(): Promise<void>;
}

export function testRunner(folder: string): TestRunner {
  let child: ChildProcess | undefined;
  let changed: string[] = [];

  async function end(): Promise<void> {
    if (child === undefined) return;
    const ended = child;
    child = undefined;
    const isOver = new Promise((resolve) => ended.once('exit', resolve));
    if (ended.exitCode === null && ended.signalCode === null && ended.kill('SIGKILL')) await isOver;
  }

  /** Ends with this process, also in the middle of a run: its workers are threads. */
  function start(): ChildProcess {
    const started = fork(join(folder, 'test/mutations/test-process.ts'), {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', CI: '1', VITEST: '', NODE_ENV: 'test' },
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const kill = () => started.kill('SIGKILL');
    process.once('exit', kill);
    started.once('exit', () => process.off('exit', kill));
    return started;
  }

  return {
    async run(tests, timeoutMs) {
      child ??= start();
      const running = child;
      const task: TestTask = { tests, changed };
      changed = [];
      const found = await new Promise<TestRun>((resolve) => {
        const timer = setTimeout(() => resolve({ kind: 'timeout' }), timeoutMs);
        const onExit = (code: number | null) => {
          clearTimeout(timer);
          resolve({ kind: 'broken', problem: `the process of the tests ended with exit code ${code}` });
        };
        running.once('exit', onExit);
        running.once('message', (message) => {
          clearTimeout(timer);
          running.off('exit', onExit);
          resolve(message as TestRun);
        });
        running.send(task);
      });
      // What did not end, or did not load, may have left anything behind.
      if (found.kind === 'timeout' || found.kind === 'broken') await end();
      return found;
    },
    changed: (file) => void changed.push(file),
    close: end,
  };
}
