/**
 * Delivers the fired events to the webhooks, over a network that loses, repeats and reorders. The seed decides which
 * faults hit an event. Every attempt is recorded, so that a missing image can be blamed on the tracker or on a lost
 * event.
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
  /** The event never reaches the receiver. */
  loss?: number;
  /** Of the lost events, the share that is missing in `listEvents` as well. */
  lossUnlogged?: number;
  /** The event is delivered a second time, a little later. */
  repeat?: number;
  /** The event is held back until later ones have overtaken it. */
  reorder?: number;
}

export interface SenderOptions {
  seed: number;
  scheduler: Scheduler;
  /** By name. The ARM stand-in changes this map. */
  webhooks: ReadonlyMap<string, Webhook>;
  post: Post;
  faults?: DeliveryFaults;
  /** The maximum time a reordered event is held back. Default: 5. */
  reorderSeconds?: number;
  /** Divides every pause. Default: 1. */
  speed?: number;
  /** Deliveries in flight at once; the rest is queued. Default: 16. */
  concurrency?: number;
  /** Log entries kept per webhook. Default: 1000. */
  keep?: number;
}

export interface Attempt {
  webhook: string;
  firing: Firing;
  outcome: 'delivered' | 'refused' | 'lost';
  statusCode: string;
  /** The receiver's outcome, such as `recorded` or `duplicate`; empty when the answer has none. */
  answer: string;
  isRepeat: boolean;
}

export interface Sender {
  /** Schedules the deliveries of one event. */
  send(firing: Firing): void;
  /** Delivers a ping at once and returns its log entry. */
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

/** The tracker's outcome is in a JSON field; another receiver may answer anything. */
function readAnswer({ content }: DeliveryResponse): string {
  try {
    const answer: unknown = JSON.parse(content);
    return answer !== null && typeof answer === 'object' && 'outcome' in answer ? String(answer.outcome) : '';
  } catch {
    return '';
  }
}
