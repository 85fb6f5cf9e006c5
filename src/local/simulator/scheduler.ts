/**
 * The interface of the simulator's clock. The simulated world only schedules actions; `real-scheduler.ts` waits for
 * them in real time, `virtual-scheduler.ts` skips the time in between, so that a test of a region that returns after an
 * hour takes milliseconds.
 */

export type Action = () => void | Promise<void>;

export interface Scheduler {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs the action at `dueAt`, or at once when that has passed. Actions due at the same instant keep their order. */
  at(dueAt: number, action: Action): void;
}

interface Task {
  dueAt: number;
  order: number;
  action: Action;
}

/** A heap of tasks, earliest first; equal times in order of insertion. */
export class TaskQueue {
  #heap: Task[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  get nextDueAt(): number | undefined {
    return this.#heap[0]?.dueAt;
  }

  add(dueAt: number, action: Action): void {
    const task = { dueAt, order: this.#order, action };
    this.#order += 1;
    let index = this.#heap.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#heap[parent];
      if (above === undefined || !isEarlier(task, above)) break;
      this.#heap[index] = above;
      index = parent;
    }
    this.#heap[index] = task;
  }

  take(): Task | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined || this.#heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const useRight = left !== undefined && right !== undefined && isEarlier(right, left);
      const below = useRight ? right : left;
      if (below === undefined || !isEarlier(below, last)) break;
      this.#heap[index] = below;
      index = 2 * index + (useRight ? 2 : 1);
    }
    this.#heap[index] = last;
    return first;
  }

  clear(): void {
    this.#heap = [];
  }
}

function isEarlier(one: Task, other: Task): boolean {
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.order < other.order);
}
