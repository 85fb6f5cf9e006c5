/** The requests of pipelines: where is an image, wait for it, list images, list events. */
import { describe, expect, test } from 'vitest';
import {
  asked,
  deliver,
  expectProblem,
  expectRequestId,
  getJson,
  imageOf,
  newDigest,
  send,
  untilPublished,
} from './requests.ts';
import type { HostUnderTest } from './under-test.ts';
import { loginServer, regions, registry } from './under-test.ts';

export function describeQuestions(host: () => HostUnderTest): void {
  const everywhere = (push: { digest: string; repository?: string; tag?: string; action?: 'push' | 'delete' }) =>
    Promise.all(regions.map((region) => deliver(host(), { ...push, region })));

  describe('availability', () => {
    test('of an image that was never reported', async () => {
      const image = imageOf(newDigest());
      expect(await getJson(host(), asked('/api/availability', { image }))).toMatchObject({
        image,
        state: 'unknown',
        satisfied: false,
        requirement: { regions, require: 'all', needed: 3, have: 0 },
        missing: regions,
        tags: [],
        firstSeenAt: null,
      });
    });

    test('from one region to all', async () => {
      const digest = newDigest();
      const question = asked('/api/availability', { image: imageOf(digest) });
      await deliver(host(), { digest, region: 'eastus', tag: 'v1' });
      const some = await getJson(host(), question);
      expect(some).toMatchObject({ state: 'replicating', satisfied: false, missing: regions.slice(1), tags: ['v1'] });
      expect(some.regions[0]).toMatchObject({ region: 'eastus', state: 'available', evidence: ['webhook'] });
      await everywhere({ digest });
      expect(await getJson(host(), question)).toMatchObject({ state: 'available', satisfied: true, missing: [] });
    });

    test.each([
      ['as it is', (image: string) => `image=${image}`],
      ['encoded', (image: string) => `image=${encodeURIComponent(image)}`],
      [
        'encoded in small letters',
        (image: string) => `image=${encodeURIComponent(image).replaceAll(/%../g, (e) => e.toLowerCase())}`,
      ],
      ['of the regional server', (image: string) => `image=${image.replace('.azurecr', '.eastus.geo.azurecr')}`],
      ['with regions in words, encoded', (image: string) => `image=${image}&regions=East%20US%2CWest+Europe`],
      ['with a key in the query', (image: string) => `code=none&image=${image}`],
    ])('the image %s', async (_how, queryOf) => {
      const image = imageOf(newDigest(), 'deep/team/app_1.x');
      expect((await getJson(host(), `/api/availability?${queryOf(image)}`)).image).toBe(image);
    });

    test.each([
      ['no image', '', 400, 'image'],
      ['two images', `image=${imageOf(newDigest())}&image=other`, 400, 'image'],
      ['an empty one', 'image=', 400, undefined],
      ['letters no reference has', 'image=contoso.azurecr.io/%C3%A4', 400, undefined],
      ['an escape that is none', 'image=%zz', 400, undefined],
      ['another registry', 'image=other.azurecr.io/a:v1', 404, undefined],
      ['an unexpected region', `image=${loginServer}/a:v1&regions=mars`, 400, 'regions'],
      ['more regions than there are', `image=${loginServer}/a:v1&require=4`, 400, 'require'],
    ])('%s is refused', async (_what, query, status, field) => {
      const answer = await send(host(), `/api/availability?${query}`);
      expectProblem(answer, status, field);
      if (field === 'regions') for (const region of regions) expect(answer.text).toContain(region);
    });
  });

  describe('wait', () => {
    test('is let go by the last webhook, all who wait at once', async () => {
      const digest = newDigest();
      await deliver(host(), { digest, region: 'eastus' });
      await deliver(host(), { digest, region: 'westeurope' });
      const startedAt = performance.now();
      const waiting = Array.from({ length: 60 }, () =>
        getJson(host(), asked('/api/wait', { image: imageOf(digest), timeout: '30' })),
      );
      await new Promise((resolve) => setTimeout(resolve, 500));
      await deliver(host(), { digest, region: 'southeastasia' });
      const deliveredAt = performance.now();
      for (const document of await Promise.all(waiting)) expect(document).toMatchObject({ satisfied: true });
      expect(performance.now() - deliveredAt).toBeLessThan(5_000);
      expect(deliveredAt - startedAt).toBeGreaterThan(500);
    });

    test('is answered at once when nothing is missing, for as many as are needed', async () => {
      const digest = newDigest();
      await deliver(host(), { digest, region: 'westeurope' });
      const image = imageOf(digest);
      await getJson(host(), asked('/api/wait', { image, require: 'any', timeout: '30' }));
      await getJson(host(), asked('/api/wait', { image, regions: 'westeurope', timeout: '30' }));
    });

    test.each(['0', '0.5'])('after %s s answers 202, and when to ask again', async (timeout) => {
      const answer = await send(host(), asked('/api/wait', { image: imageOf(newDigest()), timeout }));
      expect(answer.status).toBe(202);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(JSON.parse(answer.text)).toMatchObject({ satisfied: false, state: 'unknown' });
      expectRequestId(answer);
    });

    test('answers when it can no longer be satisfied', async () => {
      const digest = newDigest();
      await everywhere({ digest, repository: 'moved', tag: 'v1' });
      await everywhere({ digest: newDigest(), repository: 'moved', tag: 'v1' });
      const image = `${loginServer}/moved:v1@${digest}`;
      await getJson(host(), asked('/api/wait', { image, timeout: '1' }), 409);
      await everywhere({ digest, repository: 'moved', action: 'delete' });
      await getJson(host(), asked('/api/wait', { image: imageOf(digest, 'moved'), timeout: '1' }), 410);
    });

    test.each([
      ['201', 'timeout'],
      ['-1', 'timeout'],
      ['soon', 'timeout'],
    ])('of %s s is refused', async (timeout, field) => {
      expectProblem(await send(host(), asked('/api/wait', { image: imageOf(newDigest()), timeout })), 400, field);
    });
  });

  describe('lists', () => {
    test('images, newest first, a page at a time', async () => {
      const digests = [newDigest(), newDigest(), newDigest()];
      for (const digest of digests) await deliver(host(), { digest, region: 'eastus', repository: 'paged' });
      const page = (query: Record<string, string>) =>
        getJson(host(), asked('/api/images', { registry, repository: 'paged', limit: '2', ...query }));
      const first = await page({});
      expect(first.images.map((image: { digest: string }) => image.digest)).toEqual([digests[2], digests[1]]);
      const second = await page({ cursor: first.next });
      expect(second.images.map((image: { digest: string }) => image.digest)).toEqual([digests[0]]);
      expectProblem(await send(host(), asked('/api/images', { limit: '2' })), 400, 'registry');
      expectProblem(await send(host(), asked('/api/images', { registry, limit: '0' })), 400, 'limit');
      expectProblem(await send(host(), asked('/api/images', { registry: 'unknown' })), 404);
    });

    test('replicas and registries', async () => {
      const report = await getJson(host(), asked('/api/replicas', { registry }));
      expect(report).toMatchObject({ registry: loginServer, source: 'settings', stale: false });
      expect(report.regions.map(({ region }: { region: string }) => region)).toEqual(
        expect.arrayContaining([...regions]),
      );
      expect(await getJson(host(), '/api/registries')).toEqual({
        registries: [
          { name: registry, loginServer },
          { name: 'fabrikam', loginServer: 'fabrikam.azurecr.io' },
        ],
      });
    });

    test('what was published about an image, and again on request', async () => {
      const digest = newDigest();
      await everywhere({ digest });
      await untilPublished(host(), digest, 'ImageAvailableInAllReplicas');
      const { events } = await getJson(host(), asked('/api/events', { image: imageOf(digest) }));
      const published = host().topic.events.filter(({ subject }) => String(subject).endsWith(digest));
      expect(events.map(({ id }: { id: string }) => id).sort()).toEqual(
        [...new Set(published.map(({ id }) => id))].sort(),
      );
      expect(events).toHaveLength(4);
    });
  });

  describe('about itself', () => {
    test('health, to anybody', async () => {
      const answer = await send(host(), '/api/health', { key: null });
      expect([answer.status, JSON.parse(answer.text)]).toEqual([
        200,
        { status: 'ok', checks: { tables: 'ok', queues: 'ok', topic: 'ok' } },
      ]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expectRequestId(answer);
    });

    test('every route it describes is there, under its lock', async () => {
      const { openapi, paths } = await getJson(host(), '/api/openapi.json');
      expect(openapi).toMatch(/^3\.1/);
      for (const [path, methods] of Object.entries<Record<string, { security: object[] }>>(paths)) {
        if (path.includes('{')) continue;
        for (const [method, { security }] of Object.entries(methods)) {
          // Off without its settings.
          if (security.some((way) => 'githubSignature' in way)) continue;
          const answer = await send(host(), path, { method: method.toUpperCase(), key: null });
          expect(answer.status, path).toBe(security.length === 0 ? 200 : 401);
        }
      }
    });

    test.each(['/api/health', '/api/openapi.json', '/ui'])(
      'HEAD %s has the length of GET and no body',
      async (path) => {
        const [get, head] = await Promise.all(
          ['GET', 'HEAD'].map((method) =>
            send(host(), path, { method, key: null, headers: { 'accept-encoding': 'gzip' } }),
          ),
        );
        expect(head?.status).toBe(200);
        expect([null, get?.headers.get('content-length')]).toContain(head?.headers.get('content-length'));
        expect(head?.text).toBe('');
      },
    );

    test('the page, once', async () => {
      const page = await send(host(), '/ui', { key: null });
      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(page.text).toMatch(/^<!doctype html>/i);
      const etag = page.headers.get('etag') ?? '';
      const again = await send(host(), '/ui', { key: null, headers: { 'if-none-match': etag } });
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    });
  });
}
