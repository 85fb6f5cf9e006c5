/**
 * Sends forwarded webhooks to their targets, with growing pauses for a day; after that they are laid aside for people to
 * look at. Before each try it asks whether the webhook would still be true. An image that was deleted everywhere, or a tag
 * that has moved on, is not announced any more; one that a region of the target has lost waits until it is there again.
 */

import type { AvailabilityQuery } from '../image/availability.ts';
import type { ForwardOrder, ForwardTarget } from '../image/forward-entry.ts';
import { requirementOf, toPushWebhook } from '../image/forward-entry.ts';
import type { ForwardSending } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByName } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import type { Requirement } from '../model/requirement.ts';
import type { ForwardQueue } from '../outbox/ports.ts';
import type { WaitResult } from '../query/ask.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Telemetry } from '../runtime/telemetry.ts';
import { noTelemetry } from '../runtime/telemetry.ts';
import { withTimeoutOrUndefined } from '../runtime/timeout.ts';
import type { ForwardOutcome } from './instruments.ts';
import { forwards } from './instruments.ts';
import type { WebhookSender } from './ports.ts';

export interface Forwarder {
  /**
   * One try. A refusal puts the order back on the queue, so only trouble with the storage makes it fail.
   * @param attempt how often it has been tried before
   */
  deliver(order: ForwardOrder, attempt: number): Promise<ForwardOutcome>;
}

const maxMs = 86_400_000;
const firstPauseMs = 5_000;
const maxPauseMs = 3_600_000;
/** A webhook is sent again once its lease has ended: a slow write of what became of it must not use that up. */
const maxNoteMs = 2_000;

export function forwarder(deps: {
  readonly targets: readonly ForwardTarget[];
  readonly registries: readonly Registry[];
  readonly queue: ForwardQueue;
  readonly sender: WebhookSender;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly telemetry?: Telemetry;
  replicaSet(registry: Registry): ReplicaSet;
  outcome(question: AvailabilityQuery, requirement: Requirement): Promise<WaitResult['outcome']>;
  /** Notes what became of it, for people; never fails. */
  note(order: ForwardOrder, sending: ForwardSending): Promise<void>;
}): Forwarder {
  const { queue, clock, log, telemetry = noTelemetry } = deps;

  function outcomeOf(order: ForwardOrder, registry: Registry, target: ForwardTarget): Promise<WaitResult['outcome']> {
    const { repository, digest } = order.name;
    const requirement = requirementOf(target, deps.replicaSet(registry));
    return deps.outcome({ registry, repository, tag: order.tag, digest }, requirement);
  }

  return {
    async deliver(order, attempt) {
      const outcome = await tryOnce(order, attempt);
      // A target that has left the settings is no name any more.
      const isKnown = deps.targets.some(({ name }) => name === order.target);
      const target = isKnown ? order.target : 'other';
      telemetry.measure(forwards, 1, { registry: order.name.registry, target, outcome });
      return outcome;
    },
  };

  async function tryOnce(order: ForwardOrder, attempt: number): Promise<ForwardOutcome> {
    const fields = { target: order.target, image: imageKey(order.name), tag: order.tag, attempt };
    const target = deps.targets.find(({ name }) => name === order.target);
    const registry = findRegistryByName(deps.registries, order.name.registry);
    if (target === undefined || registry === undefined) {
      log.warn('webhook not forwarded: its target is not in the settings any more', fields);
      return drop(order, attempt, 'its target is not in the settings any more');
    }
    const outcome = await outcomeOf(order, registry, target);
    if (outcome === 'deleted' || outcome === 'superseded') {
      log.info('webhook not forwarded: the image was deleted or the tag has moved on', fields);
      return drop(order, attempt, 'the image was deleted or the tag has moved on');
    }
    if (outcome === 'waiting') {
      return later(order, attempt, 'not sent: the image is not where the target needs it');
    }
    const answer = await deps.sender.send(target, JSON.stringify(toPushWebhook(order, registry)));
    if (answer === 'taken') {
      log.info('webhook forwarded', fields);
      // Most are accepted at once: those cost no write.
      if (attempt > 0) await note(order, 'accepted', attempt + 1, null);
      return 'taken';
    }
    return later(order, attempt, answer.refusal, answer.retryAfterMs);
  }

  async function drop(order: ForwardOrder, attempt: number, reason: string): Promise<ForwardOutcome> {
    await note(order, 'dropped', attempt, reason);
    return 'dropped';
  }

  async function note(
    order: ForwardOrder,
    state: ForwardSending['state'],
    attempts: number,
    lastError: string | null,
  ): Promise<void> {
    const noted = deps.note(order, { state, attempts, at: clock.now(), lastError });
    await withTimeoutOrUndefined(clock, maxNoteMs, noted);
  }

  async function later(
    order: ForwardOrder,
    attempt: number,
    refusal: string,
    retryAfterMs = 0,
  ): Promise<ForwardOutcome> {
    const fields = { target: order.target, image: imageKey(order.name), tag: order.tag, attempt, refusal };
    const pauseMs = Math.min(maxPauseMs, Math.max(pauseAfter(attempt), retryAfterMs));
    if (clock.now() + pauseMs > order.madeAt + maxMs) {
      await queue.deadLetter(order, refusal);
      log.warn('forward dead-lettered', fields);
      await note(order, 'givenUp', attempt + 1, refusal);
      return 'deadLettered';
    }
    await queue.put(order, attempt + 1, pauseMs);
    log.warn('forward not accepted, will retry', { ...fields, pauseSeconds: Math.round(pauseMs / 1000) });
    await note(order, 'retrying', attempt + 1, refusal);
    return 'again';
  }

  function pauseAfter(attempt: number): number {
    return firstPauseMs * 3 ** Math.min(attempt, 10) * (0.8 + 0.4 * deps.random());
  }
}
