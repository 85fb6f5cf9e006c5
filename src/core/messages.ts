/**
 * What we put on queues, and how it is read back. A message may be days old and may come twice; one that is not ours
 * is refused. Each has one top-level field of our own: the Functions host merges top-level fields into the message's
 * metadata, where an `id` or `dequeueCount` of ours would replace its own.
 */
import * as z from 'zod';
import { isDigest } from './digest.ts';
import { parseEventTime } from './event-time.ts';
import type { ForwardOrder } from './forwarding/forward.ts';
import type { ImageName } from './image.ts';
import type { Delivery } from './ports.ts';
import { parseRepository, parseTag } from './reference.ts';
import { parseRegion } from './region.ts';
import type { ReplayMessage } from './replay/replay-job.ts';
import { parseTraceParent } from './telemetry.ts';

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
const deliveryMessage = z.object({
  delivery: z.object({ name: imageName, fact, trace: trace.optional().catch(undefined) }),
});
const wakeMessage = z.object({
  wake: z.object({ images: z.array(imageName), at: z.number(), noticedAt: z.number().optional() }),
});
const forwardMessage = z.object({
  forward: z.object({
    order: z.object({
      target: text,
      name: imageName,
      tag: text.refine((value) => parseTag(value) !== undefined),
      mediaType: z.string().nullable(),
      pushedAt: text,
      madeAt: z.number(),
      id: text,
    }),
    attempt: z.number(),
  }),
});

const checkMessage = z.object({
  check: z.object({ id: z.string().regex(/^[0-9a-f]{40}$/), turn: z.int().min(1), at: z.number().optional() }),
});
const replayMessage = z.object({
  replay: z.object({ id: text, failures: z.int().min(0).default(0), stalledAt: z.number().optional() }),
});

export function toDeliveryMessage(delivery: Delivery): object {
  return { delivery };
}

/** @throws when the message is not ours; the host then moves it to the poison queue */
export function parseDeliveryMessage(message: unknown): Delivery {
  return deliveryMessage.parse(message).delivery as unknown as Delivery;
}

export interface WakeMessage {
  readonly images: readonly ImageName[];
  /** For when the latest of their timers was set, milliseconds since 1970. */
  readonly at: number;
  /** Since when they are looked for, where no replica had told of them when it was sent. */
  readonly noticedAt?: number | undefined;
}

export function toWakeMessage({ images, at, noticedAt }: WakeMessage): object {
  return { wake: { images, at, ...(noticedAt === undefined ? {} : { noticedAt }) } };
}

/** @throws when the message is not ours */
export function parseWakeMessage(message: unknown): WakeMessage {
  return wakeMessage.parse(message).wake as unknown as WakeMessage;
}

export function toForwardMessage(order: ForwardOrder, attempt: number): object {
  return { forward: { order, attempt } };
}

/** @throws when the message is not ours */
export function parseForwardMessage(message: unknown): { readonly order: ForwardOrder; readonly attempt: number } {
  const { order, attempt } = forwardMessage.parse(message).forward;
  return { order: order as ForwardOrder, attempt };
}

export function toReplayMessage({ id, failures, stalledAt }: ReplayMessage): object {
  return { replay: { id, failures, ...(stalledAt === undefined ? {} : { stalledAt }) } };
}

/** @throws when the message is not ours */
export function parseReplayMessage(message: unknown): ReplayMessage {
  return replayMessage.parse(message).replay;
}

export interface CheckMessage {
  readonly id: string;
  readonly turn: number;
  /** When it is due, by the clock that the check's own times go by; milliseconds since 1970. */
  readonly at?: number | undefined;
}

/** The check's id and nothing else about it: whoever may read the queue learns nothing. */
export function toCheckMessage({ id, turn, at }: CheckMessage): object {
  return { check: { id, turn, at } };
}

/** @throws when the message is not ours */
export function parseCheckMessage(message: unknown): CheckMessage {
  return checkMessage.parse(message).check;
}
