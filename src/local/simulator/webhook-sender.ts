/**
 * Calls the webhooks with what the replicas fire, through a network that loses, repeats and overtakes. What went wrong
 * is decided per firing from the seed, and every attempt is kept, because afterwards somebody has to tell "the tracker
 * missed it" from "the tracker never heard of it".
 */
import type { Firing } from './firing.ts';
import { limitConcurrency } from './limit-concurrency.ts';
import { type DeliveryRequest, describeFailure, type Post } from './post-once.ts';
import { drawBetween, drawChance, openRandom } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { type Delivery, type DeliveryResponse, isConcerned, maskHeaders, type Webhook } from './webhook.ts';
import { buildPingEvent, type WebhookEvent } from './webhook-event.ts';

/** Probabilities from 0 to 1, all 0 by default. */
export interface DeliveryFaults {
  /** Never reaches the receiver. */
  loss?: number;
  /** Of the lost ones, the share that `listEvents` does not know either. */
  lossUnlogged?: number;
  /** Delivered a second time, a little later. */
  repeat?: number;
  /** Held back long enough for later events to overtake it. */
  reorder?: number;
}

export interface SenderOptions {
  seed: number;
  scheduler: Scheduler;
  /** By name. Whoever serves the management API changes this very map. */
  webhooks: ReadonlyMap<string, Webhook>;
  post: Post;
  faults?: DeliveryFaults;
  /** How long a reordered event is held back at most. Default: 5. */
  reorderSeconds?: number;
  /** Divides every pause. Default: 1. */
  speed?: number;
  /** Deliveries under way at once; the rest wait. Default: 16. */
  concurrency?: number;
  /** Entries a webhook remembers. Default: 1000. */
  keep?: number;
}

export interface Attempt {
  webhook: string;
  firing: Firing;
  outcome: 'delivered' | 'refused' | 'lost';
  statusCode: string;
  /** What the receiver said became of it, like `recorded` or `duplicate`; empty when it did not say. */
  answer: string;
  isRepeat: boolean;
}

export interface Sender {
  /** Plans the deliveries of one firing. */
  send(firing: Firing): void;
  /** Delivers a ping at once and says how it went. */
  ping(webhook: Webhook, id: string, timestamp: string): Promise<Delivery>;
  /** Every attempt, oldest first. */
  attempts: readonly Attempt[];
  /** Called after each attempt. */
  listen(listener: (attempt: Attempt) => void): void;
}

export function createSender(options: SenderOptions): Sender {
  const { seed, scheduler, webhooks, post, faults = {}, reorderSeconds = 5, speed = 1, keep = 1_000 } = options;
  const limit = limitConcurrency(options.concurrency ?? 16);
  const attempts: Attempt[] = [];
  const listeners: ((attempt: Attempt) => void)[] = [];

  async function deliver(webhook: Webhook, event: WebhookEvent, isLost: boolean, isLogged = true): Promise<Delivery> {
    const body = JSON.stringify(event);
    const headers = { ...webhook.customHeaders, 'Content-Type': 'application/json; charset=utf-8' };
    const request: DeliveryRequest = { serviceUri: webhook.serviceUri, headers, body };
    const response = isLost ? describeFailure('504', 'Gateway Timeout') : await limit(() => post(request));
    const length = String(Buffer.byteLength(body));
    const delivery: Delivery = {
      id: event.id,
      eventRequestMessage: {
        content: event,
        headers: maskHeaders({ ...headers, 'Content-Length': length }),
        method: 'POST',
        requestUri: webhook.serviceUri,
        version: '1.1',
      },
      eventResponseMessage: response,
    };
    if (isLogged && webhook.deliveries.push(delivery) > keep) webhook.deliveries.shift();
    return delivery;
  }

  async function attempt(webhook: Webhook, firing: Firing, isRepeat: boolean, isLost: boolean): Promise<void> {
    const unlogged = openRandom(seed, `unlogged ${webhook.name} ${firing.label}`);
    const isLogged = !isLost || !drawChance(unlogged, faults.lossUnlogged ?? 0);
    const { eventResponseMessage: response } = await deliver(webhook, firing.event, isLost, isLogged);
    const { statusCode } = response;
    const outcome = isLost ? 'lost' : statusCode.startsWith('2') ? 'delivered' : 'refused';
    const made: Attempt = {
      webhook: webhook.name,
      firing,
      outcome,
      statusCode,
      answer: readAnswer(response),
      isRepeat,
    };
    attempts.push(made);
    for (const listener of listeners) listener(made);
  }

  function plan(webhook: Webhook, firing: Firing): void {
    const random = openRandom(seed, `deliver ${webhook.name} ${firing.label}`);
    const isLost = drawChance(random, faults.loss ?? 0);
    const isRepeated = drawChance(random, faults.repeat ?? 0);
    const isHeld = drawChance(random, faults.reorder ?? 0);
    const transit = drawBetween(random, 20, 150) + (isHeld ? drawBetween(random, 500, reorderSeconds * 1_000) : 0);
    const dueAt = scheduler.now() + transit / speed;
    scheduler.at(dueAt, () => attempt(webhook, firing, false, isLost));
    const again = dueAt + drawBetween(random, 10, 2_000) / speed;
    if (isRepeated && !isLost) scheduler.at(again, () => attempt(webhook, firing, true, false));
  }

  return {
    attempts,
    listen: (listener) => void listeners.push(listener),
    ping: (webhook, id, timestamp) => deliver(webhook, buildPingEvent(id, timestamp), false),
    send(firing) {
      for (const webhook of webhooks.values()) if (isConcerned(webhook, firing)) plan(webhook, firing);
    },
  };
}

/** The tracker says in a JSON field what became of the event; another receiver may say anything. */
function readAnswer({ content }: DeliveryResponse): string {
  try {
    const answer: unknown = JSON.parse(content);
    return answer !== null && typeof answer === 'object' && 'outcome' in answer ? String(answer.outcome) : '';
  } catch {
    return '';
  }
}
