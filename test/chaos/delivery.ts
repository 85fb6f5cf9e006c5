/**
 * Sends one webhook request as the registry does: to any process, with a timeout of five seconds, once. It records the
 * result as an attempt. An answer with 2xx acknowledges the event, and the checker then expects that the app keeps it. A
 * refused request is never sent again, not even as a repeat that the network makes.
 */
import type { DeliveryRequest, Post } from '../../src/local/simulator/post-once.ts';
import { createPost, describeFailure } from '../../src/local/simulator/post-once.ts';
import { drawFrom, type Random } from '../../src/local/simulator/random.ts';
import type { DeliveryResponse } from '../../src/local/simulator/webhook.ts';
import type { WebhookEvent } from '../../src/local/simulator/webhook-event.ts';
import type { Attempt } from './evidence.ts';
import type { Member } from './fleet.ts';

export interface DeliveryOptions {
  readonly members: readonly Member[];
  readonly random: Random;
  isDisturbed(process: string, from: number, until: number): boolean;
  /** How long the test process was busy with something else between two times. */
  lagBetween(from: number, until: number): number;
  onAttempt(attempt: Attempt): void;
}

const registryTimeoutMs = 5_000;

export function createDelivery(options: DeliveryOptions): Post {
  const post = createPost(registryTimeoutMs);
  const failed = new Set<string>();

  return async (request) => {
    const event = JSON.parse(request.body) as WebhookEvent;
    const { pathname } = new URL(request.serviceUri);
    const name = `${pathname} ${event.id} ${event.timestamp}`;
    if (failed.has(name)) return describeFailure('502', 'Bad Gateway');
    const member = drawFrom(options.random, options.members);
    const sentAt = Date.now();
    // Before its first start it has no address.
    const response =
      member.url === ''
        ? describeFailure('502', 'Bad Gateway')
        : await post({ ...request, serviceUri: new URL(pathname, member.url).href });
    const attempt = describeAttempt(options, request, event, response, { process: member.name, sentAt });
    if (!isAcknowledged(attempt)) failed.add(name);
    options.onAttempt(attempt);
    return response;
  };
}

export function isAcknowledged({ status }: Attempt): boolean {
  return status >= 200 && status < 300;
}

function describeAttempt(
  options: DeliveryOptions,
  { serviceUri }: DeliveryRequest,
  { action, target, timestamp }: WebhookEvent,
  { content, headers, statusCode }: DeliveryResponse,
  { process, sentAt }: { process: string; sentAt: number },
): Attempt {
  const endedAt = Date.now();
  const [, outcome = ''] = /"outcome":\s*"(\w+)"/.exec(content) ?? [];
  const isAnswer = Object.keys(headers).length > 0;
  return {
    ...{ process, sentAt, endedAt, outcome },
    region: new URL(serviceUri).pathname.split('/').at(-1) ?? '',
    key: `${target?.repository}@${target?.digest}`,
    action: action === 'delete' ? 'delete' : 'push',
    tag: target?.tag || null,
    eventTime: Date.parse(timestamp),
    status: isAnswer ? Number(statusCode) : 0,
    isDisturbed: options.isDisturbed(process, sentAt, endedAt),
    ownLagMs: options.lagBetween(sentAt, endedAt),
  };
}
