import { describe, expect, test } from 'vitest';
import { replicaSetFromSettings } from '../../../src/core/model/replica-set.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { deleteOf, digestOf, regionsOf, registryOf, repositoryOf } from '../../support/build.ts';
import type { Answered } from '../../support/check-instances.ts';
import { checkWorld, image, requestOf } from '../../support/check-instances.ts';

const hour = 3_600_000;
const unavailable = () => new UpstreamError('unavailable', 'no answer');
const notYet = { notYet: 'the other side (422)' };

describe('a verdict', () => {
  test('follows the last webhook at once, with the lines that lead to it', async () => {
    const world = checkWorld();
    const one = world.instance();
    expect(await one.accept(requestOf())).toBe('accepted');
    await world.pass(5_000, [one]);
    expect(world.waiting.lines).toEqual([`waiting: ${image} is in 0 of 2 regions; missing: eastus, westeurope`]);
    await world.push('westeurope');
    await world.clock.advance(750);
    expect(world.waiting.lines.at(-1)).toBe(`waiting: ${image} is in 1 of 2 regions: westeurope; missing: eastus`);
    expect(world.waiting.verdicts).toEqual([]);
    const before = world.clock.now();
    await world.push('eastus');
    await world.clock.advance(750);
    expect(world.waiting.verdicts).toEqual([
      {
        callback: requestOf().callback,
        verdict: { result: 'succeeded', comment: `${image} is in 2 of 2 regions: eastus, westeurope` },
        at: expect.any(Number),
      },
    ]);
    expect(world.waiting.verdicts[0]?.at).toBeLessThanOrEqual(before + 750);
    await world.pass(hour, [one]);
    expect(world.waiting.verdicts).toHaveLength(1);
    expect(world.waiting.lines).toHaveLength(2);
  });

  test('is not sent before the service has the answer that the check was accepted', async () => {
    const world = checkWorld();
    await world.push('eastus');
    await world.push('westeurope');
    const one = world.instance();
    await one.accept(requestOf());
    await world.clock.advance(900);
    expect(world.waiting.verdicts).toEqual([]);
    await world.clock.advance(200);
    expect(world.waiting.verdicts).toHaveLength(1);
    expect(world.waiting.lines).toEqual([]);
  });

  test('comes as soon as enough regions have it', async () => {
    const world = checkWorld();
    const one = world.instance();
    await one.accept(requestOf({ id: 'a'.repeat(40), require: 'any' }));
    await one.accept(requestOf({ id: 'b'.repeat(40), regions: 'West Europe' }));
    await one.accept(requestOf({ id: 'c'.repeat(40), require: '2' }));
    await world.pass(3_000, [one]);
    await world.push('westeurope');
    await world.pass(2_000, [one]);
    expect(world.waiting.verdicts.map(({ verdict }) => verdict)).toEqual([
      {
        result: 'succeeded',
        comment: `${image} is in 1 of 2 regions, 1 needed: westeurope; missing: eastus`,
      },
      { result: 'succeeded', comment: `${image} is in 1 of 1 region: westeurope` },
    ]);
  });

  test('is "failed" once the time is up, and stays so', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answer = (attempt) => (attempt === 0 ? unavailable() : 'delivered');
    await one.accept(requestOf({ timeoutMs: 600_000 }));
    await world.push('eastus');
    await world.pass(599_000, [one]);
    expect(world.waiting.verdicts).toEqual([]);
    await world.clock.advance(1_000);
    expect(world.waiting.verdicts).toHaveLength(1);
    // Between two attempts the image arrives: too late for this check.
    await world.push('westeurope');
    await world.pass(60_000, [one]);
    const comment = `timed out after 10 min: ${image} is in 1 of 2 regions: eastus; missing: westeurope`;
    expect(world.waiting.verdicts.map(({ verdict }) => verdict)).toEqual([
      { result: 'failed', comment },
      { result: 'failed', comment },
    ]);
  });

  test('that has to wait names the regions that have deleted the image', async () => {
    const world = checkWorld();
    const one = world.instance();
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
    await world.clock.advance(1_000);
    await world.first.tracker.receive({ name, fact: deleteOf('eastus', new Date(world.clock.now()).toISOString()) });
    await one.accept(requestOf());
    await world.pass(5_000, [one]);
    expect(world.waiting.lines).toEqual([`waiting: ${image} is in 1 of 2 regions: westeurope; deleted: eastus`]);
  });

  test('is "failed" when the image is deleted everywhere', async () => {
    const world = checkWorld();
    const one = world.instance();
    await world.push('eastus');
    await one.accept(requestOf());
    await world.pass(5_000, [one]);
    const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };
    await world.first.tracker.receive({ name, fact: deleteOf('eastus', new Date(world.clock.now()).toISOString()) });
    await world.pass(25_000, [one]);
    expect(world.waiting.verdicts).toEqual([]);
    await world.pass(40_000, [one]);
    expect(world.waiting.verdicts.map(({ verdict }) => verdict)).toEqual([
      { result: 'failed', comment: `deleted: ${image} is deleted in every region that had it` },
    ]);
  });

  test('is "failed" when the tag has moved on', async () => {
    const world = checkWorld();
    const one = world.instance();
    await world.push('eastus', 'v1');
    await one.accept(requestOf({ images: [`contoso.azurecr.io/team/app:v1@${digestOf(1)}`] }));
    await world.pass(5_000, [one]);
    for (const region of ['eastus', 'westeurope']) await world.push(region, 'v1', digestOf(2));
    await world.pass(65_000, [one]);
    expect(world.waiting.verdicts.map(({ verdict }) => verdict)).toEqual([
      {
        result: 'failed',
        comment: `superseded: in every region asked for, tag v1 points at another digest than ${image}`,
      },
    ]);
  });

  test('that was known from the beginning is sent', async () => {
    const world = checkWorld();
    const one = world.instance();
    const verdict = { result: 'failed', comment: 'no image' } as const;
    await one.accept(requestOf({ kind: 'github', images: [], verdict }));
    await world.pass(2_000, [one]);
    expect(world.waiting.verdicts).toMatchObject([{ verdict }]);
  });

  test('does not wait for a line of progress that is slow', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answerLine = () => new Promise(() => undefined);
    await one.accept(requestOf());
    await world.pass(3_000, [one]);
    await world.push('eastus');
    await world.push('westeurope');
    await world.pass(1_000, [one]);
    expect(world.waiting.verdicts).toHaveLength(1);
  });

  test('does not depend on lines of progress being accepted', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answerLine = async () => Promise.reject(unavailable());
    await one.accept(requestOf());
    await world.pass(3_000, [one]);
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await world.pass(1_000, [one]);
    expect(world.waiting.verdicts).toHaveLength(1);
  });
});

