/**
 * The storage queues, as the Functions host reads them: a message becomes visible at its time, goes to some living instance,
 * and is gone only once its function has succeeded. It comes again when the function fails, when its instance dies, and
 * now and then for no reason.
 */
import type { Case } from './case.ts';
import type { Choices } from './choices.ts';
import { between, pick } from './choices.ts';
import type { Instance } from './instance.ts';

export type MessageKind = 'delivery';

export interface Mailbox {
  /** @param from label of the instance that puts it there */
  put(kind: MessageKind, body: unknown, visibleAt: number, from: string): void;
  /** There is somebody to fetch what has become visible while nobody was alive. */
  started(): void;
  /** What that instance was at is seen again. */
  died(instance: Instance): void;
}

interface Message {
  readonly name: string;
  readonly kind: MessageKind;
  /** As it goes over the wire. */
  readonly text: string;
  readonly from: string;
  times: number;
}

/** As in host.json: after a failure, and between two looks at the queue. */
const againAfterMs = 10_000;
const fetchPauseMs = 2_000;
/** For so long the host hides a message from others, whatever becomes of whoever works on it. */
const leaseMs = 600_000;
/**
 * But here longer than any schedule, so that nothing that is judged in the end rests on it: all that must not wait so long is
 * said twice. Only where whoever died had both is the lease all there is, and then comes what follows from it.
 */
const longLeaseMs = 10_000_000;
const followsMs = 660_000;
/** A function that runs longer is stopped by the host. */
const functionTimeoutMs = 300_000;

export function mailbox(on: Case, choices: Choices): Mailbox {
  const { scheduler, counters, trace } = on;
  const handled = new Map<Message, Instance>();
  const open = new Set<Message>();
  /** How many messages have said the same. */
  const said = new Map<string, number>();
  /** Whoever was at them has died. */
  const hidden = new Set<Message>();
  /** Visible, and nobody is alive to fetch them. */
  const unfetched: Message[] = [];
  let messages = 0;

  function show(message: Message, at: number): void {
    const name = `${message.name} visible ${message.times}`;
    // Early by the clock of whoever set it: the queue has one of its own.
    const lateMs = choices.choose(name, 1, (random) => pick(random, [0, 1, 5, 400, 2_000, -400]));
    scheduler.at(at + lateMs, () => fetch(message));
  }

  function fetch(message: Message): void {
    const living = on.living();
    const name = `${message.name} to ${++message.times}`;
    const instance = living[choices.choose(name, 0, (random) => between(random, 0, living.length - 1))];
    if (instance === undefined) {
      unfetched.push(message);
      return;
    }
    trace(() => `${message.name} goes to ${instance.label}`);
    if (message.times > 1) counters.count('messages', `${message.kind} again`);
    counters.count('messages', `${message.kind} ${instance.label === message.from ? 'at home' : 'elsewhere'}`);
    handled.set(message, instance);
    hidden.delete(message);
    const overdue = scheduler.at(scheduler.now() + functionTimeoutMs, () => {
      if (handled.get(message) === instance)
        on.violate('work comes to an end', `${message.name} on ${instance.label} runs and runs`);
    });
    const end = (isDone: boolean) => {
      if (instance.isDead || handled.get(message) !== instance) return;
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
      said.set(message.text, (said.get(message.text) ?? 0) + 1);
      show(message, visibleAt);
    },
    started() {
      for (const message of unfetched.splice(0)) show(message, scheduler.now() + fetchPauseMs);
    },
    died(instance) {
      for (const [message, by] of handled) {
        if (by !== instance) continue;
        handled.delete(message);
        counters.count('kills', `while handling a ${message.kind}`);
        hidden.add(message);
        const isLast = ![...open].some((other) => other.text === message.text && !hidden.has(other));
        const isLeft = isLast && (said.get(message.text) ?? 0) > 1;
        show(message, scheduler.now() + (isLeft ? leaseMs : longLeaseMs));
        if (isLeft) on.sentAgainBy = Math.max(on.sentAgainBy, scheduler.now() + leaseMs + followsMs);
      }
    },
  };
}
