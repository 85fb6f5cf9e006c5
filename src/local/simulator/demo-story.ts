/**
 * The main job, told to somebody who sees it for the first time: an image is pushed in one region, a pipeline waits, the
 * regions report one after the other, the pipeline is let go. While it narrates it checks, so that the demo cannot show
 * something that does not hold.
 */
import { toManifestKey } from './change.ts';
import { checkEvents } from './demo-checks.ts';
import { buildImage, buildIndex, type Manifest } from './manifest.ts';
import { openRandom } from './random.ts';
import { runInRealTime } from './real-scheduler.ts';
import { createSimulator } from './simulator.ts';
import { createTrackerClient, type PublishedEvent } from './tracker-client.ts';
import { waitForImage } from './waiting-pipeline.ts';
import type { Attempt } from './webhook-sender.ts';

export interface DemoOptions {
  url: string;
  registry: string;
  secret: string;
  /** The first is where the builds push; the last is the slow one. */
  regions: readonly string[];
  seed: number;
  /** Divides every duration. Default: 1. */
  speed?: number;
  waitSeconds?: number;
  print: (line: string) => void;
}

interface Built {
  repository: string;
  tag: string;
  image: Manifest;
  /** Seconds after the start. */
  after: number;
}

/** @throws Error as soon as something does not hold */
export async function tellStory(options: DemoOptions): Promise<void> {
  const { url, registry, secret, regions, seed, speed = 1, waitSeconds = 40, print } = options;
  const [home = '', late = ''] = [regions[0], regions.at(-1)];
  const scheduler = runInRealTime();
  const replication = { speed, lagSeconds: 2, lagSpread: 0.3, lateRegions: { [late]: 3 } };
  const delivery = { repeat: 0.4, reorder: 0.2 };
  const base = { url, registry, secret, regions, seed, scheduler };
  const { world, sender } = createSimulator({ ...base, ...replication, delivery });
  const client = createTrackerClient(url);
  const startedAt = scheduler.now();
  const say = (line: string) => print(`${((scheduler.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}`);

  const shop = { repository: 'team/shop', tag: '2.4.0', image: buildIndex(openRandom(seed, 'shop')), after: 0 };
  const cart = { repository: 'team/cart', tag: '1.0.7', image: buildImage(openRandom(seed, 'cart')), after: 1 };
  const mail = { repository: 'team/mail', tag: '0.9.1', image: buildImage(openRandom(seed, 'mail')), after: 2 };

  async function pushAndWait({ repository, tag, image, after }: Built, isMain: boolean): Promise<void> {
    await new Promise<void>((resolve) => scheduler.at(startedAt + (after * 1_000) / speed, () => resolve()));
    const platforms = image.children.length > 0 ? `, ${image.children.length} platforms` : '';
    say(`a build pushes ${repository}:${tag} in ${home}${platforms}`);
    world.push(repository, tag, image, { region: home });
    const { digest } = image;
    if (isMain) {
      const name = `${world.loginServer}/${repository}:${tag}@${digest.slice(0, 15)}…`;
      say(`a pipeline waits: GET /api/wait?image=${name}&timeout=${waitSeconds}`);
    }
    const showRegion = (region: string, count: number) =>
      say(`  ${region.padEnd(16)} has ${repository}:${tag} (${count} of ${regions.length})`);
    const wait = { repository, tag, digest, timeoutSeconds: waitSeconds };
    const release = await waitForImage(world, client, wait, isMain ? showRegion : undefined);
    say(`${repository}:${tag} released by ${release.lastRegion} after ${release.seconds.toFixed(1)} s`);
  }

  try {
    await Promise.all([shop, cart, mail].map((built) => pushAndWait(built, built === shop)));
    // Repeats and stragglers may still be on their way, and must not make the tracker tell anything twice.
    await scheduler.idle();
  } finally {
    scheduler.stop();
  }

  const told = await checkEvents(client, world.truth.keys());
  const shopKey = toManifestKey(shop.repository, shop.image.digest);
  const event = told.find(({ subject }) => subject === shopKey);
  for (const line of conclude(told, sender.attempts, event)) print(line);
  print(`\nNext, in all ${regions.length} regions at once, by digest so that everybody gets the same bytes:`);
  print(`  kubectl set image deployment/shop shop=${world.loginServer}/${shopKey}`);
}

/** What was told, and in spite of what. */
function conclude(told: readonly PublishedEvent[], attempts: readonly Attempt[], event?: PublishedEvent): string[] {
  const repeats = attempts.filter(({ isRepeat }) => isRepeat).length;
  const firsts = attempts.filter(({ isRepeat }) => !isRepeat);
  const overtaken = firsts.filter(({ firing }, index) =>
    firsts.slice(0, index).some((earlier) => earlier.firing.at > firing.at),
  ).length;
  return [
    '',
    `${attempts.length} webhook events came in: ${repeats} came twice, ${overtaken} were overtaken by a later one.`,
    `Told: one event for each of ${told.length} digests (three images, and the platforms of the first). This one for the first:`,
    '',
    ...formatEvent(event),
  ];
}

/** The envelope, and of the data what a consumer looks at first. */
function formatEvent(event?: PublishedEvent): string[] {
  if (event === undefined) return [];
  const { id, source, type, subject, whole } = event;
  const data = whole !== null && typeof whole === 'object' && 'data' in whole ? toPicked(whole.data) : {};
  return JSON.stringify({ id, source, type, subject, data }, null, 2)
    .split('\n')
    .map((line) => `  ${line}`);
}

function toPicked(data: unknown): Record<string, unknown> {
  const shown = ['image', 'state', 'tags', 'availableAt', 'durationSeconds', 'generation'];
  const fields = data !== null && typeof data === 'object' ? Object.entries(data) : [];
  return Object.fromEntries(fields.filter(([name]) => shown.includes(name)));
}
