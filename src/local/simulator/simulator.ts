/**
 * A simulated registry connected to a receiver: one world, one webhook per region that points at the tracker, one
 * sender. Tests and commands start from it; its parts can also be used alone.
 */
import { type Post, postOnce } from './post-once.ts';
import { buildWebhook, type Webhook } from './webhook.ts';
import { createSender, type DeliveryFaults, type Sender } from './webhook-sender.ts';
import { createWorld, type World } from './world.ts';
import type { WorldOptions } from './world-state.ts';

export interface SimulatorOptions extends WorldOptions {
  /** The tracker's address, such as `http://127.0.0.1:7071`. */
  url: string;
  /** Sent as `Authorization: Bearer …`. */
  secret: string;
  delivery?: DeliveryFaults;
  concurrency?: number;
  /** Default: `postOnce`, real HTTP. */
  post?: Post;
}

export interface Simulator {
  world: World;
  sender: Sender;
  /** By name; at first one per region. */
  webhooks: Map<string, Webhook>;
}

export function createSimulator(options: SimulatorOptions): Simulator {
  const {
    url,
    registry,
    secret,
    seed,
    scheduler,
    speed = 1,
    delivery = {},
    post = postOnce,
    concurrency = 16,
  } = options;
  const world = createWorld(options);
  const built = options.regions.map((region) => buildWebhook({ url, registry, region, secret }));
  const webhooks = new Map(built.map((webhook) => [webhook.name, webhook]));
  const sender = createSender({ seed, scheduler, webhooks, post, faults: delivery, speed, concurrency });
  world.listen(sender.send);
  return { world, sender, webhooks };
}
