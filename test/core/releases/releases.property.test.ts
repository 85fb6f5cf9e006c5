/**
 * Releases under any interleaving: three instances on one storage, where every call is slow or fails, and which are
 * killed at any moment. That a revision is available is published once, never before its last image, and in the end it
 * is published for every revision that is complete.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ReleaseStore } from '../../../src/core/releases/ports.ts';
import type { ReleaseContent } from '../../../src/core/releases/release.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf } from '../../support/build.ts';
import type { ReleaseInstance } from '../../support/memory-releases.ts';
import { releaseInstance, releaseWorld } from '../../support/memory-releases.ts';
import { bodyOf, deliver } from '../../support/webhook.ts';

const regions = ['eastus', 'westeurope'];
const names = ['shop', 'mail'];
const delayedAfterMs = 120_000;
const runs = Number(process.env.RUNS ?? 60);

type Step =
  | { readonly kind: 'push'; readonly image: number; readonly region: number; readonly at: number }
  | { readonly kind: 'put'; readonly name: number; readonly images: readonly number[]; readonly at: number }
  | { readonly kind: 'kill' | 'wait' | 'read'; readonly at: number }
  | { readonly kind: 'pause'; readonly ms: number };

const image = fc.integer({ min: 1, max: 3 });
const at = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('push' as const), image, region: fc.nat({ max: 1 }), at }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      name: fc.nat({ max: 1 }),
      images: fc.uniqueArray(image, { minLength: 1, maxLength: 2 }),
      at,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'wait' as const, 'read' as const), at }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pause' as const), ms: fc.nat({ max: 40_000 }) }) },
);

const contentOf = (images: readonly number[]): ReleaseContent => ({
  images: images.map((n) => `contoso.azurecr.io/team/app@${digestOf(n)}`),
  regions: null,
  require: 'all',
});

/** Runs the steps on instances that share one storage. */
function play(seed: number) {
  const world = releaseWorld();
  const { clock, store, queue, images, published } = world;
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let isCalm = false;
  /** When a report was first sent, by image and region. */
  const sent = new Map<string, number>();
  const contents = new Map<string, readonly string[]>();
  const publishedSoFar: { readonly type: string; readonly id: string; readonly key: string; readonly at: number }[] =
    [];
  let revisions = 0;

  function start(): { readonly instance: ReleaseInstance; kill(): void } {
    let isDead = false;
    const slow = async <T>(call: () => Promise<T>): Promise<T> => {
      const hang = () => new Promise<never>(() => undefined);
      if (isDead) return hang();
      await clock.sleep(Math.floor(random() * 40));
      if (isDead) return hang();
      const fails = !isCalm && random() < 0.03;
      // The call fails before its effect, or after it.
      if (fails && random() < 0.5) throw new UpstreamError('unavailable', 'no answer');
      const result = await call();
      await clock.sleep(Math.floor(random() * 40));
      if (isDead) return hang();
      if (fails) throw new UpstreamError('unavailable', 'no answer');
      return result;
    };
    const own: ReleaseStore = {
      read: (name) => slow(() => store.read(name)),
      create: (release) => slow(() => store.create(release)),
      replace: (release, basedOn) => slow(() => store.replace(release, basedOn)),
      remove: (stored) => slow(() => store.remove(stored)),
      page: (query) => slow(() => store.page(query)),
      open: (limit) => slow(() => store.open(limit)),
      unlist: (place) => slow(() => store.unlist(place)),
    };
    const instance = releaseInstance(
      world,
      {
        store: own,
        random,
        delayedAfterMs,
        queue: { add: (timed, dueAt) => slow(() => queue.add(timed, dueAt)) },
        publisher: { publish: (events) => slow(() => world.publisher.publish(events)) },
      },
      { ports: { store: { ...images, read: (name) => slow(() => images.read(name)) } } },
    );
    return {
      instance,
      kill() {
        isDead = true;
      },
    };
  }

  const instances = [start(), start(), start()];
  const instanceAt = (i: number) => instances[i]?.instance ?? expect.fail('no such instance');
  const running = new Set<object>();

  function notePublished(): void {
    for (const { type, id, data, time } of published.slice(publishedSoFar.length)) {
      const key = `${data.name} ${data.createdAt} ${data.revision}`;
      publishedSoFar.push({ type, id, key, at: Date.parse(time) });
      if (!type.endsWith('AvailableInAllReplicas')) continue;
      for (const { image: reference } of data.images) {
        for (const region of regions) expect(sent.get(`${reference} ${region}`)).toBeLessThanOrEqual(Date.parse(time));
      }
      expect(data.images.map(({ image: reference }) => reference).sort()).toEqual(contents.get(key));
    }
  }

  /** Every row is run when it is due, and again until that succeeds. */
  async function pass(ms: number): Promise<void> {
    for (const until = clock.now() + ms; clock.now() < until; ) {
      await clock.advance(Math.min(isCalm ? 15_000 : 1_000, until - clock.now()));
      for (const item of queue.rows.filter((one) => one.at <= clock.now() && !running.has(one))) {
        running.add(item);
        const by = instanceAt(Math.floor(random() * instances.length));
        const done = by.releases.resume(item.timed).then(
          () => void queue.rows.splice(queue.rows.indexOf(item), 1),
          () => undefined,
        );
        // The instance may die meanwhile.
        void Promise.race([done, clock.sleep(60_000)]).then(() => running.delete(item));
      }
      await clock.settle();
      await noteRevisions();
      notePublished();
    }
  }

  async function noteRevisions(): Promise<void> {
    for (const name of names) {
      const stored = await store.read(name);
      if (stored === undefined) continue;
      const { createdAt, revision, images: listed } = stored.release;
      const key = `${name} ${new Date(createdAt).toISOString()} ${revision}`;
      if (!contents.has(key)) revisions++;
      contents.set(key, [...listed].sort());
    }
  }

  async function apply(one: Step): Promise<void> {
    if (one.kind === 'pause') return pass(one.ms);
    const { memory, releases } = instanceAt(one.at);
    if (one.kind === 'kill') {
      instances[one.at]?.kill();
      instances[one.at] = start();
    } else if (one.kind === 'put') {
      // One at a time, so that this test sees every revision; the call may fail, or never return.
      const put = releases.put(names[one.name] ?? '', contentOf(one.images)).catch(() => undefined);
      for (let i = 0; i < 40; i++) {
        await clock.advance(50);
        await noteRevisions();
        notePublished();
      }
      void put;
    } else if (one.kind === 'push') {
      const region = regions[one.region] ?? '';
      const key = `contoso.azurecr.io/team/app@${digestOf(one.image)} ${region}`;
      if (!sent.has(key)) sent.set(key, clock.now());
      void deliver(memory, region, bodyOf({ target: { digest: digestOf(one.image) } }));
      await clock.advance(10);
    } else {
      const asked = one.kind === 'wait' ? releases.wait('shop', 30_000) : releases.read('shop');
      void asked.catch(() => undefined);
    }
  }

  /** Sends every report again, in case it was not answered. */
  async function finish(): Promise<void> {
    isCalm = true;
    const { memory } = instanceAt(0);
    for (const key of sent.keys()) {
      const [reference = '', region = ''] = key.split(' ');
      const sending = deliver(memory, region, bodyOf({ target: { digest: reference.split('@')[1] ?? '' } }));
      await clock.advance(3_000);
      await sending;
    }
    await pass(3_600_000);
  }

  return { apply, finish, publishedSoFar, sent, store, queue, revisions: () => revisions };
}

