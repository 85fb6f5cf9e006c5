/**
 * The registry of the demo: one slow region, webhook events that are repeated or late, and endpoints with anonymous
 * pull, so that the tracker can read what an index lists. They are started before the tracker, since its settings name
 * them.
 */
import { createPost } from './post-once.ts';
import { type RealScheduler, runInRealTime } from './real-scheduler.ts';
import { startRegionServers } from './region-server.ts';
import { createSimulator, type Simulator } from './simulator.ts';

export interface DemoRegistry extends Pick<Simulator, 'world' | 'sender'> {
  /** Builds push to the first; the last is the slow one. */
  regions: readonly string[];
  scheduler: RealScheduler;
  /** `REGISTRIES`, for the tracker. */
  setting: string;
  /** Sets the receiver of the webhooks from now on. */
  deliverTo(url: string): void;
  stop(): Promise<void>;
}

export interface DemoRegistryOptions {
  registry: string;
  secret: string;
  regions: readonly string[];
  seed: number;
  /** Divides every duration. Default: 1. */
  speed?: number;
}

const TIMEOUT_MS = 5_000;

export async function startDemoRegistry(options: DemoRegistryOptions): Promise<DemoRegistry> {
  const { registry, regions, speed = 1 } = options;
  const scheduler = runInRealTime();
  const post = createPost(TIMEOUT_MS);
  let tracker = '';
  const { world, sender } = createSimulator({
    ...{ ...options, scheduler, speed, url: 'http://127.0.0.1' },
    ...{ lagSeconds: 2, lagSpread: 0.3, slowRegions: { [regions.at(-1) ?? '']: 3 } },
    delivery: { repeat: 0.4, reorder: 0.2 },
    post: (request) => post({ ...request, serviceUri: new URL(new URL(request.serviceUri).pathname, tracker).href }),
  });
  const servers = await startRegionServers(world, { anonymous: true });
  const regionalEndpoints = Object.fromEntries([...servers].map(([region, { url }]) => [region, url]));
  return {
    ...{ world, sender, scheduler, regions },
    setting: JSON.stringify([{ name: registry, regions, regionalEndpoints }]),
    deliverTo(url) {
      tracker = url;
    },
    async stop() {
      scheduler.stop();
      await Promise.all([...servers.values()].map((server) => server.stop()));
    },
  };
}
