/**
 * The registry: replicas with lags, a webhook per region over a network that loses, repeats and reorders events, and `/v2/`
 * of each region, where the app can probe for what no webhook event reported.
 */
import { toTagKey } from '../../src/local/simulator/change.ts';
import type { Post } from '../../src/local/simulator/post-once.ts';
import type { RealScheduler } from '../../src/local/simulator/real-scheduler.ts';
import { startRegionServers } from '../../src/local/simulator/region-server.ts';
import { createSimulator } from '../../src/local/simulator/simulator.ts';
import type { StandInServer } from '../../src/local/simulator/stand-in-server.ts';
import type { Attempt as WebhookAttempt } from '../../src/local/simulator/webhook-sender.ts';
import type { World } from '../../src/local/simulator/world.ts';
import { registry, secret } from '../support/app.ts';
import type { TagMove } from './evidence.ts';
import type { ReplicaFault } from './plan.ts';

export interface Registry {
  readonly world: World;
  readonly regions: readonly string[];
  /** `REGISTRIES`, for the app. */
  readonly setting: string;
  /** All webhook events sent, the lost ones included. */
  readonly sentWebhooks: readonly WebhookAttempt[];
  /** Makes the region's replica fail in this way; `undefined` ends the fault. */
  setFault(region: number, fault: ReplicaFault | undefined): void;
  tagMoves(): TagMove[];
  resolveTag(tagKey: string): Record<string, string | null>;
  stop(): Promise<void>;
}

export interface RegistryOptions {
  readonly seed: number;
  readonly scheduler: RealScheduler;
  readonly regions: readonly string[];
  readonly post: Post;
}

const loss = 0.1;
const modes = { unavailable: 'unavailable', refusing: 'refusing', hanging: 'hanging', rubbish: 'rubbish' } as const;

export async function startRegistry({ seed, scheduler, regions, post }: RegistryOptions): Promise<Registry> {
  const { world, sender } = createSimulator({
    ...{ registry, regions, seed, scheduler, secret, post },
    // The load balancer picks the process; only the path of this matters.
    url: 'http://127.0.0.1',
    lagSeconds: 1.5,
    lagSpread: 0.8,
    concurrency: 64,
    // Members of an index come in any order, the index before them as well.
    faults: { childrenAfterIndex: 0.4 },
    delivery: { loss, repeat: 0.15, reorder: 0.15 },
  });
  const servers = await startRegionServers(world);
  const serverAt = (region: number): StandInServer | undefined => servers.get(regions[region % regions.length] ?? '');
  const regionalEndpoints = Object.fromEntries([...servers].map(([region, { url }]) => [region, url]));
  return {
    world,
    regions,
    setting: JSON.stringify([{ name: registry, regions, regionalEndpoints }]),
    sentWebhooks: sender.attempts,
    setFault(region, fault) {
      const server = serverAt(region);
      if (fault === 'throttled') server?.throttle(3);
      else server?.setMode(fault === undefined ? 'ok' : modes[fault]);
    },
    tagMoves: () =>
      world.history.flatMap(({ what, at, region, subject }) => {
        const [tagKey = '', digest = ''] = subject.split(' ');
        return what === 'tagged' ? [{ at, region, tagKey, digest }] : [];
      }),
    resolveTag(tagKey) {
      const colon = tagKey.lastIndexOf(':');
      return world.resolveTag(tagKey.slice(0, colon), tagKey.slice(colon + 1));
    },
    async stop() {
      await Promise.all([...servers.values()].map((server) => server.stop()));
    },
  };
}

/** Every tag that was ever pushed, as `repository:tag`. */
export function listTagKeys(world: World): string[] {
  const keys = [...world.replicas.values()].flatMap((replica) => [...replica.tags.keys()]);
  return [...new Set(keys)].map((key) => {
    const colon = key.lastIndexOf(':');
    return toTagKey(key.slice(0, colon), key.slice(colon + 1));
  });
}
