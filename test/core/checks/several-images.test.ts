/** A deployment check of several images: one wait, one verdict, and a line each time one more is where it must be. */
import { describe, expect, test } from 'vitest';
import type { Check } from '../../../src/core/checks/check.ts';
import { deleteOf, digestOf, registryOf, repositoryOf } from '../../support/build.ts';
import { checkWorld, image, requestOf } from '../../support/check-instances.ts';

const imageOf = (n: number) => `contoso.azurecr.io/team/app@${digestOf(n)}`;
const shortOf = (n: number) => `team/app@${digestOf(n).slice(0, 'sha256:'.length + 12)}`;
const imagesOf = (count: number) => Array.from({ length: count }, (_, i) => imageOf(i + 1));

type World = ReturnType<typeof checkWorld>;

async function everywhere(world: World, n: number): Promise<void> {
  for (const region of ['eastus', 'westeurope']) await world.push(region, undefined, digestOf(n));
}

async function remove(world: World, n: number): Promise<void> {
  const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) };
  await world.first.tracker.receive({ name, fact: deleteOf('eastus', new Date(world.clock.now()).toISOString()) });
}

const both = '(eastus, westeurope)';

describe('a check of several images', () => {
  test('succeeds once all are there, with a line for each step', async () => {
    const world = checkWorld();
    const one = world.instance();
    await world.push('eastus', undefined, digestOf(2));
    await one.accept(requestOf({ images: [...imagesOf(3), imageOf(1)] }));
    await world.pass(3_000, [one]);
    await everywhere(world, 1);
    await world.pass(3_000, [one]);
    await everywhere(world, 2);
    await world.pass(3_000, [one]);
    expect(world.waiting.lines).toEqual([
      `waiting: 0 of 3 images are where they must be; missing: ${shortOf(1)} ${both}, ${shortOf(2)} (westeurope), ${shortOf(3)} ${both}`,
      `waiting: 1 of 3 images are where they must be; missing: ${shortOf(2)} (westeurope), ${shortOf(3)} ${both}`,
      `waiting: 2 of 3 images are where they must be; missing: ${shortOf(3)} ${both}`,
    ]);
    expect(world.waiting.verdicts).toEqual([]);
    const before = world.clock.now();
    await everywhere(world, 3);
    await world.pass(2_000, [one]);
    expect(world.waiting.verdicts).toMatchObject([
      { verdict: { result: 'succeeded', comment: '3 of 3 images are where they must be' } },
    ]);
    expect(world.waiting.verdicts[0]?.at).toBeLessThanOrEqual(before + 1_000);
    await world.pass(3_600_000, [one]);
    expect(world.waiting.verdicts).toHaveLength(1);
  });

  test.each([{ images: imagesOf(2) }, { images: imagesOf(2).reverse() }])(
    'does not succeed by images that were there one after the other: $images',
    async ({ images }) => {
      const world = checkWorld();
      const one = world.instance();
      await one.accept(requestOf({ images, timeoutMs: 120_000 }));
      await everywhere(world, 1);
      await world.pass(5_000, [one]);
      await remove(world, 1);
      await everywhere(world, 2);
      await world.pass(114_000, [one]);
      expect(world.waiting.verdicts).toEqual([]);
      await world.pass(2_000, [one]);
      const comment = `timed out after 2 min: 1 of 2 images are where they must be; missing: ${shortOf(1)} (being deleted)`;
      expect(world.waiting.verdicts.map(({ verdict }) => verdict)).toEqual([{ result: 'failed', comment }]);
    },
  );

  test('fails with the first that can never be there, and names it', async () => {
    const world = checkWorld();
    const one = world.instance();
    await world.push('eastus', undefined, digestOf(2));
    await everywhere(world, 1);
    await one.accept(requestOf({ images: imagesOf(3) }));
    await world.pass(5_000, [one]);
    await remove(world, 2);
    await world.pass(25_000, [one]);
    expect(world.waiting.verdicts).toEqual([]);
    await world.pass(40_000, [one]);
    const comment = `deleted: ${imageOf(2)} is deleted in every region that had it; 1 of 3 images are where they must be; missing: ${shortOf(2)} ${both}, ${shortOf(3)} ${both}`;
    expect(world.waiting.verdicts.map(({ verdict }) => verdict)).toEqual([{ result: 'failed', comment }]);
  });

  test('does not fail by one that was deleted a moment before another has come', async () => {
    const world = checkWorld();
    const one = world.instance();
    await world.push('eastus', undefined, digestOf(2));
    await one.accept(requestOf({ images: imagesOf(2) }));
    await world.pass(5_000, [one]);
    await remove(world, 2);
    await world.pass(2_000, [one]);
    await everywhere(world, 1);
    await world.pass(10_000, [one]);
    await everywhere(world, 2);
    await world.pass(3_000, [one]);
    expect(world.waiting.verdicts).toMatchObject([{ verdict: { result: 'succeeded' } }]);
  });

  test('fails when the tag of one has moved on', async () => {
    const world = checkWorld();
    const one = world.instance();
    await world.push('eastus', 'v1');
    await one.accept(requestOf({ images: [imageOf(3), `contoso.azurecr.io/team/app:v1@${digestOf(1)}`] }));
    await world.pass(5_000, [one]);
    for (const region of ['eastus', 'westeurope']) await world.push(region, 'v1', digestOf(2));
    await world.pass(65_000, [one]);
    const superseded = `superseded: in every region asked for, tag v1 points at another digest than ${image}`;
    const where = `0 of 2 images are where they must be; missing: ${shortOf(1)} ${both}, team/app:v1 ${both}`;
    expect(world.waiting.verdicts.map(({ verdict }) => verdict)).toEqual([
      { result: 'failed', comment: `${superseded}; ${where}` },
    ]);
  });

  test('has the requirement of each, and names no more than a few', async () => {
    const world = checkWorld();
    const one = world.instance();
    await one.accept(requestOf({ images: imagesOf(8), regions: 'eastus' }));
    await world.push('eastus', undefined, digestOf(1));
    await world.pass(3_000, [one]);
    expect(world.waiting.lines.at(-1)).toBe(
      `waiting: 1 of 8 images are where they must be; missing: ${[2, 3, 4, 5, 6].map((n) => `${shortOf(n)} (eastus)`).join(', ')}, 2 more`,
    );
    for (const n of [2, 3, 4, 5, 6, 7, 8]) await world.push('eastus', undefined, digestOf(n));
    await world.pass(3_000, [one]);
    expect(world.waiting.verdicts).toMatchObject([{ verdict: { result: 'succeeded' } }]);
  });

  test('may be of several registries, whose names are then shown', async () => {
    const world = checkWorld();
    const registries = [registryOf(), registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' })];
    const one = world.instance({ registries });
    await one.accept(requestOf({ images: [image, 'fabrikam.azurecr.io/team/app:v1'] }));
    await everywhere(world, 1);
    await world.pass(3_000, [one]);
    expect(world.waiting.lines.at(-1)).toBe(
      'waiting: 1 of 2 images are where they must be; missing: fabrikam.azurecr.io/team/app:v1 (eastus, westeurope)',
    );
  });

  test('goes on with another instance', async () => {
    const world = checkWorld();
    const one = world.instance();
    await one.accept(requestOf({ images: imagesOf(2) }));
    await everywhere(world, 1);
    await world.pass(3_000, [one]);
    await one.close(1_000);
    await everywhere(world, 2);
    await world.pass(60_000, [world.instance()]);
    expect(world.waiting.verdicts).toMatchObject([{ verdict: { result: 'succeeded' } }]);
  });
});

test('a check that was stored with its one image goes on', async () => {
  const world = checkWorld();
  const one = world.instance();
  await one.accept(requestOf());
  await one.close(1_000);
  const { check, version } = (await world.store.read(requestOf().id)) ?? expect.fail('no check');
  const { images: _later, ...earlier } = check;
  await world.store.replace({ ...earlier, image } satisfies Check, version);
  await everywhere(world, 1);
  await world.pass(60_000, [world.instance()]);
  expect(world.waiting.verdicts).toMatchObject([
    { verdict: { result: 'succeeded', comment: `${image} is in 2 of 2 regions: eastus, westeurope` } },
  ]);
});