describe('the same request again', () => {
  test('is answered alike and changes nothing, before the verdict and after', async () => {
    const world = checkWorld();
    const [one, two] = [world.instance(), world.instance()];
    expect(await one.accept(requestOf())).toBe('accepted');
    expect(await two.accept(requestOf({ timeoutMs: 1_000, callback: 'another' }))).toBe('known');
    await world.pass(5_000, [one, two]);
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await world.pass(5_000, [one, two]);
    expect(await two.accept(requestOf())).toBe('known');
    await world.pass(hour, [one, two]);
    expect(world.waiting.verdicts).toMatchObject([{ callback: requestOf().callback }]);
  });

  test.each<[string, (attempt: number) => Answered]>([
    ['was given up', () => new UpstreamError('invalid', '400')],
    ['was no longer waited for', () => 'dead'],
    ['is not accepted yet', () => notYet],
    ['is refused', () => new UpstreamError('unauthorized', '401')],
  ])('sends a verdict again that %s, with the new callback', async (_what, first) => {
    const world = checkWorld();
    const [one, two] = [world.instance(), world.instance()];
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    world.waiting.answer = first;
    await one.accept(requestOf());
    await world.pass(9 * 60_000, [one]);
    const before = world.waiting.verdicts.length;
    world.waiting.answer = () => 'delivered';
    expect(await two.accept(requestOf({ callback: 'the-callback-of-now' }))).toBe('sentAgain');
    await world.pass(3_000, [one, two]);
    expect(world.waiting.verdicts.slice(before)).toMatchObject([
      { callback: 'the-callback-of-now', verdict: { result: 'succeeded' } },
    ]);
    expect(await world.stored()).toMatchObject({ outcome: 'delivered', callback: null });
    expect(await two.accept(requestOf())).toBe('known');
    await world.pass(hour, [one, two]);
    expect(world.waiting.verdicts).toHaveLength(before + 1);
    // One row that counts: it removes the record later.
    const { sequence = 0 } = (await world.stored()) ?? {};
    expect(world.queue.rows.filter((row) => row.sequence >= sequence)).toHaveLength(1);
  });

  test('starts it again on the instance that waits for the next try, too', async () => {
    const world = checkWorld();
    const one = world.instance();
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    world.waiting.answer = (attempt) => (attempt < 8 ? notYet : 'delivered');
    await one.accept(requestOf());
    await world.pass(200_000, [one]);
    expect(world.waiting.verdicts).toHaveLength(8);
    await one.accept(requestOf());
    await world.clock.advance(2_000);
    expect(world.waiting.verdicts).toHaveLength(9);
  });

  test('gives the verdict that is stored, though another would be decided by now', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answer = (attempt) => (attempt === 0 ? 'dead' : 'delivered');
    await one.accept(requestOf({ timeoutMs: 0 }));
    await world.pass(5_000, [one]);
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf({ timeoutMs: 0 }));
    await world.pass(5_000, [one]);
    expect(world.waiting.verdicts.map(({ verdict }) => verdict.result)).toEqual(['failed', 'failed']);
  });

  test('and a crash right after it: the next row sends it', async () => {
    const world = checkWorld();
    const one = world.instance();
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    world.waiting.answer = () => 'dead';
    await one.accept(requestOf());
    await world.pass(10 * 60_000, [one]);
    world.waiting.answer = () => 'delivered';
    let reads = 0;
    // Dies once it has answered: its own reading for the sending never comes back.
    const read: typeof world.store.read = (id) => (reads++ === 0 ? world.store.read(id) : new Promise(() => undefined));
    const lost = world.instance({ store: { ...world.store, read } });
    expect(await lost.accept(requestOf())).toBe('sentAgain');
    await world.pass(60_000, [world.instance()]);
    expect(world.waiting.verdicts).toHaveLength(2);
    expect(await world.stored()).toMatchObject({ outcome: 'delivered' });
  });

  test('of two at the same time, one is the first', async () => {
    const world = checkWorld();
    const [one, two] = [world.instance(), world.instance()];
    const outcomes = await Promise.all([one.accept(requestOf()), two.accept(requestOf())]);
    expect(outcomes.sort()).toEqual(['accepted', 'known']);
  });
});

