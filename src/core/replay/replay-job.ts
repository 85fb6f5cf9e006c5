/**
 * A replay: what was published once is published again, with the same ids, for a consumer that was away or has lost its notes. It
 * is a durable job that goes on page by page on whatever instance; what it has done is written down after every page.
 */

import { eventId } from '../image/cloud-event.ts';
import type { ImageName } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import { formatReference } from '../model/reference.ts';
import type { Registry } from '../model/registry.ts';

/** What is published again. Times are milliseconds since 1970, both included, and mean when the topic took the event. */
export type ReplayScope =
  | { readonly kind: 'image'; readonly name: ImageName }
  | { readonly kind: 'registry'; readonly registry: string; readonly since: number; readonly until: number };

export interface ReplayJob {
  readonly id: string;
  readonly scope: ReplayScope;
  readonly requestedAt: number;
  /** Where the next page starts; `null` before the first. */
  readonly cursor: string | null;
  readonly imagesExamined: number;
  readonly eventsPublished: number;
  /** When a page was last done, or it was asked for. */
  readonly progressAt: number;
  readonly finishedAt: number | null;
}

export interface ReplayMessage {
  readonly id: string;
  /** Tries in a row that ended with trouble. */
  readonly failures: number;
  /** To be minded only if nothing has been done since the job said this `progressAt`: whoever was at work is gone. */
  readonly stalledAt?: number | undefined;
}

/** @param until as asked for: a replay "until now" is the same question a second later */
export function replayKey(scope: ReplayScope, until: string): string {
  const asked =
    scope.kind === 'image' ? [imageKey(scope.name)] : [scope.registry, new Date(scope.since).toISOString(), until];
  return eventId(['replay', scope.kind, ...asked]).slice(0, 20);
}

/** The same question asked again after the first has been answered is another replay. */
export function replayId(key: string, requestedAt: number): string {
  return `${key}-${requestedAt.toString(36)}`;
}

export function keyOfReplay(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf('-')));
}

export const replayIdPattern = /^[0-9a-f]{20}-[0-9a-z]{1,12}$/;

export function describeReplay(job: ReplayJob, registry: Registry) {
  const { scope } = job;
  return {
    id: job.id,
    status: job.finishedAt === null ? ('running' as const) : ('done' as const),
    ...(scope.kind === 'image'
      ? { image: formatReference({ ...scope.name, registry: registry.loginServer, tag: undefined }) }
      : {
          registry: registry.loginServer,
          since: new Date(scope.since).toISOString(),
          until: new Date(scope.until).toISOString(),
        }),
    requestedAt: new Date(job.requestedAt).toISOString(),
    imagesExamined: job.imagesExamined,
    eventsPublished: job.eventsPublished,
    finishedAt: job.finishedAt === null ? null : new Date(job.finishedAt).toISOString(),
  };
}

export type ReplayDescription = ReturnType<typeof describeReplay>;

/** The registry that a replay is about. */
export function registryOfReplay({ scope }: ReplayJob): string {
  return scope.kind === 'image' ? scope.name.registry : scope.registry;
}
