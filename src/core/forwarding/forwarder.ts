/**
 * Sends forwarded webhooks to their targets, with growing pauses for a day; after that they are laid aside for people to
 * look at. Before each try it looks whether the webhook would still be true: an image that was deleted, or a tag that has
 * moved on, is not announced any more.
 */
import type { Question } from '../availability.ts';
import { imageKey } from '../image.ts';
import type { Clock, ForwardQueue, Log, WebhookSender } from '../ports.ts';
import type { Registry } from '../registry.ts';
import { findRegistryByName } from '../registry.ts';
import type { ReplicaSet } from '../replica-set.ts';
import type { Requirement } from '../requirement.ts';
import type { Telemetry } from '../telemetry.ts';
import { noTelemetry } from '../telemetry.ts';
import type { WaitResult } from '../tracker.ts';
import type { ForwardOrder, ForwardTarget } from './forward.ts';
import { requirementOf, toPushWebhook } from './forward.ts';

export type ForwardOutcome = 'taken' | 'again' | 'dropped' | 'buried';

export interface Forwarder {
  /**
   * One try. A refusal puts the order back on the queue, so only trouble with the storage makes it fail.
   * @param attempt how often it has been tried before
   */
  deliver(order: ForwardOrder, attempt: number): Promise<ForwardOutcome>;
}

const longestMs = 86_400_000;
const firstPauseMs = 5_000;
const longestPauseMs = 3_600_000;

export function forwarder(parts: {
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
  outcome(question: Question, requirement: Requirement): Promise<WaitResult['outcome']>;
}): Forwarder {
  const { queue, clock, log, telemetry = noTelemetry } = parts;

  async function isOver(order: ForwardOrder, registry: Registry, target: ForwardTarget): Promise<boolean> {
    const { repository, digest } = order.name;
    const requirement = requirementOf(target, parts.replicaSet(registry));
    const outcome = await parts.outcome({ registry, repository, tag: order.tag, digest }, requirement);
    return outcome === 'deleted' || outcome === 'superseded';
  }

  return {
    async deliver(order, attempt) {
      const outcome = await tryOnce(order, attempt);
      // A target that has left the settings is no name any more.
      const isKnown = parts.targets.some(({ name }) => name === order.target);
      const target = isKnown ? order.target : 'other';
      telemetry.measure('forwards', 1, { registry: order.name.registry, target, outcome });
      return outcome;
    },
  };

  async function tryOnce(order: ForwardOrder, attempt: number): Promise<ForwardOutcome> {
    const fields = { target: order.target, image: imageKey(order.name), tag: order.tag, attempt };
    const target = parts.targets.find(({ name }) => name === order.target);
    const registry = findRegistryByName(parts.registries, order.name.registry);
    if (target === undefined || registry === undefined) {
      log.warn('webhook not forwarded: its target is not in the settings any more', fields);
      return 'dropped';
    }
    if (await isOver(order, registry, target)) {
      log.info('webhook not forwarded: the image was deleted or the tag has moved on', fields);
      return 'dropped';
    }
    const answer = await parts.sender.send(target, JSON.stringify(toPushWebhook(order, registry)));
    if (answer === 'taken') {
      log.info('webhook forwarded', fields);
      return 'taken';
    }
    const pauseMs = Math.min(longestPauseMs, Math.max(pauseAfter(attempt), answer.retryAfterMs ?? 0));
    if (clock.now() + pauseMs > order.madeAt + longestMs) {
      await queue.bury(order, answer.refusal);
      log.warn('webhook given up after a day', { ...fields, refusal: answer.refusal });
      return 'buried';
    }
    await queue.put(order, attempt + 1, pauseMs);
    log.warn('webhook not taken, later again', {
      ...fields,
      refusal: answer.refusal,
      pauseSeconds: Math.round(pauseMs / 1000),
    });
    return 'again';
  }

  function pauseAfter(attempt: number): number {
    return firstPauseMs * 3 ** Math.min(attempt, 10) * (0.8 + 0.4 * parts.random());
  }
}