describe('with instances that come and go', () => {
  test('another runs the next row and goes on', async () => {
    const world = checkWorld();
    const lost = world.instance();
    await lost.accept(requestOf());
    await lost.close(1_000);
    const heir = world.instance();
    await world.pass(5_000, [heir]);
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await world.pass(2_000, [heir]);
    expect(world.waiting.verdicts).toHaveLength(1);
  });

  test('after a crash one row is enough, and there is never more than one row that counts', async () => {
    const world = checkWorld();
    const lost = world.instance({ store: { ...world.store, read: () => new Promise(() => undefined) } });
    await lost.accept(requestOf());
    const heir = world.instance();
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await world.pass(29_000, [heir]);
    expect(world.waiting.verdicts).toEqual([]);
    await world.pass(2_000, [heir]);
    expect(world.waiting.verdicts).toHaveLength(1);
    expect(world.queue.rows).toHaveLength(1);
  });

  test('a crash between the decision and the sending: the other sends what was decided', async () => {
    const world = checkWorld();
    const [one, two] = [world.instance(), world.instance()];
    world.waiting.answer = (attempt) => (attempt === 0 ? new Promise(() => undefined) : 'delivered');
    await one.accept(requestOf({ timeoutMs: 60_000 }));
    await world.push('eastus');
    await world.pass(61_000, [one]);
    expect(world.waiting.verdicts).toHaveLength(1);
    await world.push('westeurope');
    await world.pass(50_000, [two]);
    expect(world.waiting.verdicts).toHaveLength(1);
    await world.pass(100_000, [two]);
    expect(world.waiting.verdicts).toHaveLength(2);
    expect(world.waiting.verdicts[1]?.verdict).toEqual(world.waiting.verdicts[0]?.verdict);
    expect(world.waiting.verdicts[0]?.verdict.result).toBe('failed');
  });

  test('an instance whose clock is ahead does not end the time early', async () => {
    const world = checkWorld();
    const [one, ahead] = [world.instance(), world.instance({ aheadMs: 60_000 })];
    await one.accept(requestOf({ timeoutMs: 90_000 }));
    await world.pass(40_000, [ahead]);
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await world.pass(40_000, [ahead]);
    expect(world.waiting.verdicts.map(({ verdict }) => verdict.result)).toEqual(['succeeded']);
  });

  test.each([
    [0, [0, 0]],
    [0, [60_000, 45_000]],
    [0, [-60_000, 60_000]],
    [60_000, [0, 30_000]],
    [-30_000, [30_000, 0]],
  ])('accepted by a clock %i ms ahead and followed by others, %j, it ends in time', async (aheadMs, others) => {
    const world = checkWorld();
    const one = world.instance({ aheadMs });
    const two = others.map((otherMs) => world.instance({ aheadMs: otherMs }));
    const acceptedAt = world.clock.now();
    await one.accept(requestOf({ timeoutMs: 600_000 }));
    await one.close(0);
    await world.pass(595_000, two);
    expect(world.waiting.verdicts).toEqual([]);
    await world.pass(70_000, two);
    expect(world.waiting.verdicts.map(({ verdict }) => verdict.result)).toEqual(['failed']);
    const durationMs = (world.waiting.verdicts[0]?.at ?? 0) - acceptedAt;
    expect(durationMs).toBeGreaterThanOrEqual(600_000);
    expect(durationMs).toBeLessThanOrEqual(605_000);
  });

  test('many instances on one check send one verdict', async () => {
    const world = checkWorld();
    const all = Array.from({ length: 5 }, () => world.instance());
    await all[0]?.accept(requestOf());
    // Every instance follows it.
    for (const instance of all)
      for (const row of [...world.queue.rows]) await instance.resume(row.id, row.sequence, row.aheadMs);
    await world.pass(5_000, all);
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await world.pass(300_000, all);
    expect(world.waiting.verdicts).toHaveLength(1);
    expect(new Set(world.waiting.lines).size).toBe(world.waiting.lines.length);
  });

  test('a row that was replaced is ignored, and one without a check as well', async () => {
    const world = checkWorld();
    const one = world.instance();
    await one.accept(requestOf());
    for (let i = 0; i < 5; i++) await one.resume(requestOf().id, 1, 0);
    expect((await world.stored())?.sequence).toBe(2);
    await one.resume('f'.repeat(40), 1, 0);
    const count = world.queue.rows.length;
    await one.resume(requestOf().id, 1, 0);
    expect(world.queue.rows).toHaveLength(count);
  });

  test('a long wait has fewer rows', async () => {
    const world = checkWorld();
    const one = world.instance();
    await one.accept(requestOf({ timeoutMs: 48 * hour }));
    await world.pass(hour, [one], 5_000);
    const sequence = (await world.stored())?.sequence ?? 0;
    expect(sequence).toBeGreaterThan(30);
    expect(sequence).toBeLessThan(60);
  }, 60_000);
});

