/**
 * The Event Grid topic, spoken to with CloudEvents. A batch is taken whole or not at all; what is too large for one
 * request is sent in parts.
 */
import type { EventGridPublisherClient } from '@azure/eventgrid';
import type { CloudEvent } from '../core/announcement.ts';
import { WorldError } from '../core/errors.ts';
import type { EventPublisher } from '../core/ports.ts';

/** A request holds 1 MB; events are measured in characters, and ids, types and most names are ASCII. */
const largestBatch = 700_000;
const callTimeoutMs = 15_000;

type Client = EventGridPublisherClient<'CloudEvent'>;

/** @param connect called at the first event: no webhook has to wait for a library that its answer does not need */
export function eventGridPublisher(connect: () => Promise<Client>): EventPublisher {
  let connected: Promise<Client> | undefined;
  return {
    async publish(events) {
      connected ??= connect();
      const client = await connected.catch((error: unknown) => {
        connected = undefined;
        throw toWorldError(error);
      });
      for (const part of split(events)) await send(client, part);
    },
  };
}

async function send(client: Client, events: readonly CloudEvent[]): Promise<void> {
  try {
    await client.send(
      events.map(({ specversion: _specversion, time, ...event }) => ({ ...event, time: new Date(time) })),
      { abortSignal: AbortSignal.timeout(callTimeoutMs) },
    );
  } catch (error) {
    throw toWorldError(error);
  }
}

function toWorldError(error: unknown): WorldError {
  const status = (error as { statusCode?: number }).statusCode;
  const where = `Event Grid topic${status === undefined ? '' : ` (${status})`}`;
  if (status === 401 || status === 403) {
    return new WorldError('refused', where, { cause: error, hint: 'check EVENT_GRID_TOPIC_KEY or the sender role' });
  }
  if (status === 429) return new WorldError('throttled', where, { cause: error });
  if (status === 400 || status === 413) return new WorldError('rejected', where, { cause: error });
  return new WorldError('unavailable', where, { cause: error });
}

function split(events: readonly CloudEvent[]): CloudEvent[][] {
  const parts: CloudEvent[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const length = JSON.stringify(event).length;
    if (size + length > largestBatch) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(event);
    size += length;
  }
  return parts;
}
