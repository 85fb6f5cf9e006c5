/**
 * The messages on queues and in the table of due work, and how they are parsed. A message may be days old and may come twice; one
 * of another form is refused. It has a single top-level field: the Functions host merges top-level fields into the message's
 * metadata, where a field `id` or `dequeueCount` would replace the host's.
 */

import * as z from 'zod';
import type { DueWork } from './due-work/due-work.ts';
import type { Received } from './image/delivery.ts';
import { isDigest } from './model/digest.ts';
import { parseEventTime } from './model/event-time.ts';
import { parseRepository, parseTag } from './model/reference.ts';
import { parseRegion } from './model/region.ts';
import { parseReleaseName } from './releases/release.ts';
import type { ReplayMessage } from './replay/replay-job.ts';
import { parseTraceParent } from './runtime/trace-parent.ts';

const text = z.string().min(1);
const imageName = z.object({
  registry: text,
  repository: text.refine((value) => parseRepository(value) !== undefined),
  digest: text.refine(isDigest),
});
const fact = z.object({
  region: text.refine((value) => parseRegion(value) === value),
  kind: z.enum(['push', 'delete']),
  eventTime: text.refine((value) => parseEventTime(value) === value),
  receivedAt: z.number(),
  evidence: z.enum(['webhook', 'eventGrid', 'probe', 'deepProbe', 'deliveryLog']),
  tag: text.refine((value) => parseTag(value) !== undefined).optional(),
  mediaType: text.optional(),
});
const trace = text.refine((value) => parseTraceParent(value) !== undefined);
const oneDelivery = z.union([
  z.object({ delivery: z.object({ name: imageName, fact, trace: trace.optional().catch(undefined) }) }),
  z.object({
    repositoryDelete: imageName.omit({ digest: true }).extend(fact.omit({ kind: true, mediaType: true }).shape),
  }),
]);
const deliveryMessage = z.union([oneDelivery, z.object({ deliveries: z.array(oneDelivery).min(1) })]);
const replay = z.object({ id: text, failures: z.int().min(0).default(0), stalledAt: z.number().optional() });
const replayMessage = z.object({ replay });
const dueWork = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('image'), name: imageName, firstNoticedAt: z.number().optional() }),
  z.object({
    kind: z.literal('check'),
    id: z.string().regex(/^[0-9a-f]{40}$/),
    sequence: z.int().min(1),
    aheadMs: z.number(),
  }),
  z.object({
    kind: z.literal('forward'),
    order: z.object({
      target: text,
      name: imageName,
      tag: text.refine((value) => parseTag(value) !== undefined),
      mediaType: z.string().nullable(),
      pushedAt: text,
      madeAt: z.number(),
      id: text,
    }),
    attempt: z.int().min(0),
  }),
  z.object({ kind: z.literal('replay'), message: replay }),
  z.object({ kind: z.literal('count'), name: imageName }),
  z.object({
    kind: z.literal('release'),
    name: text.refine((value) => parseReleaseName(value) !== undefined),
    revision: z.int().min(1),
    wasMissing: z.literal(true).optional(),
  }),
]);

export function toDeliveryMessage(received: Received): object {
  return 'fact' in received ? { delivery: received } : { repositoryDelete: received };
}

/** One message for deliveries that were deferred together. */
export function toSharedMessage(received: readonly Received[]): object {
  const deliveries = received.map(toDeliveryMessage);
  return deliveries.length === 1 ? { ...deliveries[0] } : { deliveries };
}

/** @throws for a message of another form; the host then moves it to the poison queue */
export function parseDeliveryMessage(message: unknown): readonly Received[] {
  const read = deliveryMessage.parse(message);
  return ('deliveries' in read ? read.deliveries : [read]).map(
    (one) => ('delivery' in one ? one.delivery : one.repositoryDelete) as unknown as Received,
  );
}

export function toReplayMessage({ id, failures, stalledAt }: ReplayMessage): object {
  return { replay: { id, failures, ...(stalledAt === undefined ? {} : { stalledAt }) } };
}

/** @throws for a message of another form */
export function parseReplayMessage(message: unknown): ReplayMessage {
  return replayMessage.parse(message).replay;
}

/** @returns `undefined` for work that this version of the app does not know */
export function parseDueWork(work: unknown): DueWork | undefined {
  return dueWork.safeParse(work).data as DueWork | undefined;
}
