/** The webhook endpoint as registries call it: every outcome and every refusal, with its message. */
import { describe, expect, test } from 'vitest';
import { webhookBody } from '../support/app.ts';
import type { Body } from './requests.ts';
import { deliver, expectProblem, expectRequestId, getJson, hook, imageOf, newDigest } from './requests.ts';
import type { HostUnderTest } from './under-test.ts';
import { secrets } from './under-test.ts';

const event = (fields: object) =>
  JSON.stringify({ id: crypto.randomUUID(), timestamp: new Date().toISOString(), ...fields });

export function describeWebhooks(host: () => HostUnderTest): void {
  describe('webhooks', () => {
    test('recorded, then a duplicate, then outdated by what came later', async () => {
      const digest = newDigest();
      const push = { digest, region: 'eastus', timestamp: '2026-06-01T12:00:00.1234567Z', id: 'one-event' };
      expect(await deliver(host(), push)).toBe('recorded');
      expect(await deliver(host(), push)).toBe('duplicate');
      expect(await deliver(host(), { ...push, action: 'delete', timestamp: '2026-06-01T13:00:00Z' })).toBe('recorded');
      expect(await deliver(host(), { ...push, id: 'late', timestamp: '2026-06-01T12:30:00Z' })).toBe('outdated');
    });

    test.each([
      ['a ping', { action: 'ping' }, 'pong'],
      ['another action', { action: 'quarantine', target: { digest: newDigest(), repository: 'a' } }, 'ignored'],
      ['a push without a digest', { action: 'push', target: { repository: 'a', tag: 'v1' } }, 'ignored'],
      ['unknown fields', { action: 'ping', Headers: { authorization: 'x' }, region: 'nowhere' }, 'pong'],
    ])('%s', async (_what, fields, outcome) => {
      const answer = await hook(host(), event(fields));
      expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { outcome }]);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expectRequestId(answer);
    });

    test.each([
      ['with the other secret', { authorization: `Bearer ${secrets[1]}` }],
      ['to a registry and a region in other letters', { registry: 'CONTOSO', region: 'East%20US' }],
      ['with a slash at the end of the address', { region: 'eastus/' }],
      ['with a key that is not required', { key: 'wrong' }],
    ])('is taken %s', async (_how, input) => {
      expect((await hook(host(), event({ action: 'ping' }), input)).status).toBe(200);
    });

    test('from an unexpected region is kept, and shown as such', async () => {
      const digest = newDigest();
      await deliver(host(), { digest, region: 'brazilsouth' });
      const { regions } = await getJson(host(), `/api/availability?image=${imageOf(digest)}`);
      expect(regions).toContainEqual(
        expect.objectContaining({ region: 'brazilsouth', state: 'available', expected: false, required: false }),
      );
    });

    test.each([
      ['without the header', null],
      ['with a wrong secret', 'Bearer wrong-secret-of-the-host-tests'],
      ['with the secret as a password', `Basic ${Buffer.from(`x:${secrets[0]}`).toString('base64')}`],
      ['with an empty one', 'Bearer '],
    ])('%s: 401, whatever the body and the registry', async (_how, authorization) => {
      for (const [body, registry] of [
        [event({ action: 'ping' }), 'contoso'],
        ['{', 'unknown'],
        ['x'.repeat(300_000), 'contoso'],
      ] as const) {
        const answer = await hook(host(), body, { authorization, registry });
        expectProblem(answer, 401);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      }
    });

    test.each([
      ['a registry that is not tracked', { registry: 'unknown' }, 404],
      ['a region that is none', { region: '-' }, 400, 'region'],
      ['a region with an encoded slash', { region: 'east%2Fus' }, 400, 'region'],
    ] as const)('%s', async (_what, input, status, field?) => {
      expectProblem(await hook(host(), event({ action: 'ping' }), input), status, field);
    });

    test.each<[string, Body | undefined, number, string?]>([
      ['no JSON', '{"id":', 400, 'body'],
      ['no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, 'body'],
      ['nothing of an event', '{}', 400, 'id'],
      ['a list', '[]', 400],
      ['an empty body', '', 400, 'body'],
      ['no body at all', undefined, 400, 'body'],
      ['a digest that is none', event({ action: 'push', target: { digest: 'sha256:1', repository: 'a' } }), 400],
      ['more than 256 KiB', event({ action: 'ping', padding: 'x'.repeat(256 * 1024) }), 413],
    ])('%s is refused', async (_what, body, status, field) => {
      expectProblem(await hook(host(), body), status, field);
    });

    test('256 KiB are not too many', async () => {
      const short = event({ action: 'ping', padding: '' });
      const whole = short.replace('"padding":""', `"padding":"${'x'.repeat(256 * 1024 - short.length)}"`);
      expect(whole).toHaveLength(256 * 1024);
      expect((await hook(host(), whole)).status).toBe(200);
    });

    test('a chunked body does not reach a function, and the answer says so', async () => {
      const answer = await hook(host(), event({ action: 'ping' }), { isChunked: true });
      expectProblem(answer, 400, 'body');
      expect(answer.text).toContain('Content-Length');
    });

    test('a hundred at once are all answered in time', async () => {
      const digests = Array.from({ length: 100 }, newDigest);
      const slowest = await Promise.all(
        digests.map(async (digest) => {
          const startedAt = performance.now();
          const answer = await hook(host(), webhookBody({ digest, region: 'westeurope' }), { region: 'westeurope' });
          expect(answer.status, answer.text).toBeLessThan(300);
          return performance.now() - startedAt;
        }),
      );
      // Then the registry gives up.
      expect(Math.max(...slowest)).toBeLessThan(5_000);
    });

    test('each answer has an id of its own', async () => {
      const answers = await Promise.all([1, 2, 3].map(() => hook(host(), event({ action: 'ping' }))));
      expect(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size).toBe(3);
    });
  });
}
