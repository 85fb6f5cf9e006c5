/**
 * Releases over the images of a schedule: created once or again, changed, deleted, waited for, by any instance, while
 * instances are killed. Drawn from a seed of their own.
 */
import type { Random } from './choices.ts';
import { between, hash, pick, randomFrom } from './choices.ts';
import type { Command, Plan, PutRelease } from './plan.ts';
import { everywhere, shortly } from './scenes.ts';

const releasesPercent = 15;

function contentOf(random: Random, images: number): PutRelease {
  const all = Array.from({ length: images }, (_, image) => image);
  const some = all.filter(() => random() < 0.5);
  const chosen = some.length === 0 ? [between(random, 0, images - 1)] : some;
  return { name: between(random, 0, 1), images: chosen, require: random() < 0.85 ? 'all' : 'any' };
}

function story(random: Random, images: number): Command[] {
  const instance = () => between(random, 0, 3);
  const content = contentOf(random, images);
  const { name } = content;
  const put = (what: PutRelease): Command => ({
    ...shortly(random),
    kind: 'putRelease',
    instance: instance(),
    ...what,
  });
  const kill: Command = {
    kind: 'kill',
    gapMs: between(random, 0, 60),
    instance: instance(),
    restartMs: pick(random, [0, 500]),
  };
  return [
    put(content),
    ...(random() < 0.3 ? [kill] : []),
    ...(random() < 0.4 ? [put({ ...content, images: content.images.toReversed() })] : []),
    ...content.images.flatMap((image) => (random() < 0.7 ? [everywhere(random, image, undefined)] : [])),
    ...(random() < 0.3 ? [{ ...kill, gapMs: between(random, 0, 400), instance: instance() }] : []),
    {
      ...shortly(random),
      kind: 'waitForRelease',
      instance: instance(),
      name,
      timeoutMs: pick(random, [0, 5_000, 40_000]),
    },
    ...(random() < 0.4 ? [put({ ...contentOf(random, images), name })] : []),
    ...(random() < 0.2 ? [{ ...shortly(random), kind: 'deleteRelease', instance: instance(), name } as const] : []),
    ...(random() < 0.2 ? [put(content)] : []),
    { ...shortly(random), kind: 'readRelease', instance: instance(), name },
  ];
}

export function withReleases(plan: Plan, seed: number): Plan {
  const random = randomFrom(hash('releases', seed));
  if (random() * 100 >= releasesPercent) return plan;
  // Some of what follows comes before the next of them.
  const sceneCommands = story(random, plan.world.images);
  let commands = plan.commands;
  let place = between(random, 0, commands.length);
  for (const command of sceneCommands) {
    commands = [...commands.slice(0, place), command, ...commands.slice(place)];
    place = Math.min(commands.length, place + 1 + between(random, 0, 2));
  }
  return { world: { ...plan.world, releases: true }, commands };
}
