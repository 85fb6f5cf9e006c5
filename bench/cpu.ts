/**
 * Processor time of this process and the storage's. On a shared machine, elapsed time depends on other processes;
 * processor time does not.
 */
import { readFileSync } from 'node:fs';

/** Clock ticks in /proc: 100 a second on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** @returns microseconds so far, of this process and the other; without /proc, of this one only */
export function cpuSpent(otherPid: number): number {
  const { user, system } = process.cpuUsage();
  return user + system + spentBy(otherPid);
}

function spentBy(pid: number): number {
  try {
    // The name in brackets may hold anything; user and system time are the 12th and 13th field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1_000_000;
  } catch {
    return 0;
  }
}
