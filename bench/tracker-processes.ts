/**
 * Several trackers on one storage, each in a process of its own, without affinity: each delivery goes to a random one,
 * as behind a load balancer. What one process knows of an image the others have to read, and when two receive events at
 * the same time, one has to repeat its decision.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Published } from './check-published.ts';

export type Order =
  | { readonly kind: 'insert'; readonly inserts: number; readonly atOnce: number }
  | {
      readonly kind: 'deliver';
      readonly names: string;
      readonly label: string;
      readonly images: number;
      readonly atOnce: number;
      /** The number of this member: it gets its share of all deliveries. */
      readonly member: number;
      readonly members: number;
    };

export interface Done {
  readonly published: readonly Published[];
  /** Round trips to the storage. */
  readonly trips: number;
  /** Microseconds. */
  readonly cpu: number;
}

export interface TrackerProcesses {
  /** @returns the results of all members, once all have finished */
  work(order: (member: number) => Order): Promise<readonly Done[]>;
  close(): Promise<void>;
}

const workWithinMs = 300_000;

export function openTrackerProcesses(storage: string, members: number): TrackerProcesses {
  const children = Array.from({ length: members }, () =>
    fork(new URL('tracker-process.ts', import.meta.url), [storage], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );

  function ask(member: number, order: Order): Promise<Done> {
    const child = children[member];
    const answer = Promise.withResolvers<Done>();
    const onMessage = (message: unknown) => answer.resolve(message as Done);
    const onExit = (code: unknown) => answer.reject(new Error(`member ${member} ended with exit code ${String(code)}`));
    const timer = setTimeout(() => answer.reject(new Error(`member ${member} is not done in time`)), workWithinMs);
    child?.once('message', onMessage).once('exit', onExit).send(order);
    return answer.promise.finally(() => {
      clearTimeout(timer);
      child?.off('message', onMessage).off('exit', onExit);
    });
  }

  return {
    work: (order) => Promise.all(children.map((_, member) => ask(member, order(member)))),
    async close() {
      const ends = children.filter((child) => child.exitCode === null).map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ends);
    },
  };
}
