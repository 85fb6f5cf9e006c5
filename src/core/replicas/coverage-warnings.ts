import { faultOfCoverage } from '../model/endpoint-coverage.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { Log } from '../runtime/log.ts';

/** For registries whose regions come from ARM: warns of a fault in `regionalEndpoints` once they are known, and when it changes. */
export function coverageWarnings(log: Log): (registry: Registry, set: ReplicaSet) => void {
  const lastReasons = new Map<string, string>();
  return (registry, set) => {
    const { name, regions, regionalEndpoints, verify } = registry;
    if (regions !== undefined || typeof regionalEndpoints === 'boolean') return;
    const fault = faultOfCoverage([...regionalEndpoints.keys()], expectedRegions(set), verify !== 'missing');
    if (fault !== undefined && lastReasons.get(name) !== fault.reason) {
      log.warn('regional endpoints not usable', { registry: name, reason: fault.reason });
    }
    lastReasons.set(name, fault?.reason ?? '');
  };
}
