/**
 * Publishes CloudEvents to the Event Grid topic. The topic accepts a whole batch or none of it; what is too large for
 * one request is sent in several.
 */
import { setImmediate } from 'node:timers/promises';
import type { EventGridPublisherClient } from '@azure/eventgrid';
import type { TokenCredential } from '@azure/identity';
import type { CloudEvent } from '../core/image/cloud-event.ts';
import type { EventPublisher } from '../core/ports.ts';
import { UpstreamError } from '../core/runtime/errors.ts';
import { isLoopback } from '../core/runtime/url-origin.ts';

/** A request holds 1 MB. The limit counts characters: ids, types and most names are ASCII. */
const maxBatch = 700_000;
const callTimeoutMs = 15_000;

type Client = EventGridPublisherClient<'CloudEvent'>;

/** @param credential used where there is no key */
export async function topicClient(
  { endpoint, key }: { readonly endpoint: string; readonly key: string | undefined },
  credential: TokenCredential,
): Promise<Client> {
  // Load the library only after the answer to the webhook event that made the first event due.
  await setImmediate();
  const { AzureKeyCredential, EventGridPublisherClient } = await import('@azure/eventgrid');
  const options = {
    allowInsecureConnection: isLoopback(new URL(endpoint).hostname),
    retryOptions: { maxRetries: 1, retryDelayInMs: 200 },
  };
  return new EventGridPublisherClient(
    endpoint,
    'CloudEvent',
    key === undefined ? credential : new AzureKeyCredential(key),
    options,
  );
}

/** @param connect called at the first event, so that no webhook's answer waits for the library to load */
export function eventGridPublisher(connect: () => Promise<Client>): EventPublisher<object> {
  let connected: Promise<Client> | undefined;
  return {
    async publish(events) {
      connected ??= connect();
      const client = await connected.catch((error: unknown) => {
        connected = undefined;
        throw toUpstreamError(error);
      });
      for (const part of split(events)) await send(client, part);
    },
  };
}

async function send(client: Client, events: readonly CloudEvent<object>[]): Promise<void> {
  try {
    await client.send(
      events.map(({ specversion: _specversion, time, ...event }) => ({ ...event, time: new Date(time) })),
      { abortSignal: AbortSignal.timeout(callTimeoutMs) },
    );
  } catch (error) {
    throw toUpstreamError(error);
  }
}

function toUpstreamError(error: unknown): UpstreamError {
  const status = (error as { statusCode?: number }).statusCode;
  const where = `Event Grid topic${status === undefined ? '' : ` (${status})${reasonOf(error)}`}`;
  if (status === 401 || status === 403) {
    return new UpstreamError('unauthorized', where, {
      cause: error,
      hint: 'check EVENT_GRID_TOPIC_KEY or the sender role',
    });
  }
  if (status === 429) return new UpstreamError('throttled', where, { cause: error });
  if (status === 400 || status === 413) return new UpstreamError('invalid', where, { cause: error });
  return new UpstreamError('unavailable', where, { cause: error });
}

const maxReason = 160;

/**
 * What the topic itself says, in one short line. Its first sentence is enough: the rest is an id of the attempt, so it would never be
 * the same twice. An answer that is not the topic's, such as the page of a proxy, has no code.
 */
function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code !== 'string' || code === 'PARSE_ERROR' || typeof message !== 'string') return '';
  const [sentence = ''] = message.split(/\.(?:\s|$)|[\r\n]/);
  const plain = sentence
    .replace(/https?:\/\/\S+/g, '…')
    .replace(/\p{C}/gu, '')
    .trim();
  return plain === '' ? '' : `: ${plain.slice(0, maxReason)}`;
}

function split(events: readonly CloudEvent<object>[]): CloudEvent<object>[][] {
  const parts: CloudEvent<object>[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const length = JSON.stringify(event).length;
    if (size + length > maxBatch) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(event);
    size += length;
  }
  return parts;
}
