/** The state of one image in one region, as the page shows it. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { RegionAvailability } from '../core/image/region-availability.ts';
import { partsMissingIn } from './absent.ts';
import { isLearnedLate } from './arrival-times.ts';
import type { CellKind } from './cell-kind.ts';
import { formatSeconds } from './format.ts';
import { shortfallIn } from './shortfall.ts';

export interface CellValue {
  readonly kind: CellKind;
  readonly lagSeconds: number | null;
  /** Since when the region is awaited, ISO 8601. */
  readonly waitingSince: string | null;
  /** What the region lacks that has the rest: `no signature`, `missing linux/arm64`. */
  readonly lacks?: string | undefined;
  /** The lag is an upper bound. */
  readonly isAtMost?: boolean;
}

/** @param region its entry in the image's document; `undefined` where there is none */
export function cellKind(
  region: RegionAvailability | undefined,
  { state, delayed }: Pick<AvailabilityDocument, 'state' | 'delayed'>,
): CellKind {
  if (region === undefined) return 'none';
  if (region.state !== 'missing') return region.state;
  if (!region.expected || state === 'deleted') return 'absent';
  if (state !== 'replicating') return 'missing';
  return delayed ? 'delayed' : 'waiting';
}

export function isAwaited(kind: CellKind): boolean {
  return kind === 'waiting' || kind === 'delayed';
}

export function cellValue(document: AvailabilityDocument, name: string): CellValue {
  const region = document.regions.find((each) => each.region === name);
  const short = shortfallIn(document, name);
  const kind = short !== undefined ? 'incomplete' : isEnough(document, name) ? 'available' : cellKind(region, document);
  const parts = isAwaited(kind) ? partsMissingIn(document, name) : '';
  const lacks = short ?? (parts === '' ? undefined : `missing ${parts}`);
  const waitingSince = isAwaited(kind) ? document.firstSeenAt : null;
  const isAtMost = region !== undefined && isLearnedLate(region);
  return { kind, lagSeconds: region?.lagSeconds ?? null, waitingSince, lacks, isAtMost };
}

/** Whether the region has all that was asked for, also where that is less than the image: some of its platforms. */
function isEnough({ state, requirement, missing }: AvailabilityDocument, name: string): boolean {
  const isIn = (regions: readonly string[]) => regions.includes(name);
  return state === 'replicating' && isIn(requirement.regions) && !isIn(missing);
}

/** Why the newest event about a region names a later time than that at which its state was recorded; empty if it does not. */
export function laterEventText({ since, eventTime }: Pick<RegionAvailability, 'since' | 'eventTime'>): string {
  // The page shows whole seconds.
  const isLater = since !== null && eventTime !== null && Date.parse(eventTime) - Date.parse(since) >= 1_000;
  return isLater ? 'later than recorded: pushed again, or this clock is ahead' : '';
}

/** `first`, `+2.3 s`, or for an upper bound `≤ 1 min 6 s`. */
export function lagText(lagSeconds: number | null, isAtMost = false): string {
  if (lagSeconds === null) return '';
  if (lagSeconds === 0) return 'first';
  return `${isAtMost ? '≤ ' : '+'}${formatSeconds(lagSeconds)}`;
}
