import { faultOfCoverage } from '../model/endpoint-coverage.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { expectedRegions } from '../model/replica-set.ts';
import type { Log } from '../runtime/log.ts';

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
