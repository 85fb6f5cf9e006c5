/**
 * A replay publishes accepted events again, with the same ids, for a consumer that was down or has lost its state. It is a durable
 * job that any instance can continue: its progress is stored after every page.
 */

import { eventId } from '../image/cloud-event.ts';
import type { ImageName } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import { formatReference } from '../model/reference.ts';
import type { Registry } from '../model/registry.ts';

/** What is published again. Times are when the topic accepted an event, milliseconds since 1970, both included. */
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
  /** When the last page was done; before the first, `requestedAt`. */
  readonly progressAt: number;
  readonly finishedAt: number | null;
}

export interface ReplayMessage {
  readonly id: string;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** If set, the message counts only while the job has this `progressAt`: then the instance that worked on it has died. */
  readonly stalledAt?: number | undefined;
}

/** @param until text of the request: the same replay "until now" has the same key a second later */
export function replayKey(scope: ReplayScope, until: string): string {
  const asked =
    scope.kind === 'image' ? [imageKey(scope.name)] : [scope.registry, new Date(scope.since).toISOString(), until];
  return eventId(['replay', scope.kind, ...asked]).slice(0, 20);
}

/** The same request after the first replay has finished is another replay. */
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
