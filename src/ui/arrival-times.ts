/** The lag of regions, and how exactly it is known. */
import type { AvailabilityDocument } from '../core/image/availability.ts';
import type { RegionAvailability } from '../core/image/region-availability.ts';

const lateEvidence: ReadonlySet<string | undefined> = new Set(['probe', 'deepProbe', 'deliveryLog']);

/** The region's own report was lost, and the tracker found the image there later: the lag is an upper bound. */
export function isLearnedLate({ evidence }: Pick<RegionAvailability, 'evidence'>): boolean {
  return lateEvidence.has(evidence[0]);
}

/** From the first region to the last, in words: `0.9 s`, `at most 1 min 7 s`; `undefined` while not in all regions. */
export function arrivalSpan(
  document: Pick<AvailabilityDocument, 'regions' | 'firstSeenAt' | 'availableAt'>,
): { readonly seconds: number; readonly isAtMost: boolean } | undefined {
  const { firstSeenAt, availableAt } = document;
  if (firstSeenAt === null || availableAt === null) return undefined;
  const whole = Math.max(0, Date.parse(availableAt) - Date.parse(firstSeenAt)) / 1_000;
  const expected = document.regions.filter(({ expected: isExpected }) => isExpected);
  const last = expected.reduce<RegionAvailability | undefined>(
    (a, b) => ((b.lagSeconds ?? -1) > (a?.lagSeconds ?? -1) ? b : a),
    undefined,
  );
  // A region that was deleted and has the image again is later than the moment when all had it.
  const seconds = Math.min(whole, last?.lagSeconds ?? whole);
  return { seconds, isAtMost: last !== undefined && isLearnedLate(last) };
}