test('published once for each revision, never early, and always in the end', { timeout: 120_000 }, async () => {
  let available = 0;
  let delayed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }),
      fc.integer(),
      async (steps, seed) => {
        const { apply, finish, publishedSoFar, sent, store, queue } = play(seed);
        for (const one of steps) await apply(one);
        await finish();
        for (const type of ['ReleaseAvailableInAllReplicas', 'ReleaseDelayed'].map(
          (name) => `AcrReplication.${name}`,
        )) {
          const ids = Map.groupBy(
            publishedSoFar.filter((one) => one.type === type),
            ({ key }) => key,
          );
          for (const [key, all] of ids) expect(new Set(all.map(({ id }) => id)).size, key).toBe(1);
        }
        for (const name of names) {
          const release = (await store.read(name))?.release;
          if (release === undefined) continue;
          const isThere = release.images.every((reference) =>
            regions.every((region) => sent.has(`${reference} ${region}`)),
          );
          const key = `${name} ${new Date(release.createdAt).toISOString()} ${release.revision}`;
          const types = publishedSoFar.filter((one) => one.key === key).map(({ type }) => type);
          if (isThere) expect(types, key).toContain('AcrReplication.ReleaseAvailableInAllReplicas');
          else expect(types, key).toContain('AcrReplication.ReleaseDelayed');
          expect(release.announcedAt !== null, key).toBe(isThere);
          if (!isThere) expect(queue.rows.some(({ timed }) => timed.name === name)).toBe(true);
          available += isThere ? 1 : 0;
          delayed += isThere ? 0 : 1;
        }
      },
    ),
    // Without shrinking, which would need minutes.
    { numRuns: runs, endOnFailure: true },
  );
  process.stdout.write(`${runs} runs: ${available} available, ${delayed} delayed in the end\n`);
  expect(available).toBeGreaterThan(0);
  expect(delayed).toBeGreaterThan(0);
});
