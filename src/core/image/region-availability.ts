/** Each region's part of the availability document. */

import type { EventTime } from '../model/event-time.ts';
import { toIsoMilliseconds } from '../model/event-time.ts';
import { isIndexType } from '../model/media-types.ts';
import type { Region } from '../model/region.ts';
import { sortRegions } from '../model/region.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { findReplica } from '../model/replica-set.ts';
import type { Requirement } from '../model/requirement.ts';
import type { Evidence } from './arrival.ts';
import { isAvailable, isDeleted } from './arrival.ts';
import { availableSince, firstArrival } from './arrival-times.ts';
import type { ImageRecord } from './record.ts';
import { arrivalIn, arrivalRegions } from './record.ts';
import { hasDeletedMember, isAvailableIn, isUnverified } from './state.ts';

/** `membersUnknown`: availability is judged by the index's own reports, since its members could not be read. */
export type ShownEvidence = Evidence | 'membersUnknown';

type RegionState = 'available' | 'unverified' | 'missing' | 'deleted';

export interface RegionAvailability {
  readonly region: Region;
  readonly state: RegionState;
  /** Named by the requirement. */
  readonly required: boolean;
  readonly expected: boolean;
  /** When we learned the state; ISO 8601, like every time here. */
  readonly since: string | null;
  /** The time in the event; `null` if it is known from probes alone. */
  readonly eventTime: string | null;
  /** Time behind the first region that had it, 0 for that one; `null` also where that is not known any more. */
  readonly lagSeconds: number | null;
  readonly evidence: readonly ShownEvidence[];
  readonly globalRouting: boolean;
}

export function listRegions(
  record: ImageRecord | undefined,
  requirement: Requirement,
  set: ReplicaSet,
): RegionAvailability[] {
  const first = record === undefined ? undefined : firstArrival(record);
  const listed = sortRegions([
    ...set.replicas.map((replica) => replica.region),
    ...(record === undefined ? [] : arrivalRegions(record)),
  ]);
  return listed.map((region) => {
    const replica = findReplica(set, region);
    const arrival = arrivalIn(record, region);
    const state = record === undefined ? 'missing' : stateIn(record, region, set);
    // A region that lacks a member has the index, but not the whole image.
    const shown = state === 'missing' ? undefined : arrival;
    const since = record === undefined ? undefined : availableSince(record, region);
    const isUnread = isAvailable(shown) && isIndexType(record?.mediaType ?? null) && record?.family?.members == null;
    return {
      region,
      state,
      required: requirement.regions.includes(region),
      expected: replica?.expected ?? false,
      since: shown?.pushedAt == null && shown?.deletedAt == null ? null : toIso(since ?? shown.since),
      eventTime: toIsoTime(shown?.eventTime ?? null),
      lagSeconds: shown !== undefined && since !== undefined && first !== undefined ? toSeconds(since - first) : null,
      evidence: [...(shown?.evidence ?? []), ...(isUnread ? (['membersUnknown'] as const) : [])],
      globalRouting: replica?.globalRouting ?? true,
    };
  });
}

function stateIn(record: ImageRecord, region: Region, set: ReplicaSet): RegionState {
  const arrival = arrivalIn(record, region);
  if (isDeleted(arrival) || hasDeletedMember(record, region)) return 'deleted';
  if (isAvailableIn(record, region, set)) return 'available';
  // `unverified` also if the index and all members are there, but one of them is not verified.
  const isWhole = availableSince(record, region) !== undefined;
  return isUnverified(arrival, set) || isWhole ? 'unverified' : 'missing';
}

export function toSeconds(milliseconds: number): number {
  return Math.max(0, milliseconds) / 1000;
}

export function toIso(milliseconds: number | null | undefined): string | null {
  return milliseconds === null || milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}

function toIsoTime(time: EventTime | null): string | null {
  return time === null ? null : toIsoMilliseconds(time);
}
