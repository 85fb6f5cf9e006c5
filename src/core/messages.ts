/**
 * What we put on queues, and how it is read back. A message may be days old and may come twice; one that is not ours
 * is refused. Each has one top-level field of our own: the Functions host merges top-level fields into the message's
 * metadata, where an `id` or `dequeueCount` of ours would replace its own.
 */
import { z } from 'zod';
import { isDigest } from './digest.ts';
import { parseEventTime } from './event-time.ts';
import type { ImageName } from './image.ts';
import type { Delivery } from './ports.ts';
import { parseRepository, parseTag } from './reference.ts';
import { parseRegion } from './region.ts';

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
const deliveryMessage = z.object({ delivery: z.object({ name: imageName, fact }) });
const wakeMessage = z.object({ wake: z.object({ images: z.array(imageName) }) });

export function toDeliveryMessage(delivery: Delivery): object {
  return { delivery };
}

/** @throws when the message is not ours; the host then moves it to the poison queue */
export function parseDeliveryMessage(message: unknown): Delivery {
  return deliveryMessage.parse(message).delivery as unknown as Delivery;
}

export function toWakeMessage(images: readonly ImageName[]): object {
  return { wake: { images } };
}

/** @throws when the message is not ours */
export function parseWakeMessage(message: unknown): ImageName[] {
  return wakeMessage.parse(message).wake.images as ImageName[];
}
