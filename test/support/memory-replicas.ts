/** ARM's replicas, as the test has them. */

import type { Replica } from '../../src/core/model/replica-set.ts';
import type { ReplicaDirectory } from '../../src/core/ports.ts';
import { regionOf } from './build.ts';

export interface ListedReplica {
  readonly region: string;
  readonly state?: string | undefined;
  readonly name?: string | undefined;
  readonly seeding?: boolean;
}

/**
 * @param list what ARM lists; may throw
 * @param find what it finds by name, where that is something else
 */
export function memoryReplicas(
  list: () => readonly ListedReplica[],
  find: () => readonly ListedReplica[] = list,
  home = 'eastus',
): ReplicaDirectory {
  return {
    async list() {
      const replicas = list().map(toReplica);
      const { name: _name, ...own } = toReplica({ region: home });
      return { home: { ...own, provisioningState: null }, replicas };
    },
    find: async (_registry, name) =>
      find()
        .map(toReplica)
        .find((one) => one.name === name),
  };
}

function toReplica({ region, state = 'Succeeded', name = `geo${region}`, seeding = false }: ListedReplica): Replica {
  return {
    region: regionOf(region),
    name,
    expected: true,
    provisioningState: state,
    health: 'healthy',
    globalRouting: true,
    seeding,
  };
}
