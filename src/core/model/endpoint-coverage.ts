/**
 * Whether the regional endpoints in the settings are those of the regions that are waited for. Endpoints of others change
 * nothing, in silence: a typing error, or a replica that has moved, and no replica is ever asked.
 */
import type { Log } from '../runtime/log.ts';
import type { Region } from './region.ts';
import type { Registry } from './registry.ts';
import type { ReplicaSet } from './replica-set.ts';
import { expectedRegions } from './replica-set.ts';

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

/** For registries whose regions ARM tells: says what is wrong once they are known, and again when it is something else. */
export function coverageWarnings(log: Log): (registry: Registry, set: ReplicaSet) => void {
  const said = new Map<string, string>();
  return (registry, set) => {
    const { name, regions, regionalEndpoints, verify } = registry;
    if (regions !== undefined || typeof regionalEndpoints === 'boolean') return;
    const wrong = faultOfCoverage([...regionalEndpoints.keys()], expectedRegions(set), verify !== 'missing');
    if (wrong !== undefined && said.get(name) !== wrong.reason) {
      log.warn('regional endpoints not usable', { registry: name, reason: wrong.reason });
    }
    said.set(name, wrong?.reason ?? '');
  };
}
