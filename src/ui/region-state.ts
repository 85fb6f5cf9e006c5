/** The state of one image in one region, as the page shows it. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { RegionAvailability } from '../core/image/region-availability.ts';
import { formatSeconds } from './format.ts';

/**
 * `waiting`: on its way. `delayed`: waiting for longer than the policy allows. `absent`: missing, and not required.
 * `none`: not a replica of this image's registry.
 */
export type CellKind = 'available' | 'unverified' | 'waiting' | 'delayed' | 'missing' | 'absent' | 'deleted' | 'none';

export interface CellValue {
  readonly kind: CellKind;
  readonly lagSeconds: number | null;
  /** Since when the region is awaited, ISO 8601. */
  readonly waitingSince: string | null;
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
  const kind = cellKind(region, document);
  return { kind, lagSeconds: region?.lagSeconds ?? null, waitingSince: isAwaited(kind) ? document.firstSeenAt : null };
}

export function lagText(lagSeconds: number | null): string {
  if (lagSeconds === null) return '';
  return lagSeconds === 0 ? 'first' : `+${formatSeconds(lagSeconds)}`;
}
