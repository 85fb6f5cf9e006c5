/** Tables or a topic that do not answer, a process that is killed or stopped: nothing is lost. */
import { describe, expect, test } from 'vitest';
import { until, webhookBody } from '../support/app.ts';
import {
  asked,
  deliver,
  getJson,
  hook,
  imageOf,
  newDigest,
  publishedAbout,
  send,
  typesAbout,
  untilPublished,
} from './requests.ts';
import type { HostUnderTest } from './under-test.ts';
import { regions } from './under-test.ts';

export function describeFailures(host: () => HostUnderTest): void {
  test('killed between storing and publishing, it publishes after the next start', async () => {
    const [open, complete] = [newDigest(), newDigest()];
    host().topic.failWith(503, 600);
    await deliver(host(), { digest: open, region: 'eastus' });
    for (const region of regions) await deliver(host(), { digest: complete, region });
    expect(await getJson(host(), asked('/api/availability', { image: imageOf(complete) }))).toMatchObject({
      satisfied: true,
      announcedAt: null,
    });
    await host().running().kill();
    host().topic.failWith(503, 0);
    expect([...publishedAbout(host(), open), ...publishedAbout(host(), complete)]).toEqual([]);

    await host().start();
    await untilPublished(host(), complete, 'ImageAvailableInAllReplicas', 60_000);
    await untilPublished(host(), open, 'ImageAvailableInRegion', 60_000);
    expect(typesAbout(host(), complete)).toEqual([
      'ImageAvailableInAllReplicas',
      ...regions.map((region) => `ImageAvailableInRegion ${region}`),
    ]);
    // No request came since: the app's own timer publishes it.
    await untilPublished(host(), open, 'ReplicationDelayed', 30_000);
  }, 120_000);

  test('deliveries that the tables do not take are deferred in time, and recorded later', async () => {
    const digest = newDigest();
    host().tables.shut();
    const startedAt = performance.now();
    const answers = await Promise.all(
      regions.map((region) => hook(host(), webhookBody({ digest, region, tag: 'later' }), { region })),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const health = await send(host(), '/api/health', { key: null });
    host().tables.open();
    expect(answers.map(({ status, text }) => [status, JSON.parse(text)])).toEqual(
      regions.map(() => [202, { outcome: 'deferred' }]),
    );
    // Then the registry gives up.
    expect(seconds).toBeLessThan(5);
    expect([health.status, JSON.parse(health.text)]).toMatchObject([503, { status: 'failing' }]);

    await until(
      () => getJson(host(), asked('/api/availability', { image: imageOf(digest) })),
      ({ satisfied }) => satisfied,
      60_000,
    );
    await untilPublished(host(), digest, 'ImageAvailableInAllReplicas');
    await untilPublished(host(), 'team/app:later', 'TagConverged');
  }, 120_000);
}

/** Last: it leaves the host stopped. */
export function describeStop(host: () => HostUnderTest): void {
  describe('a stop', () => {
    test('ends by itself, leaves no client without an answer, and loses nothing', async () => {
      const [digest, awaited] = [newDigest(), newDigest()];
      await deliver(host(), { digest, region: 'eastus' });
      const waiting = send(host(), asked('/api/wait', { image: imageOf(awaited), timeout: '100' })).then(
        ({ status }) => status,
        () => 'cut off',
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      await deliver(host(), { digest, region: 'westeurope' });
      const { code, seconds } = await host().running().stop();
      expect(code, host().running().lastLines()).not.toBeNull();
      // The real host waits 30 s for a pending request, and then needs some ten seconds more.
      expect(seconds).toBeLessThan(50);
      // After either of the first two, the client asks again.
      expect([202, 503, 'cut off']).toContain(await waiting);

      await host().start();
      expect(await getJson(host(), asked('/api/availability', { image: imageOf(digest) }))).toMatchObject({
        state: 'replicating',
        missing: ['southeastasia'],
      });
      await host().running().stop();
    }, 180_000);
  });
}
