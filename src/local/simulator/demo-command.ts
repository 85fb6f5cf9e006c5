/**
 * `acr-replication wait` as a pipeline runs it: a process of its own, whose exit code decides. When it ends is held against
 * the truth, since a pipeline let go one region too early is the very accident the tracker exists to prevent.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../../bin/acr-replication.mjs', import.meta.url));

export interface WaitCommand {
  /** The words after `acr-replication`. */
  words: readonly string[];
  url: string;
  /** What must be true once it has ended well: the keys that must be everywhere. */
  needs: () => readonly string[];
  /** Those of `keys` that are not everywhere. */
  findMissing: (keys: readonly string[]) => readonly string[];
}

/**
 * @returns seconds until it ended
 * @throws Error when it does not end with 0, or before everything was where it must be
 */
export async function runWaitCommand({ words, url, needs, findMissing }: WaitCommand): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [COMMAND, ...words, '--url', url], {
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
  const name = `acr-replication ${words.join(' ')}`;
  if (code !== 0) throw new Error(`${name}: ended with ${code} after ${seconds.toFixed(1)} s\n${said}`);
  if (missing.length > 0) throw new Error(`${name}: ended with 0 while ${missing.join('; ')}`);
  return seconds;
}
