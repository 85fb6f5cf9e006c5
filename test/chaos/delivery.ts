/**
 * One webhook request the way the registry makes it: to whichever process the balancer picks, five seconds, one try.
 * What became of it is written down as an attempt: every 2xx among them is a promise that the checker will hold the app
 * to. What was refused is never sent again, not even as the repeat that the network had in store for it.
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
  /** How long this process was busy with something else between two times. */
  lagBetween(from: number, until: number): number;
  onAttempt(attempt: Attempt): void;
}

const registryPatienceMs = 5_000;

export function createDelivery(options: DeliveryOptions): Post {
  const post = createPost(registryPatienceMs);
  const failed = new Set<string>();

  return async (request) => {
    const event = JSON.parse(request.body) as WebhookEvent;
    const { pathname } = new URL(request.serviceUri);
    const name = `${pathname} ${event.id} ${event.timestamp}`;
    if (failed.has(name)) return describeFailure('502', 'Bad Gateway');
    const member = drawFrom(options.random, options.members);
    const sentAt = Date.now();
    // Before it has been up for the first time it has no address at all.
    const response =
      member.url === ''
        ? describeFailure('502', 'Bad Gateway')
        : await post({ ...request, serviceUri: new URL(pathname, member.url).href });
    const attempt = describeAttempt(options, request, event, response, { process: member.name, sentAt });
    if (!isPromise(attempt)) failed.add(name);
    options.onAttempt(attempt);
    return response;
  };
}

export function isPromise({ status }: Attempt): boolean {
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