describe('sending', () => {
  test('is repeated with growing pauses until it is accepted', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answer = (attempt) => (attempt < 6 ? unavailable() : 'delivered');
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf());
    await world.pass(300_000, [one]);
    const times = world.waiting.verdicts.map(({ at }) => at);
    const pauses = times.slice(1).map((time, i) => Math.round((time - (times[i] ?? 0)) / 1_000));
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32]);
    expect(await world.stored()).toMatchObject({
      outcome: 'delivered',
      attempts: 7,
      callback: null,
      leasedUntil: null,
    });
  });

  test('leaves the other side alone for as long as it asks', async () => {
    const world = checkWorld();
    const one = world.instance();
    const throttled = new UpstreamError('throttled', '429', { retryAfterMs: 120_000 });
    world.waiting.answer = (attempt) => (attempt === 0 ? throttled : 'delivered');
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf());
    await world.pass(110_000, [one]);
    expect(world.waiting.verdicts).toHaveLength(1);
    await world.pass(15_000, [one]);
    expect(world.waiting.verdicts).toHaveLength(2);
  });

  test('goes on for ten minutes while the service does not wait yet, with growing pauses, and then says so', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answer = () => notYet;
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf());
    await world.pass(hour, [one]);
    const times = world.waiting.verdicts.map(({ at }) => at);
    const pauses = times.slice(1).map((time, i) => Math.round((time - (times[i] ?? 0)) / 1_000));
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 89]);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBe(600_000);
    expect(await world.stored()).toMatchObject({ outcome: 'givenUp', callback: null });
    expect(world.warnings.filter((line) => line.startsWith('verdict delivery failed'))).toHaveLength(times.length);
    expect(world.warnings[0]).toContain('the other side (422)');
    expect(world.warnings.at(-1)).toMatch(/^verdict delivery abandoned /);
  });

  test('goes on over restarts while the service does not wait yet, and is accepted in the end', async () => {
    const world = checkWorld();
    world.waiting.answer = () => notYet;
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    const first = world.instance();
    await first.accept(requestOf());
    await world.pass(120_000, [first]);
    await first.close(1_000);
    const second = world.instance();
    await world.pass(300_000, [second]);
    await second.close(1_000);
    world.waiting.answer = () => 'delivered';
    await world.pass(180_000, [world.instance()]);
    expect(await world.stored()).toMatchObject({ outcome: 'delivered' });
  });

  test('counts the ten minutes from the first of such answers, on whatever instance', async () => {
    const world = checkWorld();
    world.waiting.answer = () => notYet;
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    const first = world.instance();
    await first.accept(requestOf());
    await world.pass(400_000, [first]);
    await first.close(1_000);
    await world.pass(400_000, [world.instance()]);
    expect(await world.stored()).toMatchObject({ outcome: 'givenUp' });
  });

  test('starts the ten minutes over after an outage', async () => {
    const world = checkWorld();
    const one = world.instance();
    const startedAt = world.clock.now();
    world.waiting.answer = () => {
      const sinceMs = world.clock.now() - startedAt;
      return sinceMs < 300_000
        ? notYet
        : sinceMs < 1_200_000
          ? unavailable()
          : sinceMs < 1_500_000
            ? notYet
            : 'delivered';
    };
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf());
    await world.pass(hour, [one]);
    expect(await world.stored()).toMatchObject({ outcome: 'delivered' });
  });

  test('ends at once where it would never be accepted, with a warning', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answer = () => new UpstreamError('invalid', 'the other side (400)');
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf());
    await world.pass(hour, [one]);
    expect(world.waiting.verdicts).toHaveLength(1);
    expect(await world.stored()).toMatchObject({ outcome: 'givenUp', callback: null });
    expect(world.warnings).toEqual([
      expect.stringMatching(/^verdict delivery failed .*the other side \(400\)/),
      expect.stringMatching(/^verdict delivery abandoned /),
    ]);
  });

  test('ends when the service no longer waits', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answer = () => 'dead';
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf());
    await world.pass(hour, [one]);
    expect(world.waiting.verdicts).toHaveLength(1);
    expect(await world.stored()).toMatchObject({ outcome: 'dead', callback: null });
  });

  test('ends when the credentials have been refused for an hour', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answer = () => new UpstreamError('unauthorized', '401');
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf());
    await world.pass(0.9 * hour, [one], 5_000);
    expect(await world.stored()).toMatchObject({ outcome: null });
    await world.pass(0.3 * hour, [one], 5_000);
    expect(await world.stored()).toMatchObject({ outcome: 'givenUp', callback: null });
    expect(world.waiting.verdicts.length).toBeLessThan(25);
  }, 60_000);

  test('ends when the token is dead after two days', async () => {
    const world = checkWorld();
    const one = world.instance();
    world.waiting.answer = unavailable;
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf());
    await world.pass(47.9 * hour, [one], 60_000);
    expect(await world.stored()).toMatchObject({ outcome: null, callback: expect.any(String) });
    await world.pass(0.3 * hour, [one], 60_000);
    expect(await world.stored()).toMatchObject({ outcome: 'givenUp', callback: null });
    expect(world.lines).toContainEqual(expect.stringContaining('verdict delivery abandoned'));
  }, 60_000);

  test('tries once even when the time of the check is the life of the token', async () => {
    const world = checkWorld();
    const one = world.instance();
    await one.accept(requestOf({ timeoutMs: 48 * hour }));
    // No instance follows it meanwhile: two days of evaluations would make the test a minute long.
    await one.close(0);
    await world.clock.advance(48 * hour - 60_000);
    await world.pass(180_000, [world.instance()]);
    expect(world.waiting.verdicts).toMatchObject([{ verdict: { result: 'failed' } }]);
  });

  test('goes on when the encryption key is set again', async () => {
    const world = checkWorld();
    const one = world.instance();
    await one.accept(requestOf());
    await one.close(1_000);
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await world.pass(60_000, [world.instance({ key: new Uint8Array(32).fill(9) })]);
    expect(world.waiting.verdicts).toEqual([]);
    expect(world.lines).toContainEqual(expect.stringContaining('another key'));
    await world.pass(120_000, [world.instance()]);
    expect(world.waiting.verdicts).toHaveLength(1);
  });
});

