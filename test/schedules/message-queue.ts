/**
 * The storage queues, as the Functions host reads them: a message becomes visible at its time, goes to some running
 * instance, and is deleted only once its function has succeeded. It comes again when the function fails, when its
 * instance is killed, and sometimes without a reason.
 */
import type { Case } from './case.ts';
import type { Choices } from './choices.ts';
import { between, pick } from './choices.ts';
import type { Instance } from './instance.ts';

export type MessageKind = 'delivery';

export interface MessageQueue {
  /** @param from label of the instance that puts it there */
  put(kind: MessageKind, body: unknown, visibleAt: number, from: string): void;
  /** An instance has started: it gets the messages that became visible while none was running. */
  instanceStarted(): void;
  /** What that instance was at is seen again. */
  instanceKilled(instance: Instance): void;
}

interface Message {
  readonly name: string;
  readonly kind: MessageKind;
  /** The body as JSON. */
  readonly text: string;
  readonly from: string;
  times: number;
}

/** As in host.json: after a failure, and between two reads of the queue. */
const againAfterMs = 10_000;
const fetchPauseMs = 2_000;
/** The host hides a message from others for this time, also if the instance that has it is killed. */
const leaseMs = 600_000;
/**
 * Here the lease is longer than any schedule, so that no rule at the end depends on it: what must not wait that long is
 * queued twice. Only if a killed instance had both messages is the real lease used, and then the time that follows from
 * it.
 */
const longLeaseMs = 10_000_000;
const followsMs = 660_000;
/** A function that runs longer is stopped by the host. */
const functionTimeoutMs = 300_000;

export function messageQueue(on: Case, choices: Choices): MessageQueue {
  const { scheduler, counters, trace } = on;
  const handled = new Map<Message, Instance>();
  const open = new Set<Message>();
  /** How many messages have the same body. */
  const copies = new Map<string, number>();
  /** The instance that had them was killed. */
  const hidden = new Set<Message>();
  /** Visible while no instance is running. */
  const unfetched: Message[] = [];
  let messages = 0;

  function show(message: Message, at: number): void {
    const name = `${message.name} visible ${message.times}`;
    // Early by the clock of the instance that set it: the queue has a clock of its own.
    const lateMs = choices.choose(name, 1, (random) => pick(random, [0, 1, 5, 400, 2_000, -400]));
    scheduler.at(at + lateMs, () => fetch(message));
  }

  function fetch(message: Message): void {
    const running = on.runningInstances();
    const name = `${message.name} to ${++message.times}`;
    const instance = running[choices.choose(name, 0, (random) => between(random, 0, running.length - 1))];
    if (instance === undefined) {
      unfetched.push(message);
      return;
    }
    trace(() => `${message.name} goes to ${instance.label}`);
    if (message.times > 1) counters.count('messages', `${message.kind} again`);
    counters.count(
      'messages',
      `${message.kind} ${instance.label === message.from ? 'by the same instance' : 'by another instance'}`,
    );
    handled.set(message, instance);
    hidden.delete(message);
    const overdue = scheduler.at(scheduler.now() + functionTimeoutMs, () => {
      if (handled.get(message) === instance)
        on.violate('all work ends', `${message.name} on ${instance.label} does not end`);
    });
    const end = (isDone: boolean) => {
      if (instance.isKilled || handled.get(message) !== instance) return;
      overdue();
      handled.delete(message);
      const isRepeated = choices.choose(
        `${message.name} repeated ${message.times}`,
        false,
        (random) => random() < 0.08,
      );
      if (!isDone || isRepeated) show(message, scheduler.now() + againAfterMs);
      else open.delete(message);
    };
    instance.handle(message.kind, JSON.parse(message.text)).then(
      () => end(true),
      () => end(false),
    );
  }

  return {
    put(kind, body, visibleAt, from) {
      const message = { name: `${kind} message ${++messages}`, kind, text: JSON.stringify(body), from, times: 0 };
      open.add(message);
      copies.set(message.text, (copies.get(message.text) ?? 0) + 1);
      show(message, visibleAt);
    },
    instanceStarted() {
      for (const message of unfetched.splice(0)) show(message, scheduler.now() + fetchPauseMs);
    },
    instanceKilled(instance) {
      for (const [message, by] of handled) {
        if (by !== instance) continue;
        handled.delete(message);
        counters.count('kills', `while handling a ${message.kind}`);
        hidden.add(message);
        const isLast = ![...open].some((other) => other.text === message.text && !hidden.has(other));
        const isLeft = isLast && (copies.get(message.text) ?? 0) > 1;
        show(message, scheduler.now() + (isLeft ? leaseMs : longLeaseMs));
        if (isLeft) on.sentAgainBy = Math.max(on.sentAgainBy, scheduler.now() + leaseMs + followsMs);
      }
    },
  };
}
