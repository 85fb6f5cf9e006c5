/**
 * Reads a registry's replicas from ARM, so that regions that are added or removed need no change of settings. A
 * malformed answer is an error, not a smaller set. The core decides what an answer proves; here, only a 404 for one
 * name means that there is no such replica.
 */

import { parseRegion } from '../../core/model/region.ts';
import type { Registry } from '../../core/model/registry.ts';
import type { Replica, ReplicaStatus } from '../../core/model/replica-set.ts';
import type { ReplicaDirectory } from '../../core/ports.ts';
import type { ReplicaList } from '../../core/replicas/replica-proof.ts';
import type { ArmOptions, ArmRegistry } from './client.ts';
import { armCaller } from './client.ts';
import { isNotFound, malformedAnswer } from './upstream-error.ts';

const role = 'give the app\'s identity the role "Reader" on the registry';
/** Azure has fewer regions. A longer list is treated as endless and refused. */
const maxReplicas = 200;

export function armReplicaDirectory(options: ArmOptions): ReplicaDirectory {
  const arm = armCaller(options);
  return {
    list: (registry) => arm({ registry, what: 'the replicas', role }, (access) => readList(access, registry)),
    find: (registry, name) => arm({ registry, what: `replica ${name}`, role }, (access) => findReplica(access, name)),
  };
}

async function readList(access: ArmRegistry, registry: Registry): Promise<ReplicaList> {
  const { client, address, abortSignal } = access;
  const replicas: Replica[] = [];
  for await (const replication of client.replications.list(...address, { abortSignal })) {
    replicas.push(toNamedReplica(replication));
    if (replicas.length > maxReplicas) throw malformedAnswer(`more than ${maxReplicas} replicas`);
  }
  const home = await homeReplica(access);
  const isObserved = ({ region }: Replica) => registry.observedOnly.includes(region);
  if ([home, ...replicas].every(isObserved)) throw malformedAnswer('no replica that could be waited for');
  return { home, replicas };
}

async function findReplica({ client, address, abortSignal }: ArmRegistry, name: string): Promise<Replica | undefined> {
  try {
    return toNamedReplica(await client.replications.get(...address, name, { abortSignal }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The registry's home region. It has a replication resource only where there is, or was, a second region. */
async function homeReplica({ client, address, abortSignal }: ArmRegistry): Promise<Replica> {
  const { location, status } = await client.registries.get(...address, { abortSignal });
  return toReplica({ location, status });
}

/** The SDK's types promise strings; the response may hold anything. */
interface State {
  readonly name?: unknown;
  readonly location?: unknown;
  readonly provisioningState?: unknown;
  readonly status?: { readonly [Field in keyof ReplicaStatus]?: unknown } | undefined;
  readonly regionEndpointEnabled?: unknown;
}

function toNamedReplica(state: State): Replica {
  if (typeof state.name !== 'string' || state.name === '') throw malformedAnswer('a replica without a name');
  return { ...toReplica(state), name: state.name };
}

/** `Updating` counts as healthy: ARM also reports it while only the replica's routing changes. */
function toReplica({ location, provisioningState, status, regionEndpointEnabled }: State): Replica {
  const region = parseRegion(location);
  if (region === undefined) throw malformedAnswer('a replica without a region');
  const provisioning = lowerCase(provisioningState);
  const display = lowerCase(status?.displayStatus);
  return {
    region,
    expected: true,
    provisioningState: typeof provisioningState === 'string' ? provisioningState : null,
    health: healthOf(display, provisioning),
    status: toStatus(status),
    globalRouting: regionEndpointEnabled !== false,
    seeding: provisioning === 'creating' || display === 'syncing',
  };
}

/** Transitional values: neither healthy nor unhealthy. */
const passing = new Set(['', 'creating', 'provisioning', 'syncing', 'updating', 'deleting']);

/**
 * "Geo-replicas experiencing issues show a status other than online" (Azure's page on geo-replication); recorded
 * answers say `Ready`. No page lists the values.
 */
function healthOf(display: string, provisioning: string): Replica['health'] {
  if (display === 'ready' || display === 'online') return 'healthy';
  return passing.has(display) && provisioning !== 'failed' ? 'unknown' : 'unhealthy';
}

const maxMessage = 500;

function toStatus(status: State['status']): ReplicaStatus | null {
  const text = (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? value.trim() : null);
  const displayStatus = text(status?.displayStatus);
  const message = text(status?.message)?.slice(0, maxMessage) ?? null;
  const at = status?.timestamp;
  const time = at instanceof Date ? at.getTime() : Number.NaN;
  const timestamp = Number.isNaN(time) ? null : new Date(time).toISOString();
  return displayStatus === null && message === null ? null : { displayStatus, message, timestamp };
}

function lowerCase(text: unknown): string {
  return typeof text === 'string' ? text.trim().toLowerCase() : '';
}