describe('progress', () => {
  test('stops at as many lines as the service accepts, over restarts', async () => {
    const world = checkWorld();
    const regions = regionsOf(...Array.from({ length: 15 }, (_, i) => `region${i}`));
    const registries = [registryOf({ regions })];
    const replicaSet = () => replicaSetFromSettings(registryOf({ regions }), world.clock.now());
    let one = world.instance({ registries, replicaSet });
    await one.accept(requestOf());
    await world.pass(2_000, [one]);
    for (const [i, region] of regions.slice(0, 14).entries()) {
      await world.push(region);
      await world.pass(2_000, [one]);
      if (i !== 7) continue;
      await one.close(1_000);
      one = world.instance({ registries, replicaSet });
      await world.pass(2_000, [one]);
    }
    expect(world.waiting.lines).toHaveLength(10);
    expect(new Set(world.waiting.lines).size).toBe(10);
    await world.push(regions[14] ?? '');
    await world.pass(2_000, [one]);
    expect(world.waiting.verdicts).toHaveLength(1);
  });
});

describe('the replicas', () => {
  test('may change while it waits', async () => {
    const world = checkWorld();
    let regions = ['eastus', 'westeurope'];
    const replicaSet = () => replicaSetFromSettings(registryOf({ regions: regionsOf(...regions) }), world.clock.now());
    const one = world.instance({ replicaSet });
    await one.accept(requestOf({ id: 'a'.repeat(40) }));
    await one.accept(requestOf({ id: 'b'.repeat(40), regions: 'westeurope', timeoutMs: 600_000 }));
    await world.push('eastus');
    await world.pass(5_000, [one]);
    regions = ['eastus'];
    await world.pass(120_000, [one]);
    expect(world.waiting.verdicts.map(({ verdict }) => verdict.comment)).toEqual([
      `${image} is in 1 of 1 region: eastus`,
    ]);
    // A region that was asked for by name may come back; until then it can only be waited for.
    expect(world.waiting.lines.at(-1)).toContain('"westeurope" is not a region of this registry');
    await world.pass(600_000, [one]);
    expect(world.waiting.verdicts.at(-1)?.verdict).toEqual({
      result: 'failed',
      comment: expect.stringMatching(/^timed out after 10 min: regions: "westeurope"/),
    });
  });

  test.each([[[]], [['japaneast']]])('may not be known yet, besides %j, only observed', async (observed) => {
    const world = checkWorld();
    let isKnown = false;
    const observedOnly = regionsOf(...observed);
    const replicaSet = (registry: ReturnType<typeof registryOf>) =>
      isKnown
        ? replicaSetFromSettings(registry, world.clock.now())
        : replicaSetFromSettings({ ...registry, regions: undefined, observedOnly }, world.clock.now());
    const one = world.instance({ replicaSet });
    expect(await one.read({ images: [image], regions: 'nowhere', require: undefined })).toMatchObject({
      kind: 'tooEarly',
    });
    await one.accept(requestOf());
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await world.pass(60_000, [one]);
    expect(world.waiting.verdicts).toEqual([]);
    isKnown = true;
    await world.pass(10_000, [one]);
    expect(world.waiting.verdicts).toMatchObject([{ verdict: { result: 'succeeded' } }]);
  });

  test.each([
    [{ images: ['no reference'] }, { kind: 'invalid', problems: [{ field: 'image' }] }],
    [{ images: ['fabrikam.azurecr.io/app:v1'] }, { kind: 'unknownRegistry' }],
    [{ images: ['app:v1'] }, { kind: 'invalid', problems: [{ field: 'image' }] }],
    [{ regions: 'nowhere' }, { kind: 'invalid', problems: [{ field: 'regions' }] }],
    [
      { regions: '', require: '' },
      { kind: 'asked', asked: [{ requirement: { regions: ['eastus', 'westeurope'], require: 'all' } }] },
    ],
    [{ require: '3' }, { kind: 'invalid', problems: [{ field: 'require' }] }],
    [{ require: '1.5' }, { kind: 'invalid', problems: [{ field: 'require' }] }],
    [
      { images: ['contoso.eastus.geo.azurecr.io/team/app'] },
      { kind: 'asked', asked: [{ question: { tag: 'latest' } }] },
    ],
    [
      { images: [image, image.replace('contoso.', 'contoso.westeurope.geo.'), 'contoso.azurecr.io/team/app:v1'] },
      { kind: 'asked', asked: [{ question: { digest: digestOf(1) } }, { question: { tag: 'v1' } }] },
    ],
    [{ images: [image, 'fabrikam.azurecr.io/app:v1'] }, { kind: 'unknownRegistry' }],
  ])('%j is read as it should be', async (text, asked) => {
    const read = await checkWorld()
      .instance()
      .read({ images: [image], regions: undefined, require: undefined, ...text });
    expect(read).toMatchObject(asked);
  });
});

