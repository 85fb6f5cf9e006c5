/**
 * Whether the regional endpoints in the settings fit the expected regions. Endpoints of other regions would have no effect, and
 * no warning: after a typing error, or after a replica has moved, no replica would ever be probed.
 */
import type { Region } from './region.ts';

interface CoverageFault {
  /** No expected region has an endpoint. */
  readonly isOfAll: boolean;
  readonly reason: string;
}

/**
 * @param expected the regions that are waited for; without any there is no fault
 * @param mustConfirm whether a report counts only once its replica has confirmed it
 */
export function faultOfCoverage(
  endpoints: readonly (Region | undefined)[],
  expected: readonly (Region | undefined)[],
  mustConfirm: boolean,
): CoverageFault | undefined {
  const lacking = expected.filter((region) => !endpoints.includes(region));
  if (lacking.length === 0) return undefined;
  if (lacking.length === expected.length) {
    return { isOfAll: true, reason: `has none of the regions that are waited for: ${expected.join(', ')}` };
  }
  if (!mustConfirm) return undefined;
  return { isOfAll: false, reason: `lacks ${lacking.join(', ')}, where "verify" can never be satisfied` };
}
