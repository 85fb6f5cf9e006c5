/**
 * Parses one webhook body from unknown JSON. The registry sends a webhook once: an event that is refused here is lost, and a
 * wrong one that is accepted becomes a false fact. So fields that are not used are ignored, and fields that are used are checked.
 * Shapes: real captures and the vendor's documentation (test/fixtures/payloads).
 */
import * as z from 'zod';
import type { Digest } from '../model/digest.ts';
import { digestRule, isDigest } from '../model/digest.ts';
import type { EventTime } from '../model/event-time.ts';
import { eventTimeRule, parseEventTime } from '../model/event-time.ts';
import { plainMediaType } from '../model/media-types.ts';
import type { Repository, Tag } from '../model/reference.ts';
import { parseRepository, parseTag, repositoryRule, tagRule } from '../model/reference.ts';
import type { Parsed } from '../runtime/parsed.ts';
import { parsed } from '../runtime/parsed.ts';
import { readAs } from '../runtime/validation.ts';

export interface ImageEvent {
  readonly action: 'push' | 'delete';
  readonly id: string;
  readonly eventTime: EventTime;
  readonly repository: Repository;
  readonly digest: Digest;
  /** Absent for manifests pushed by digest, and for every delete. */
  readonly tag: Tag | undefined;
  readonly mediaType: string | undefined;
}

/** A whole repository was deleted or, with a tag, that tag. The event does not name the digests. */
export interface RepositoryDeleteEvent {
  readonly action: 'deleteRepository';
  readonly id: string;
  readonly eventTime: EventTime;
  readonly repository: Repository;
  readonly tag: Tag | undefined;
}

export type WebhookEvent =
  | ImageEvent
  | RepositoryDeleteEvent
  | { readonly action: 'ping'; readonly id: string; readonly eventTime: EventTime }
  /** An action that is not about an image, or an event without a digest. */
  | { readonly action: 'other'; readonly id: string; readonly name: string };

const text = (limit: number) =>
  z.string('must be a string').min(1, 'must not be empty').max(limit, `must be at most ${limit} characters`);

/** The registry writes an empty string, null or nothing at all for a field that does not apply. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' || value === null ? undefined : value), schema.optional());

/** The three required fields: every published and captured body has them; a `ping` has no others. */
export const webhookEnvelope = z.object(
  {
    id: text(256),
    timestamp: z.string('must be a string').transform((value, context) => {
      const time = parseEventTime(value);
      if (time === undefined) context.addIssue({ code: 'custom', message: eventTimeRule });
      return time ?? z.NEVER;
    }),
    action: text(64),
  },
  'must be a JSON object',
);

export const webhookTarget = z.object(
  {
    digest: z.string('must be a string').refine(isDigest, digestRule),
    repository: z.string('must be a string').refine((value) => parseRepository(value) !== undefined, repositoryRule),
    tag: optional(z.string('must be a string').refine((value) => parseTag(value) !== undefined, tagRule)),
    mediaType: optional(text(255)),
  },
  'must be an object',
);

/** Created once: making a schema costs more than checking an event. */
const imageEvent = z.object({ target: webhookTarget });
const repositoryEvent = z.object({ target: webhookTarget.pick({ repository: true, tag: true }) });

export function parseWebhookEvent(body: unknown): Parsed<WebhookEvent> {
  const envelope = readAs(webhookEnvelope, body);
  if (!envelope.ok) return envelope;
  const { id, timestamp: eventTime, action } = envelope.value;
  if (action === 'ping') return parsed({ action, id, eventTime });
  if (action === 'delete' && !has(body, 'digest') && has(body, 'repository')) {
    const deleted = readAs(repositoryEvent, body);
    if (!deleted.ok) return deleted;
    const { repository, tag } = deleted.value.target;
    return parsed({
      action: 'deleteRepository',
      id,
      eventTime,
      repository: repository as Repository,
      tag: tag as Tag | undefined,
    });
  }
  if ((action !== 'push' && action !== 'delete') || !has(body, 'digest')) {
    return parsed({ action: 'other', id, name: action });
  }

  const image = readAs(imageEvent, body);
  if (!image.ok) return image;
  const { digest, repository, tag, mediaType } = image.value.target;
  return parsed({
    action,
    id,
    eventTime,
    repository: repository as Repository,
    digest: digest as Digest,
    tag: tag as Tag | undefined,
    mediaType: plainMediaType(mediaType ?? '') || undefined,
  });
}

/** Whether the target has the field: a delete of a repository, and some pushes, have no digest. */
function has(body: unknown, field: 'digest' | 'repository'): boolean {
  const target = (body as { target?: unknown }).target;
  if (target === undefined || target === null) return false;
  // A target that is not an object is invalid: `true`, so that the schema refuses it.
  if (typeof target !== 'object' || Array.isArray(target)) return true;
  const value = (target as Record<string, unknown>)[field];
  return value !== undefined && value !== null && value !== '';
}
