/**
 * Forwards webhooks to their targets, with growing pauses for a day; after that they are dead-lettered. Before each attempt it
 * checks that the webhook is still true. If the image was deleted everywhere, or the tag has moved to another digest, the
 * webhook is dropped. If a region that the target requires no longer has the image, it waits until it has it again.
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
   * One attempt. If the target refuses, the order goes back on the queue. Fails with an `UpstreamError` only for the storage.
   * @param attempt how many attempts were made before
   */
  deliver(order: ForwardOrder, attempt: number): Promise<ForwardOutcome>;
}

const maxMs = 86_400_000;
const firstPauseMs = 5_000;
const maxPauseMs = 3_600_000;
/** Another instance sends the webhook again when the lease ends: a slow write of the outcome must not last that long. */
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
  /** Notes the outcome of the attempt, for people; never fails. */
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
      // Metrics name only targets of the settings, so that the number of series is bounded.
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
    if (answer === 'delivered') {
      log.info('webhook forwarded', fields);
      // Most are accepted at the first attempt: those cost no write.
      if (attempt > 0) await note(order, 'accepted', attempt + 1, null);
      return 'delivered';
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
