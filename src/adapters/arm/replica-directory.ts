/**
 * Which replicas a registry has, read from ARM, so that regions that are added or removed are followed without anybody
 * changing a setting. An answer that makes no sense is an error, not a smaller set: a set that shrank by mistake would
 * have "in all replicas" told while one is still without the image.
 */
import type { Replication } from '@azure/arm-containerregistry';
import type { ReplicaDirectory } from '../../core/ports.ts';
import type { Region } from '../../core/region.ts';
import { parseRegion } from '../../core/region.ts';
import type { Registry } from '../../core/registry.ts';
import type { Replica } from '../../core/replica-set.ts';
import type { ArmOptions, ArmRegistry } from './client.ts';
import { armCaller } from './client.ts';
import { isNotFound, nonsense } from './world-error.ts';

const role = 'give the app\'s identity the role "Reader" on the registry';
/** More than Azure has regions; a list without an end is not a list. */
const mostReplicas = 200;
const leaving = new Set(['deleting', 'failed', 'canceled']);

export function armReplicaDirectory(options: ArmOptions): ReplicaDirectory {
  const arm = armCaller(options);
  return {
    replicas: (registry) => arm({ registry, what: 'the replicas', role }, (access) => readReplicas(access, registry)),
  };
}

async function readReplicas(access: ArmRegistry, registry: Registry): Promise<readonly Replica[]> {
  const { client, address, abortSignal } = access;
  const listed: Replication[] = [];
  for await (const replication of client.replications.list(...address, { abortSignal })) {
    listed.push(replication);
    if (listed.length > mostReplicas) throw nonsense(`more than ${mostReplicas} replicas`);
  }
  // Not geo-replicated; once it is, the list names the home region too, or it was deleted there.
  if (listed.length === 0) return [await homeReplica(access)];

  const complete = await Promise.all(listed.map((replication) => withState(access, replication)));
  const byRegion = new Map<Region, Replica>();
  for (const replica of complete.flatMap((one) => one ?? [])) {
    // One that is deleted and made anew is listed twice for a while.
    if (byRegion.get(replica.region)?.expected !== true) byRegion.set(replica.region, replica);
  }
  const replicas = [...byRegion.values()].sort((a, b) => (a.region < b.region ? -1 : 1));
  const isExpected = ({ region, expected }: Replica) => expected && !registry.observedOnly.includes(region);
  if (!replicas.some(isExpected)) throw nonsense('no replica that could be waited for');
  return replicas;
}

/** The list is for discovery and can leave the state out. `undefined`: gone since it was listed. */
async function withState({ client, address, abortSignal }: ArmRegistry, listed: Replication) {
  const isComplete = listed.provisioningState !== undefined && listed.status?.displayStatus !== undefined;
  if (isComplete || listed.name === undefined) return toReplica(listed);
  try {
    const found = await client.replications.get(...address, listed.name, { abortSignal });
    const provisioningState = found.provisioningState ?? listed.provisioningState;
    return toReplica({ ...found, location: listed.location, provisioningState });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function homeReplica({ client, address, abortSignal }: ArmRegistry): Promise<Replica> {
  const { location, status } = await client.registries.get(...address, { abortSignal });
  return toReplica({ location, status });
}

/** The SDK's types promise text; the wire does not. */
interface State {
  readonly location?: unknown;
  readonly provisioningState?: unknown;
  readonly status?: { readonly displayStatus?: unknown } | undefined;
  readonly regionEndpointEnabled?: unknown;
}

/** `Updating` is nothing to worry about: it is what a replica says while only its routing is changed. */
function toReplica({ location, provisioningState, status, regionEndpointEnabled }: State): Replica {
  const region = parseRegion(location);
  if (region === undefined) throw nonsense('a replica without a region');
  const provisioning = lowerCase(provisioningState);
  const display = lowerCase(status?.displayStatus);
  return {
    region,
    expected: !leaving.has(provisioning),
    provisioningState: typeof provisioningState === 'string' ? provisioningState : null,
    health: display === 'ready' || display === 'online' ? 'healthy' : 'unknown',
    globalRouting: regionEndpointEnabled !== false,
    seeding: provisioning === 'creating' || display === 'syncing',
  };
}

function lowerCase(text: unknown): string {
  return typeof text === 'string' ? text.trim().toLowerCase() : '';
}
