/**
 * Runs a script of this folder in a process of its own, started with `--expose-gc`, and collects its reports. In the
 * benchmark's own process, the leftovers of other parts would be counted.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * @param onReport called with each message the script sends
 * @throws Error when the script fails, or has not ended in time
 */
export async function runChild<Task, Report>(
  script: string,
  task: Task,
  withinMs: number,
  onReport: (report: Report) => void,
): Promise<void> {
  const child = fork(new URL(script, import.meta.url), [JSON.stringify(task)], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  child.on('message', (message) => onReport(message as Report));
  const timer = setTimeout(() => {
    complaints += `not done within ${withinMs / 1_000} s`;
    child.kill('SIGKILL');
  }, withinMs);
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${script} ended with exit code ${code}: ${complaints.trim()}`);
}

/** In the script: its task. */
export function taskOf<Task>(): Task {
  return JSON.parse(process.argv[2] ?? '{}') as Task;
}

/** In the script: resolves once the report is sent, so that the process can end right after it. */
export function report<Report>(message: Report): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) return reject(new Error('there is no parent process to report to'));
    process.send(message, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
    return undefined;
  });
}
