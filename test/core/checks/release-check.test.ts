/** A check that asks for a release by its name. */
import { expect, test } from 'vitest';
import { memoryReleaseQueue, memoryReleaseStore } from '../../../src/adapters/memory-releases.ts';
import { releases } from '../../../src/core/releases/releases.ts';
import { deleteOf, digestOf, repositoryOf } from '../../support/build.ts';
import { checkWorld, requestOf } from '../../support/check-instances.ts';

const content = (...numbers: number[]) => ({
  images: numbers.map((n) => `contoso.azurecr.io/team/app@${digestOf(n)}`),
  regions: null,
  require: 'all' as const,
});
const request = requestOf({ images: [], release: 'shop-2.4' });
const short = (n: number) => digestOf(n).slice(0, 'sha256:'.length + 12);

function worldWithReleases() {
  const world = checkWorld();
  const kept = releases({
    store: memoryReleaseStore(),
    queue: memoryReleaseQueue(),
    tracker: world.first.tracker,
    publisher: { publish: async () => undefined },
    clock: world.clock,
    log: { info: () => undefined, warn: () => undefined },
    random: () => 0.5,
    delayedAfterMs: 900_000,
    retentionMs: 86_400_000,
  });
  const one = world.instance({ releases: kept });
  const everywhere = async (n: number) => {
    for (const region of ['eastus', 'westeurope']) await world.push(region, undefined, digestOf(n));
  };
  return { ...world, kept, one, everywhere };
}

test('succeeds with the last image, also of a release that was made later', async () => {
  const { one, pass, everywhere, waiting, kept, stored } = worldWithReleases();
  expect(await one.read(request)).toEqual({ kind: 'asked', asked: [] });
  expect(await one.accept(request)).toBe('accepted');
  await pass(20_000, [one]);
  expect(waiting.lines).toEqual(['waiting: there is no release "shop-2.4" yet']);
  await kept.put('shop-2.4', content(1, 2));
  await everywhere(1);
  await pass(150_000, [one]);
  expect(waiting.lines.at(-1)).toContain('waiting: 1 of 2 images are where they must be; missing: team/app@');
  expect(waiting.verdicts).toEqual([]);
  await everywhere(2);
  await pass(2_000, [one]);
  expect(waiting.verdicts).toMatchObject([
    { verdict: { result: 'succeeded', comment: '2 of 2 images are where they must be' } },
  ]);
  expect((await stored())?.release).toBe('shop-2.4');
});

test('fails when one of them is deleted, and in its time', async () => {
  const { one, pass, push, first, clock, waiting, kept } = worldWithReleases();
  await kept.put('shop-2.4', content(1, 2));
  await push('eastus');
  const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
  await one.accept(request);
  await pass(10_000, [one]);
  await first.tracker.receive({ name, fact: deleteOf('eastus', new Date(clock.now()).toISOString()) });
  await pass(60_000, [one]);
  expect(waiting.verdicts).toMatchObject([{ verdict: { result: 'failed' } }]);
  expect(waiting.verdicts[0]?.verdict.comment).toContain(`@${short(1)}`);
  await one.accept({ ...request, id: 'b'.repeat(40), timeoutMs: 30_000, release: 'other' });
  await pass(40_000, [one]);
  expect(waiting.verdicts.at(-1)?.verdict.comment).toBe('timed out after 30 s: there is no release "other" yet');
});
