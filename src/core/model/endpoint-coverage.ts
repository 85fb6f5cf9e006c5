/**
 * Whether the regional endpoints in the settings are those of the regions that are waited for. Endpoints of others change
 * nothing, in silence: a typing error, or a replica that has moved, and no replica is ever asked.
 */
import type { Region } from './region.ts';

interface CoverageFault {
  /** No region that is waited for has one. */
  readonly isOfAll: boolean;
  readonly reason: string;
}

/**
 * @param expected the regions that are waited for; nothing is wrong while there are none
 * @param mustConfirm a report counts only once its replica has confirmed it
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
