/**
 * How an instance forwards webhooks: before it sends, it checks whether that is still true; sometimes the target
 * accepts nothing.
 */
import type { Forwarder } from '../../src/core/forwarding/forwarder.ts';
import { forwarder } from '../../src/core/forwarding/forwarder.ts';
import type { Clock, ForwardQueue, Log, WebhookSender } from '../../src/core/ports.ts';
import type { WaitResult } from '../../src/core/query/ask.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import type { Case } from './case.ts';
import type { Choices } from './choices.ts';
import { judgeForward } from './judge-forward.ts';

export function instanceForwarder(parts: {
  readonly on: Case;
  readonly choices: Choices;
  readonly label: string;
  readonly tracker: Tracker;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly queue: ForwardQueue;
  /** Replaces the answer to its check; for broken worlds. */
  outcome(outcome: WaitResult['outcome']): WaitResult['outcome'];
}): Forwarder {
  const { on, choices, label, tracker, clock, log, random, queue } = parts;
  let sends = 0;
  return {
    deliver(order, attempt) {
      let judge: () => void = () => undefined;
      const sender: WebhookSender = {
        async send() {
          judge();
          const isRefused = choices.choose(`${label} send ${++sends}`, false, (draw) => draw() < 0.3);
          return isRefused ? { refusal: 'answered 500', retryAfterMs: undefined } : 'delivered';
        },
      };
      const once = forwarder({
        ...{ ...on.options, queue, sender, clock, random, log },
        replicaSet: tracker.replicaSet,
        note: tracker.noteForward,
        async outcome(question, requirement) {
          const askedAt = on.scheduler.now();
          judge = () => judgeForward(on, question, requirement, askedAt);
          const { outcome } = await tracker.wait(question, requirement, 0);
          on.counters.count('forwards', outcome);
          return parts.outcome(outcome);
        },
      });
      return once.deliver(order, attempt);
    },
  };
}
