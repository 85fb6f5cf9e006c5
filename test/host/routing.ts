/** What the host decides before the app gets a request: paths, methods, keys, and its own addresses. */
import { describe, expect, test } from 'vitest';
import { keys } from './launch.ts';
import type { Answer } from './requests.ts';
import { asked, hook, imageOf, send } from './requests.ts';
import type { HostUnderTest } from './under-test.ts';

/** The host's own answers have no body. */
function expectEmpty(answer: Answer, status: number): void {
  expect([answer.status, answer.text]).toEqual([status, '']);
}

export function describeRouting(host: () => HostUnderTest): void {
  describe('paths and methods', () => {
    test.each(['/API/Health', '/api/health/', '/api/health?clientId=%20', '/api/%68ealth'])(
      '%s is /api/health',
      async (path) => {
        expect((await send(host(), path, { key: null })).status).toBe(200);
      },
    );

    test.each([
      ['/nowhere', 'GET'],
      ['/api', 'GET'],
      ['/health', 'GET'],
      ['/api//health', 'GET'],
      ['/api/health/more', 'GET'],
      // One segment: the slash stays encoded. On Azure the front end decodes it, so clients must not rely on either.
      ['/api/webhooks/contoso%2Feastus', 'POST'],
      ['/api/webhooks/contoso', 'POST'],
      ['/api/webhooks//eastus', 'POST'],
      // A method that is not listed is no route: no 405, and no implicit HEAD or OPTIONS.
      ['/api/health', 'OPTIONS'],
      ['/api/health', 'POST'],
      ['/api/images', 'HEAD'],
      ['/api/availability', 'DELETE'],
      ['/api/wait', 'PUT'],
      ['/api/webhooks/contoso/eastus', 'GET'],
      ['/api/webhooks/contoso/eastus', 'HEAD'],
      ['/api/webhooks/contoso/eastus', 'OPTIONS'],
      ['/api/webhooks/contoso/eastus', 'PUT'],
    ])('%s %s: 404', async (path, method) => {
      expectEmpty(await send(host(), path, { method }), 404);
    });

    test.each(['/api/health', '/api/openapi.json', '/ui'])('%s, asked for its headers alone', async (path) => {
      const [get, head] = [
        await send(host(), path, { key: null }),
        await send(host(), path, { method: 'HEAD', key: null }),
      ];
      expect([head.status, head.text]).toEqual([200, '']);
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    });

    test('what is no HTTP to the web server is an empty 400', async () => {
      expectEmpty(await send(host(), '/api/health/%00', { key: null }), 400);
      expectEmpty(await send(host(), '/api/health', { key: null, headers: { 'x-name': '\u00e9' } }), 400);
    });

    test('the address alone answers that a host runs', async () => {
      expect((await send(host(), '/', { key: null })).status).toBe(200);
    });
  });

  describe('keys', () => {
    const image = imageOf(`sha256:${'0'.repeat(64)}`);
    const closed = [
      asked('/api/availability', { image }),
      asked('/api/wait', { image, timeout: '0' }),
      '/api/images?registry=contoso',
      '/api/replicas?registry=contoso',
      '/api/registries',
      asked('/api/events', { image }),
    ];

    test.each(closed)('%s asks for a function key', async (path) => {
      expectEmpty(await send(host(), path, { key: null }), 401);
      expectEmpty(await send(host(), path, { key: 'wrong' }), 401);
      expectEmpty(await send(host(), path, { key: keys.eventgrid }), 401);
      for (const key of [keys.function, keys.master]) {
        expect((await send(host(), path, { key })).status).toBeLessThan(300);
        const code = `${path}${path.includes('?') ? '&' : '?'}code=${key}`;
        expect((await send(host(), code, { key: null })).status).toBeLessThan(300);
        // The header wins.
        expectEmpty(await send(host(), code, { key: 'wrong' }), 401);
      }
    });

    test('a key in other letters opens as well, and so does one under a name in other letters', async () => {
      const other = keys.function.toUpperCase();
      expect((await send(host(), '/api/registries', { key: other })).status).toBe(200);
      expect((await send(host(), `/api/registries?CODE=${keys.function}`, { key: null })).status).toBe(200);
    });

    test('a replay asks for the master key', async () => {
      const replay = (key: string | null) =>
        send(host(), '/api/events/replay', {
          method: 'POST',
          key,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ image }),
        });
      for (const key of [null, 'wrong', keys.function]) expectEmpty(await replay(key), 401);
      // No region has reported it.
      expect((await replay(keys.master)).status).toBe(404);
    });

    test('a check of a pipeline is let in with a function key, and the answer names the missing header', async () => {
      const check = (key: string | null) =>
        send(host(), '/api/checks/azure-pipelines', { method: 'POST', key, body: JSON.stringify({ image }) });
      expectEmpty(await check(null), 401);
      const answer = await check(keys.function);
      expect(answer.status).toBe(400);
      expect(answer.text).toContain('PlanUrl');
    });

    test('where no key is required, a key does not replace the secret', async () => {
      expect((await hook(host(), '{}', { authorization: null, key: keys.master })).status).toBe(401);
    });
  });

  describe('addresses of the host', () => {
    const run = (name: string, input: { key?: string | null; body?: string; type?: string } = {}) =>
      send(host(), `/admin/functions/${name}`, {
        method: 'POST',
        key: input.key === undefined ? keys.master : input.key,
        headers: { 'content-type': input.type ?? 'application/json' },
        body: input.body ?? '{"input":""}',
      });

    test('its state is for the master key, that it lives for anybody', async () => {
      for (const key of [null, 'wrong']) expectEmpty(await send(host(), '/admin/host/status', { key }), 401);
      expectEmpty(await send(host(), '/admin/host/status', { key: keys.function }), 403);
      const status = await send(host(), '/admin/host/status', { key: keys.master });
      expect(JSON.parse(status.text)).toMatchObject({ state: 'Running' });
      for (const method of ['GET', 'POST']) {
        const ping = await send(host(), '/admin/host/ping', { key: null, method });
        expectEmpty(ping, 200);
        expect(ping.headers.get('cache-control')).toBe('no-store,no-cache');
      }
    });

    test('a timer is run when asked', async () => {
      expectEmpty(await run('refreshReplicas'), 202);
      expectEmpty(await run('REFRESHREPLICAS'), 202);
      expectEmpty(await run('refreshReplicas', { key: keys.function }), 403);
      expectEmpty(await run('refreshReplicas', { key: null }), 401);
      expect((await run('nothing')).status).toBe(404);
    });

    test('and not with a body that is none', async () => {
      expect((await run('refreshReplicas', { body: '' })).status).toBe(400);
      expect((await run('refreshReplicas', { body: 'run' })).status).toBe(400);
      expect((await run('refreshReplicas', { type: 'text/plain' })).status).toBe(415);
    });

    test('extensions are behind their own keys, also those that are not there', async () => {
      for (const [key, status] of [
        [null, 401],
        ['wrong', 401],
        [keys.function, 403],
        [keys.eventgrid, 403],
        [keys.master, 404],
      ] as const) {
        expect((await send(host(), '/runtime/webhooks/nothing', { key })).status).toBe(status);
      }
    });
  });
}
