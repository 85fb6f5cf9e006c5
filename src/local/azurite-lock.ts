/**
 * Keeps two running instances from writing the same Azurite files: each would save its own view over the other's, and
 * whichever stopped last would win. The first comer gets the folder; while that instance lives the next gets a
 * numbered neighbour. A folder whose holder is stopping is waited for, so that ending the app and starting it again
 * never looks like lost data.
 */
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface Claim {
  readonly location: string;
  /** Tells those who come now that waiting is worth it. */
  announceStop(): Promise<void>;
  release(): Promise<void>;
}

const HEARTBEAT_MS = 500;
/** Process ids come again and dead processes can linger, so a lock untouched for this long counts for nothing. */
const STALE_AFTER_MS = 5_000;
/** How long a living holder is given to be one that was just told to stop. */
const GRACE_MS = 2_000;
const POLL_MS = 20;
const STOPPING = 'stopping';

/**
 * Claims `wanted`, or `wanted-2`, `wanted-3`… while others run.
 * @param onLost called when another has taken the folder, having heard nothing of this process for long: it was stopped
 */
export async function claimLocation(wanted: string, onLost: () => void): Promise<Claim> {
  for (let number = 1; ; number += 1) {
    const location = number === 1 ? wanted : `${wanted}-${number}`;
    await mkdir(location, { recursive: true });
    const lock = join(location, 'in-use');
    if (await takeLock(lock)) return holdLock(location, lock, onLost);
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

/** `false`: a living instance has it and means to keep it. */
async function takeLock(lock: string): Promise<boolean> {
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

/** `undefined`: the lock has just gone. The pid is 0 for the moment between a holder's creating it and writing it. */
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