describe('the storage', () => {
  test('not answering: the request is refused in time', async () => {
    const world = checkWorld();
    const one = world.instance({ queue: { add: () => new Promise(() => undefined) } });
    const accepting = expect(one.accept(requestOf())).rejects.toMatchObject({ code: 'unavailable' });
    await world.clock.advance(2_100);
    await accepting;
    const two = world.instance({ store: { ...world.store, create: async () => Promise.reject(unavailable()) } });
    await expect(two.accept(requestOf())).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('failing when a row is run: it is added again for later', async () => {
    const world = checkWorld();
    const one = world.instance();
    await one.accept(requestOf());
    world.queue.rows.length = 0;
    const broken = world.instance({ store: { ...world.store, read: async () => Promise.reject(unavailable()) } });
    await broken.resume(requestOf().id, 1, 0);
    const at = world.clock.now() + 30_000;
    expect(world.queue.rows).toEqual([{ id: requestOf().id, sequence: 1, at, aheadMs: 0 }]);
    const both = world.instance({
      store: { ...world.store, read: async () => Promise.reject(unavailable()) },
      queue: { add: async () => Promise.reject(unavailable()) },
    });
    await expect(both.resume(requestOf().id, 1, 0)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('failing after the verdict was accepted: it is sent again, the same', async () => {
    const world = checkWorld();
    let isBroken = false;
    const replace: typeof world.store.replace = async (check, basedOn) => {
      if (check.finishedAt !== null && isBroken) throw unavailable();
      return world.store.replace(check, basedOn);
    };
    const one = world.instance({ store: { ...world.store, replace } });
    isBroken = true;
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await one.accept(requestOf());
    await world.pass(10_000, [one]);
    isBroken = false;
    await world.pass(180_000, [one]);
    expect(world.waiting.verdicts.length).toBeGreaterThanOrEqual(2);
    expect(new Set(world.waiting.verdicts.map(({ verdict }) => JSON.stringify(verdict))).size).toBe(1);
    expect(await world.stored()).toMatchObject({ outcome: 'delivered' });
  });

  test('holds the callback encrypted, drops it with the verdict, and forgets the check two days later', async () => {
    const world = checkWorld();
    const one = world.instance();
    await one.accept(requestOf());
    const everything = () => JSON.stringify([[...world.store.rows.values()], world.queue.rows, world.lines]);
    expect(everything()).not.toContain('token');
    expect(await world.stored()).toMatchObject({ callback: expect.stringMatching(/^v1\./) });
    for (const region of ['eastus', 'westeurope']) await world.push(region);
    await world.pass(60_000, [one]);
    expect(await world.stored()).toMatchObject({ callback: null, outcome: 'delivered' });
    await world.pass(47 * hour, [one], 600_000);
    expect(await world.stored()).toBeDefined();
    await world.pass(2 * hour, [one], 600_000);
    expect(await world.stored()).toBeUndefined();
    expect(world.queue.rows).toEqual([]);
  });
});

test('many checks for one image cost the storage no more than one while they wait', async () => {
  const reads = async (count: number) => {
    const world = checkWorld();
    let total = 0;
    const read = world.first.store.read;
    world.first.store.read = async (name) => {
      total++;
      return read(name);
    };
    const one = world.instance();
    for (let i = 0; i < count; i++) await one.accept(requestOf({ id: String(i).padStart(40, '0') }));
    await world.pass(3_000, [one]);
    const before = total;
    await world.clock.advance(20_000);
    return total - before;
  };
  const [one, many] = [await reads(1), await reads(50)];
  expect(one).toBeGreaterThan(10);
  expect(many).toBeLessThanOrEqual(one + 2);
});

test('an image that no region has reported is waited for', async () => {
  const world = checkWorld();
  const one = world.instance();
  await one.accept(requestOf({ images: ['contoso.azurecr.io/team/app:v9'] }));
  await world.pass(40_000, [one]);
  expect(world.waiting.lines).toEqual([
    'waiting: contoso.azurecr.io/team/app:v9 is in 0 of 2 regions; missing: eastus, westeurope',
  ]);
  for (const region of ['eastus', 'westeurope']) await world.push(region, 'v9');
  await world.pass(3_000, [one]);
  expect(world.waiting.verdicts).toMatchObject([{ verdict: { result: 'succeeded' } }]);
});
