/**
 * Several app processes on one storage, every delivery to a random one: exactly one all-replicas event id per image,
 * none missing, none early, also when a process is killed at a random moment and started again.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AzuriteProcess } from '../../src/local/azurite.ts';
import { startAzurite } from '../../src/local/azurite.ts';
import { openRandom } from '../../src/local/simulator/random.ts';
import type { RunningTopic } from '../../src/local/topic.ts';
import { startTopic } from '../../src/local/topic.ts';
import type { App } from '../support/app.ts';
import { deliver, startInstance, until } from '../support/app.ts';

const regions = ['eastus', 'westeurope', 'southeastasia'];
const allReplicas = 'AcrReplication.ImageAvailableInAllReplicas';
const random = openRandom(1, 'orders and kills');
const instances = 4;
/** `IMAGES=2000` for the long run. */
const images = Number(process.env.IMAGES ?? 400);

let azurite: AzuriteProcess;
let topic: RunningTopic;
let apps: App[] = [];

beforeAll(async () => {
  azurite = await startAzurite();
  topic = await startTopic({ keep: 100_000 });
  apps = await Promise.all(
    Array.from({ length: instances }, () => startInstance({ storage: azurite.connectionString, topic })),
  );
}, 120_000);

afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await topic?.stop();
  await azurite?.stop();
}, 60_000);

interface Delivery {
  readonly digest: string;
  readonly region: string;
}

function shuffledDeliveries(prefix: string, images: number): Delivery[] {
  const deliveries = Array.from(
    { length: images },
    (_, i) => `sha256:${createHash('sha256').update(`${prefix}${i}`).digest('hex')}`,
  ).flatMap((digest) =>
    regions.flatMap((region) => [
      { digest, region },
      { digest, region },
    ]),
  );
  for (let i = deliveries.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [deliveries[i], deliveries[j]] = [deliveries[j] as Delivery, deliveries[i] as Delivery];
  }
  return deliveries;
}

/** @returns for each digest, when the last of its regions was first sent */
async function sendAll(
  deliveries: readonly Delivery[],
  onProgress: (sent: number) => void,
): Promise<Map<string, number>> {
  const sentAt = new Map<string, Map<string, number>>();
  let next = 0;
  let done = 0;
  const worker = async () => {
    for (let delivery = deliveries[next++]; delivery !== undefined; delivery = deliveries[next++]) {
      const { digest, region } = delivery;
      const times = sentAt.get(digest) ?? new Map<string, number>();
      if (!times.has(region)) sentAt.set(digest, times.set(region, Date.now()));
      await deliver(
        apps.map((app) => app.url),
        { digest, region, tag: `v-${digest.slice(7, 15)}` },
      );
      onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return new Map([...sentAt].map(([digest, times]) => [digest, Math.max(...times.values())]));
}

/** Ids of the all-replicas events by digest, and the first time each was published. */
function published(): Map<string, { ids: Set<string>; first: number }> {
  const result = new Map<string, { ids: Set<string>; first: number }>();
  for (const event of topic.events) {
    if (event.type !== allReplicas) continue;
    const digest = String(event.subject).split('@')[1] ?? '';
    const entry = result.get(digest) ?? { ids: new Set<string>(), first: Date.parse(String(event.time)) };
    result.set(digest, { ...entry, ids: entry.ids.add(String(event.id)) });
  }
  return result;
}

async function checkAll(complete: ReadonlyMap<string, number>): Promise<void> {
  const digests = [...complete.keys()];
  await until(
    () => published(),
    (events) => digests.every((digest) => events.has(digest)),
    90_000,
  );
  const events = published();
  for (const digest of digests) {
    expect(events.get(digest)?.ids.size, `ids of ${digest}`).toBe(1);
    // Both clocks are this machine's: an event from before the last region was even sent would be early.
    expect(events.get(digest)?.first, `time of ${digest}`).toBeGreaterThanOrEqual(complete.get(digest) ?? 0);
  }
}

test('many images x 3 regions x 2 deliveries in random order: published once each, none missing, none early', async () => {
  const complete = await sendAll(shuffledDeliveries('steady', images), () => undefined);
  await checkAll(complete);
  expect(complete.size).toBe(images);
}, 600_000);

test('the same with a process killed at a random moment, and started again', async () => {
  const deliveries = shuffledDeliveries('killed', Math.ceil(images / 2));
  const killAt = Math.floor(deliveries.length * (0.1 + random() * 0.8));
  const restarted = Promise.withResolvers<void>();
  const complete = await sendAll(deliveries, (sent) => {
    if (sent !== killAt) return;
    const [killed, ...others] = apps;
    killed?.kill();
    startInstance({ storage: azurite.connectionString, topic }).then((app) => {
      apps = [app, ...others];
      restarted.resolve();
    }, restarted.reject);
  });
  await restarted.promise;
  await checkAll(complete);
}, 600_000);
