/** A verdict is being sent while another instance finishes the check: a finished check stays as it is. */
import { expect, test } from 'vitest';
import { memoryCheckStore } from '../../../src/adapters/memory-checks.ts';
import { finish, newCheck } from '../../../src/core/checks/check.ts';
import type { VerdictReply } from '../../../src/core/checks/ports.ts';
import { verdictDelivery } from '../../../src/core/checks/verdict-delivery.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { requestOf } from '../../support/check-instances.ts';
import { manualClock } from '../../support/manual-clock.ts';

const verdict = { result: 'succeeded', comment: 'there' } as const;

test.each<[string, () => Promise<VerdictReply>]>([
  ['fails', () => Promise.reject(new UpstreamError('unavailable', 'away'))],
  ['is not waited for any more', async () => 'dead'],
  ['is not waited for yet', async () => ({ notYet: '422' })],
])('an attempt that %s changes nothing once another was accepted', async (_, reply) => {
  const [clock, store] = [manualClock(), memoryCheckStore()];
  const check = { ...newCheck(requestOf(), 'encrypted', clock.now()), nextTryAt: clock.now() };
  await store.create(check);
  const sending = verdictDelivery({
    store,
    senders: {
      azurePipelines: {
        maxLines: 1,
        progress: async () => undefined,
        async verdict() {
          const stored = (await store.read(check.id)) ?? expect.fail('no check');
          await store.replace(finish(stored.check, 'delivered', clock.now()), stored.version);
          return reply();
        },
      },
    },
    tokenCipher: { encrypt: (_owner, text) => text, decrypt: (_owner, text) => text },
    clock,
    random: () => 0.5,
    log: { info: () => undefined, warn: () => undefined },
  });
  expect(await sending.send(check.id, verdict)).toBeUndefined();
  const after = (await store.read(check.id))?.check ?? expect.fail('no check');
  expect(after).toMatchObject({ outcome: 'delivered', callback: null, finishedAt: clock.now(), attempts: 1 });
  expect(after.nextTryAt).toBe(check.nextTryAt);
});

test.each<[string, Error, string]>([
  ['an answer of the other side', new UpstreamError('unavailable', 'answered 503'), 'unavailable: answered 503'],
  ['anything else', new TypeError('no way to https://internal.example/?sig=secret'), 'TypeError'],
])('of %s, what is stored for people names no more than it may', async (_what, error, lastError) => {
  const [clock, store, logged] = [manualClock(), memoryCheckStore(), [] as unknown[]];
  const check = { ...newCheck(requestOf(), 'encrypted', clock.now()), nextTryAt: clock.now() };
  await store.create(check);
  const sending = verdictDelivery({
    store,
    senders: {
      azurePipelines: { maxLines: 1, progress: async () => undefined, verdict: () => Promise.reject(error) },
    },
    tokenCipher: { encrypt: (_owner, text) => text, decrypt: (_owner, text) => text },
    clock,
    random: () => 0.5,
    log: { info: () => undefined, warn: (_line, fields) => void logged.push(fields) },
  });
  await sending.send(check.id, verdict);
  expect((await store.read(check.id))?.check.lastError).toBe(lastError);
  expect(logged).toMatchObject([{ error: expect.stringContaining(error.message) }]);
});

test.each([
  ['accepted at once', 0],
  ['refused twice', 2],
  ['never accepted', 9],
])('a last line that is %s is sent until it is accepted, and each verdict after it', async (_what, refusals) => {
  const [clock, store, seen] = [manualClock(), memoryCheckStore(), [] as string[]];
  const check = { ...newCheck(requestOf(), 'encrypted', clock.now()), nextTryAt: clock.now() };
  await store.create(check);
  const away = async () => Promise.reject(new UpstreamError('unavailable', 'answered 500'));
  const parts = {
    store,
    senders: {
      azurePipelines: {
        maxLines: 1,
        progress: async () => undefined,
        async lastLine(_callback: string, line: string) {
          seen.push(line);
          if (seen.filter((one) => one === line).length <= refusals) await away();
        },
        async verdict() {
          seen.push('verdict');
          return seen.filter((one) => one === 'verdict').length < 5 ? away() : ('delivered' as const);
        },
      },
    },
    tokenCipher: { encrypt: (_owner: string, text: string) => text, decrypt: (_owner: string, text: string) => text },
    clock,
    random: () => 0.5,
    log: { info: () => undefined, warn: () => undefined },
  };
  // Each attempt may be made by another instance.
  for (let at: number | undefined = clock.now(); at !== undefined; ) {
    await clock.advance(at - clock.now());
    at = await verdictDelivery(parts).send(check.id, verdict);
  }
  const sent = Math.min(refusals + 1, 5);
  const attempts = Array.from({ length: 5 }, (_, i) => (i < sent ? [verdict.comment, 'verdict'] : ['verdict']));
  expect(seen).toEqual(attempts.flat());
  expect((await store.read(check.id))?.check.outcome).toBe('delivered');
});
