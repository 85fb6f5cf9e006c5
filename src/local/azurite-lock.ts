/**
 * Keeps two running instances from writing the same Azurite files: each would overwrite what the other has saved. The
 * first instance gets the folder; while it runs, the next one gets a folder with a number. A folder whose holder is
 * stopping is waited for, so that a restart of the app never seems to lose data.
 */
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Claim {
  readonly location: string;
  /** Marks the claim, so that a new instance waits for this folder. */
  announceStop(): Promise<void>;
  release(): Promise<void>;
}

const HEARTBEAT_MS = 500;
/** Process ids are reused and dead processes can linger, so a lock that was not touched for this long is void. */
const STALE_AFTER_MS = 5_000;
/** How long to wait for a holder that may be stopping. */
const GRACE_MS = 2_000;
const POLL_MS = 20;
const STOPPING = 'stopping';

/**
 * Claims `wanted`, or `wanted-2`, `wanted-3`… while other instances run.
 * @param onLost called when another instance has claimed the folder, because this process was suspended for too long
 */
export async function claimLocation(wanted: string, onLost: () => void): Promise<Claim> {
  for (let number = 1; ; number += 1) {
    const location = number === 1 ? wanted : `${wanted}-${number}`;
    await mkdir(location, { recursive: true });
    const lock = join(location, 'in-use');
    if (await acquireLock(lock)) return holdLock(location, lock, onLost);
  }
}

function holdLock(location: string, lock: string, onLost: () => void): Claim {
  const isOthers = async () => {
    const holder = await readHolder(lock);
    return holder !== undefined && holder.pid > 0 && holder.pid !== process.pid;
  };
  async function beat(): Promise<void> {
    if (await isOthers()) return onLost();
    const now = new Date();
    return utimes(lock, now, now);
  }
  const heartbeat = setInterval(() => void beat().catch(() => undefined), HEARTBEAT_MS);
  heartbeat.unref();
  return {
    location,
    announceStop: () => writeFile(lock, `${process.pid} ${STOPPING}`),
    async release() {
      clearInterval(heartbeat);
      if (!(await isOthers())) await rm(lock, { force: true });
    },
  };
}

/** @returns `false` where a running instance holds the lock and is not stopping */
async function acquireLock(lock: string): Promise<boolean> {
  const startedAt = Date.now();
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      return true;
    } catch (failure) {
      if (!isCode(failure, 'EEXIST')) throw failure;
    }
    const holder = await readHolder(lock);
    if (holder !== undefined) {
      const isGone = holder.touchedAt < Date.now() - STALE_AFTER_MS || (holder.pid > 0 && !isAlive(holder.pid));
      const isSeenAlive = holder.touchedAt > startedAt && Date.now() > startedAt + GRACE_MS;
      if (isGone) await rm(lock, { force: true });
      else if (isSeenAlive && !holder.isStopping) return false;
    }
    await pause(POLL_MS);
  }
}

/** `undefined`: the lock was just removed. The pid is 0 between the creation of the lock file and its first write. */
async function readHolder(lock: string): Promise<{ pid: number; isStopping: boolean; touchedAt: number } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(lock, 'utf8'), stat(lock)]);
    const [pid = '', state] = text.split(' ');
    return { pid: Number(pid), isStopping: state === STOPPING, touchedAt: mtimeMs };
  } catch (failure) {
    if (isCode(failure, 'ENOENT')) return undefined;
    throw failure;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (failure) {
    return isCode(failure, 'EPERM');
  }
}

function isCode(failure: unknown, code: string): boolean {
  return failure instanceof Error && 'code' in failure && failure.code === code;
}
