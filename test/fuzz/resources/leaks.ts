/**
 * What each round leaves in the app: compared round by round, since the first one fills caches and the right absolute
 * number is unknown.
 */
import type { Memory } from '../inspector.ts';
import type { Subject } from '../subject.ts';
import { ask } from '../truth.ts';
import { pause } from './clients.ts';

/** From the round before the last to the last. */
const maxGrowthBytes = 2_500_000;
const maxMoreHandles = 10;
const settledWithinMs = 8_000;

export async function repeat(subject: Subject, rounds: number, round: (number: number) => Promise<string[]>) {
  const before = await subject.inspector.measure();
  const memories: Memory[] = [];
  const found: string[] = [];
  for (let number = 0; number < rounds; number++) {
    found.push(...(await round(number)));
    memories.push(await settled(subject, before));
  }
  found.push(...compare(before, memories));
  const heaps = memories.map(({ heapBytes }) => (heapBytes / 1e6).toFixed(1)).join(', ');
  const last = memories.at(-1) ?? before;
  const handles = (memory: Memory) => `${sockets(memory)} sockets, ${memory.resources.Timeout ?? 0} timers`;
  return {
    found,
    figures: `heap ${(before.heapBytes / 1e6).toFixed(1)} \u2192 ${heaps} MB; ${handles(before)} \u2192 ${handles(last)}`,
  };
}

const sockets = ({ resources }: Memory) => resources.TCPSocketWrap ?? 0;

/** Connections end a moment after the client has closed them. */
async function settled({ inspector }: Subject, before: Memory): Promise<Memory> {
  const deadline = performance.now() + settledWithinMs;
  for (;;) {
    const memory = await inspector.measure();
    if (sockets(memory) <= sockets(before) + maxMoreHandles || performance.now() > deadline) return memory;
    await pause(250);
  }
}

export function compare(before: Memory, memories: readonly Memory[]): string[] {
  const found: string[] = [];
  const [previous, last] = memories.slice(-2);
  if (last === undefined || previous === undefined) throw new Error('one round alone cannot be compared');
  const grown = last.heapBytes + last.externalBytes - previous.heapBytes - previous.externalBytes;
  if (grown > maxGrowthBytes) found.push(`memory grows: ${grown} bytes in the last round`);
  const moreSockets = sockets(last) - sockets(before);
  if (moreSockets > maxMoreHandles) found.push(`${moreSockets} sockets are left`);
  const moreTimers = (last.resources.Timeout ?? 0) - (before.resources.Timeout ?? 0);
  if (moreTimers > maxMoreHandles) found.push(`${moreTimers} timers are left`);
  return found;
}

/** How long a valid request takes meanwhile; the slowest of several. */
export async function slowestGoodRequest(subject: Subject, times: number, everyMs: number): Promise<number> {
  let slowest = 0;
  for (let i = 0; i < times; i++) {
    const startedAt = performance.now();
    await ask(subject, '/api/availability?image=contoso.azurecr.io/truth/app:latest');
    slowest = Math.max(slowest, performance.now() - startedAt);
    await pause(everyMs);
  }
  return slowest;
}
