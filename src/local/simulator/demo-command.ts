/**
 * `acr-replication wait` as a pipeline runs it: a process whose exit code decides. The time it ends is checked against
 * the truth, since a pipeline released one region too early is what the tracker exists to prevent.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../../bin/acr-replication.mjs', import.meta.url));

export interface WaitCommand {
  /** The arguments after `acr-replication`. */
  args: readonly string[];
  url: string;
  /** The keys that must be everywhere once it has succeeded. */
  needs: () => readonly string[];
  /** The keys that are not everywhere. */
  findMissing: (keys: readonly string[]) => readonly string[];
}

/**
 * @returns seconds until it ended
 * @throws Error when it does not end with 0, or ends before everything was everywhere
 */
export async function runWaitCommand({ args, url, needs, findMissing }: WaitCommand): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [COMMAND, ...args, '--url', url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {},
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-1_000);
  });
  const [code] = await once(child, 'close');
  process.off('exit', kill);
  const missing = findMissing(needs());
  const seconds = (performance.now() - startedAt) / 1_000;
  const name = `acr-replication ${args.join(' ')}`;
  if (code !== 0) throw new Error(`${name}: ended with ${code} after ${seconds.toFixed(1)} s\n${said}`);
  if (missing.length > 0) throw new Error(`${name}: ended with 0 while ${missing.join('; ')}`);
  return seconds;
}
