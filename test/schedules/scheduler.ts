/**
 * The order of things: every call of a port, every answer to one, every sleep and every event from outside is a step with
 * a time, and one step is done after the other. After each, all that follows from it without further steps happens to
 * its end. So two runs of one seed are the same to the last step, and hours pass in milliseconds.
 */
export interface Scheduler {
  /** Milliseconds since 1970. */
  now(): number;
  /** Has the step done at that time, after all that are due then already. @returns how to call it off */
  at(time: number, step: () => void): () => void;
  /** Does all steps up to that time, and what a leap has put off. Fails when there is no end to them. */
  run(until: number): Promise<void>;
  /** Skips this much time without a step; what is under way continues after it. */
  leap(milliseconds: number): void;
  /** By all leaps together, milliseconds. */
  readonly leapt: number;
  readonly steps: number;
}

interface Entry {
  time: number;
  readonly turn: number;
  step: (() => void) | undefined;
}

export function scheduler(start: number, maxSteps: number): Scheduler {
  const heap: Entry[] = [];
  let now = start;
  let turns = 0;
  let steps = 0;
  let leapt = 0;

  return {
    now: () => now,
    get leapt() {
      return leapt;
    },
    leap(milliseconds) {
      leapt += milliseconds;
      now += milliseconds;
      for (const entry of heap) entry.time += milliseconds;
    },
    get steps() {
      return steps;
    },
    at(time, step) {
      const entry: Entry = { time: Math.max(now, Math.ceil(time)), turn: turns++, step };
      push(heap, entry);
      return () => {
        entry.step = undefined;
      };
    },
    async run(until) {
      await allThatFollows();
      const leaptBefore = leapt;
      const end = () => until + leapt - leaptBefore;
      for (let next = heap[0]; next !== undefined && next.time <= end(); next = heap[0]) {
        pop(heap);
        const { step } = next;
        if (step === undefined) continue;
        if (++steps > maxSteps) throw new Error(`no end after ${maxSteps} steps`);
        now = next.time;
        step();
        await allThatFollows();
      }
      now = Math.max(now, end());
    },
  };
}

/** The platform runs every promise callback that is ready before this one. */
function allThatFollows(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.turn < b.turn);
}

function push(heap: Entry[], entry: Entry): void {
  let place = heap.push(entry) - 1;
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let place = 0;
  for (;;) {
    let below = 2 * place + 1;
    const left = heap[below];
    const right = heap[below + 1];
    if (left === undefined) break;
    const lesser = right !== undefined && isBefore(right, left) ? right : left;
    if (lesser === right) below++;
    if (!isBefore(lesser, last)) break;
    heap[place] = lesser;
    place = below;
  }
  heap[place] = last;
}
