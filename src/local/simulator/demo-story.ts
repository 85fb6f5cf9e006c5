/**
 * The main use case as a demo: builds push the images of a release, pipelines wait, the regions report one after the
 * other, the pipelines continue. Everything it prints is checked, so that the demo cannot show something wrong.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCosignSignature, toCosignTag } from './attachment.ts';
import { toManifestKey } from './change.ts';
import { checkEvents, conclude } from './demo-checks.ts';
import { runWaitCommand } from './demo-command.ts';
import type { DemoRegistry } from './demo-registry.ts';
import { familyTruth } from './family-truth.ts';
import { buildImage, buildIndex, type Manifest } from './manifest.ts';
import { openRandom } from './random.ts';
import { createTrackerClient } from './tracker-client.ts';
import { watchRegions } from './watch-regions.ts';

export interface DemoOptions {
  url: string;
  registry: DemoRegistry;
  /** The folder for the file with the images of the release. */
  folder: string;
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
}

const RELEASE = 'shop-2.4';
const FILE = 'images.txt';
/** After the images, so that signatures are the last to arrive in the slow region. */
const SIGNED_AFTER_MS = 3_000;

/** @throws Error as soon as a check fails */
export async function playStory(options: DemoOptions): Promise<void> {
  const { url, registry, folder, seed, speed = 1, waitSeconds = 40, print } = options;
  const { world, scheduler, regions } = registry;
  const [home = ''] = regions;
  const client = createTrackerClient(url);
  const truth = familyTruth(world.truth, (key) => [...(world.families.get(key) ?? [])]);
  const startedAt = scheduler.now();
  const say = (line: string) => print(`${((scheduler.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  const later = (ms: number) => new Promise<void>((resolve) => scheduler.at(startedAt + ms / speed, () => resolve()));

  const build = (repository: string, tag: string, image: Manifest): Built => ({ repository, tag, image });
  const shop = build('team/shop', '2.4.0', buildIndex(openRandom(seed, 'shop')));
  const cart = build('team/cart', '1.0.7', buildImage(openRandom(seed, 'cart')));
  const mail = build('team/mail', '0.9.1', buildImage(openRandom(seed, 'mail')));
  const all = [shop, cart, mail];
  const keyOf = ({ repository, image }: Built) => toManifestKey(repository, image.digest);
  const nameOf = ({ repository, tag }: Built) => `${world.loginServer}/${repository}:${tag}`;
  const findMissing = (keys: readonly string[]) =>
    keys
      .filter((key) => !truth.isEverywhere(key))
      .map((key) => `${key} is only in ${truth.regionsWith(key).join(', ') || 'no region'}`);

  async function wait(args: readonly string[], needs: () => readonly string[]): Promise<void> {
    say(`$ acr-replication ${args.join(' ')}`);
    const isFile = args.includes(FILE);
    const real = args.map((word) => (word === FILE ? join(folder, FILE) : word));
    await runWaitCommand({ args: [...real, '--timeout', `${waitSeconds}s`], url, needs, findMissing });
    const held = isFile ? 'all three images are in all regions' : 'and its signature is in all regions too';
    say(`  ${isFile ? `-f ${FILE}` : '--artifacts signature'}: exit code 0, ${held}`);
  }

  for (const built of all) {
    const platforms = built.image.children.length > 0 ? `, ${built.image.children.length} platforms` : '';
    say(`a build pushes ${built.repository}:${built.tag} in ${home}${platforms}`);
    world.push(built.repository, built.tag, built.image, { region: home });
  }
  // An index gets its tag after everything that it lists has been pushed.
  await later(1_000);
  const images = all.map((each) => `${nameOf(each)}@${each.image.digest}`);
  writeFileSync(join(folder, FILE), images.map((image) => `${image}\n`).join(''));
  say(`the three are a release: PUT /api/releases/${RELEASE}`);
  await client.putRelease(RELEASE, images);

  const stopWatching = watchRegions(client, `${nameOf(shop)}@${shop.image.digest}`, (region, count) =>
    say(`  ${region.padEnd(16)} has ${shop.repository}:${shop.tag} (${count} of ${regions.length})`),
  );
  try {
    await Promise.all([
      wait(['wait', '-f', FILE], () => all.map(keyOf)),
      wait(['wait', nameOf(shop), '--artifacts', 'signature'], () => [
        keyOf(shop),
        ...(world.signatures.get(keyOf(shop)) ?? ['the signature']),
      ]),
      later(SIGNED_AFTER_MS).then(() => {
        say(`${shop.repository}:${shop.tag} is signed in ${home}`);
        const signature = buildCosignSignature(openRandom(seed, 'signature'));
        world.push(shop.repository, toCosignTag(shop.image.digest), signature, { region: home });
      }),
    ]);
    // Repeated and late events may still be on their way, and must not cause a second publication.
    await scheduler.idle();
  } finally {
    stopWatching();
  }
  const events = await checkEvents(client, { images: all.map(keyOf), release: RELEASE });
  for (const line of conclude(events, registry.sender.attempts)) print(line);
  print(`\nNext, in all ${regions.length} regions at once, by digest so that everybody gets the same bytes:`);
  print(`  kubectl set image deployment/shop shop=${world.loginServer}/${keyOf(shop)}`);
}
