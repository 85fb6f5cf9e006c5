/** Who waits now, as the route answers: requests that are held, and checks without a verdict. */
import { expect, test } from 'vitest';
import { memoryCheckStore } from '../../src/adapters/memory-checks.ts';
import { memoryWaitStore } from '../../src/adapters/memory-waits.ts';
import type { Check } from '../../src/core/checks/check.ts';
import { newCheck } from '../../src/core/checks/check.ts';
import { checkList } from '../../src/core/checks/check-list.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { waitBoard } from '../../src/core/waiting/wait-board.ts';
import { waitFunction } from '../../src/functions/api/wait.ts';
import { waitForImagesFunction } from '../../src/functions/api/wait-for-images.ts';
import { waitForReleaseFunction } from '../../src/functions/api/wait-for-release.ts';
import { waitingFunction } from '../../src/functions/api/waiting.ts';
import { registryOf } from '../support/build.ts';
import { call } from '../support/call.ts';
import { requestOf } from '../support/check-instances.ts';
import { releaseInstance, releaseWorld } from '../support/memory-releases.ts';
import { memoryTracker } from '../support/memory-tracker.ts';

test('images and releases are listed with those who wait for them, the longest first, and not any more once that is over', async () => {
  const fabrikam = registryOf({ name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' });
  const { tracker, clock } = memoryTracker({ registries: [registryOf(), fabrikam] });
  const store = memoryCheckStore();
  const board = waitBoard({
    store: memoryWaitStore(),
    clock,
    log: { info: () => undefined, warn: () => undefined },
    instance: 'one',
  });
  const checks = checkList({ store, registries: tracker.registries, clock });
  const ask = async (registry: string) =>
    (await call(waitingFunction(tracker, board, checks), { path: `waiting?registry=${registry}` })).body;
  const image = 'contoso.azurecr.io/team/app:v1';
  expect(await ask('contoso')).toEqual({ waiting: [], total: 0, instances: 0, checksComplete: true });

  const start = clock.now();
  const checkOf = (id: number, changes: object) =>
    newCheck(
      requestOf({ id: `${id}`.padStart(40, '0'), images: [image], ...changes }),
      'v1.encrypted',
      start - id * 1_000,
    );
  await store.create(checkOf(1, {}));
  await store.create(checkOf(2, { images: [], release: 'shop-2.4' }));
  await store.create({ ...checkOf(3, {}), verdict: { result: 'failed', comment: 'late' } });
  const one = call(waitFunction(tracker, board), {
    path: `wait?image=contoso.eastus.geo.azurecr.io/team/app:v1&timeout=60`,
  });
  const several = call(waitForImagesFunction(tracker, board), {
    path: 'wait',
    body: JSON.stringify({ images: [image, 'fabrikam.azurecr.io/team/web:v1'], timeout: 60 }),
  });
  void call(waitFunction(tracker, board), { path: `wait?image=${image}&timeout=0` });
  await clock.advance(20_000);
  const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();
  const shop = { kind: 'release', name: 'shop-2.4', requests: 0, checks: 1, since: at(-2) };
  expect(await ask('contoso')).toEqual({
    waiting: [shop, { kind: 'image', name: image, requests: 2, checks: 1, since: at(-1) }],
    total: 2,
    instances: 1,
    checksComplete: true,
  });
  expect(await ask('fabrikam')).toMatchObject({
    waiting: [shop, { name: 'fabrikam.azurecr.io/team/web:v1', requests: 1, checks: 0, since: at(0) }],
  });
  await clock.advance(60_000);
  expect([(await one).status, (await several).status]).toEqual([202, 202]);
  expect(await ask('fabrikam')).toMatchObject({ waiting: [shop], instances: 0 });
});

test('what is required is listed where it is not the default, and each requirement by itself', async () => {
  const { tracker, clock } = memoryTracker();
  const store = memoryCheckStore();
  const log = { info: () => undefined, warn: () => undefined };
  const board = waitBoard({ store: memoryWaitStore(), clock, log, instance: 'one' });
  const checks = checkList({ store, registries: tracker.registries, clock });
  const image = 'contoso.azurecr.io/team/app:v1';
  const hold = (query: string) =>
    call(waitFunction(tracker, board), { path: `wait?image=${image}&timeout=60${query}` });
  const answers = [hold(''), hold('&require=all&artifacts=')];
  await clock.advance(1_000);
  answers.push(hold('&regions=westeurope,East%20US&require=any&artifacts=signature,sbom&platforms=linux/arm64'));
  await clock.advance(1_000);
  const images = ['contoso.azurecr.io/team/web:v1'];
  const several = JSON.stringify({ images, regions: ['eastus'], require: 1, timeout: 60 });
  answers.push(call(waitForImagesFunction(tracker, board), { path: 'wait', body: several }));
  const asked = { images: [image], regions: 'West Europe\neastus', require: 'any', artifacts: 'signature,sbom' };
  await store.create(newCheck(requestOf({ id: '1'.repeat(40), ...asked }), 'v1.encrypted', clock.now()));
  const release = { images: [], release: 'shop-2.4', artifacts: 'sbom' };
  await store.create(newCheck(requestOf({ id: '2'.repeat(40), ...release }), 'v1.encrypted', clock.now()));
  await clock.advance(1_000);

  const { body } = await call(waitingFunction(tracker, board, checks), { path: 'waiting' });
  const { waiting } = body as { waiting: { kind: string; name: string; since: string }[] };
  const some = { regions: ['eastus', 'westeurope'], require: 'any', artifacts: ['sbom', 'signature'] };
  expect(waiting.map(({ since: _, kind: __, ...rest }) => rest)).toEqual([
    { name: image, requests: 2, checks: 0 },
    { name: image, ...some, platforms: ['linux/arm64'], requests: 1, checks: 0 },
    { name: 'contoso.azurecr.io/team/web:v1', regions: ['eastus'], require: 1, requests: 1, checks: 0 },
    { name: image, ...some, requests: 0, checks: 1 },
    { name: 'shop-2.4', requests: 0, checks: 1 },
  ]);
  await clock.advance(60_000);
  await Promise.all(answers);
});

test('requests are listed also where the checks cannot be read, or not all of them', async () => {
  const { tracker, clock } = memoryTracker();
  const board = waitBoard({
    store: memoryWaitStore(),
    clock,
    log: { info: () => undefined, warn: () => undefined },
    instance: 'one',
  });
  const image = 'contoso.azurecr.io/team/app:v1';
  board.enter([{ kind: 'image', name: image, registry: 'contoso' }]);
  const ask = async (list: () => Promise<readonly Check[]>) => {
    const checks = checkList({ store: { list }, registries: tracker.registries, clock });
    const answer = call(waitingFunction(tracker, board, checks), { path: 'waiting' });
    await clock.advance(1_000);
    return (await answer).body;
  };
  const requests = { waiting: [{ name: image, requests: 1, checks: 0 }], checksComplete: false };
  expect(await ask(() => Promise.reject(new UpstreamError('unavailable', 'tables')))).toMatchObject(requests);
  expect(await ask(() => new Promise(() => undefined))).toMatchObject(requests);
  const done = { ...newCheck(requestOf({ images: [image] }), 'v1.encrypted', 1_000), finishedAt: 2_000 };
  expect(await ask(async () => Array.from({ length: 2_000 }, () => done))).toMatchObject(requests);
  expect(await ask(async () => [done])).toMatchObject({ ...requests, checksComplete: true });
});

test('a release that is waited for is listed by its name', async () => {
  const { releases, memory } = await releaseInstance(releaseWorld());
  const board = waitBoard({
    store: memoryWaitStore(),
    clock: memory.clock,
    log: { info: () => undefined, warn: () => undefined },
    instance: 'one',
  });
  const held: string[] = [];
  const slow = {
    async wait(...given: Parameters<typeof releases.wait>) {
      held.push(...(await board.list()).flatMap(({ waits }) => waits.map(({ kind, name }) => `${kind} ${name}`)));
      return releases.wait(...given);
    },
  };
  const answer = await call(waitForReleaseFunction(slow, board), {
    path: 'releases/shop-2.4/wait?timeout=5',
    params: { name: 'shop-2.4' },
  });
  expect(answer.status).toBe(404);
  expect(held).toEqual(['release shop-2.4']);
});
