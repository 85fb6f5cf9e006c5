/**
 * The demo's parts against a stand-in app: the demo passes when everything is right, fails when something is not, and
 * leaves no process behind. A demo that passes whatever the tracker does proves nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type AppProcess, startApp } from '../../src/local/simulator/app-process.ts';
import { checkEvents } from '../../src/local/simulator/demo-checks.ts';
import { type DemoRegistry, startDemoRegistry } from '../../src/local/simulator/demo-registry.ts';
import { playStory } from '../../src/local/simulator/demo-story.ts';
import type { Mistakes } from './stand-in-tracker.ts';

const REGIONS = ['eastus', 'westeurope', 'southeastasia'];
const SCRIPT = fileURLToPath(new URL('stand-in-app.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'acr-replication-demo-test-'));
const SETTINGS = { REGISTRIES: JSON.stringify([{ name: 'contoso', regions: REGIONS }]) };
let app: AppProcess | undefined;
let registry: DemoRegistry | undefined;

afterEach(async () => {
  await Promise.all([app?.stop(), registry?.stop()]);
  app = undefined;
  registry = undefined;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function play(mistakes: Mistakes, waitSeconds = 20): Promise<string> {
  registry = await startDemoRegistry({ registry: 'contoso', secret: 'a-secret', regions: REGIONS, seed: 4, speed: 20 });
  app = await startApp({ command: [SCRIPT, JSON.stringify(mistakes)], settings: { REGISTRIES: registry.setting } });
  registry.deliverTo(app.url);
  // So long that the command still waits when they come, however late it starts.
  if (mistakes.optimistic) registry.world.beginOutage('southeastasia');
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  await playStory({ url: app.url, registry, folder, seed: 4, speed: 20, waitSeconds, print });
  return lines.join('\n');
}

describe('the story', () => {
  test('shows each region, the release, the signature and the event', async () => {
    const text = await play({});
    expect(text).toMatch(/eastus .*\(1 of 3\)[\s\S]*\(2 of 3\)[\s\S]*\(3 of 3\)/);
    expect(text).toMatch(
      /\$ acr-replication wait -f images\.txt[\s\S]*exit code 0, all three images are in all regions/,
    );
    expect(text).toMatch(/--artifacts signature[\s\S]*is signed in eastus[\s\S]*exit code 0, and its signature/);
    expect(text).toContain('"type": "AcrReplication.ReleaseAvailableInAllReplicas"');
    expect(text).toMatch(/one event for each of 3 images/);
    expect(text).toMatch(/kubectl set image .*team\/shop@sha256:[0-9a-f]{64}/);
  });

  test('fails when a pipeline is released too early', async () => {
    await expect(play({ optimistic: true })).rejects.toThrow(/ended with 0 while .* is only in eastus, westeurope/);
  });

  test('fails when a region never reports', async () => {
    await expect(play({ deafTo: 'westeurope' }, 2)).rejects.toThrow(/ended with 2 after/);
  });
});

describe('the events', () => {
  const event = (subject: string, id = 'one') => ({
    ...{ id, subject, source: 'https://contoso.azurecr.io', whole: {} },
    type: `AcrReplication.${subject.startsWith('releases/') ? 'Release' : 'Image'}AvailableInAllReplicas`,
  });
  const expected = { images: ['team/app@sha256:a', 'team/app@sha256:b'], release: 'shop-2.4' };
  const all = [...expected.images, 'releases/shop-2.4'].map((subject) => event(subject));
  const check = (...events: ReturnType<typeof event>[]) => checkEvents({ fetchEvents: async () => events }, expected);

  test('are one for each image and one for the release, however often each is published', async () => {
    const { images, release } = await check(...all, ...all);
    expect(images.map(({ subject }) => subject)).toEqual(expected.images);
    expect(release.subject).toBe('releases/shop-2.4');
  });

  test.each([
    ['two ids', event('team/app@sha256:a', 'two'), /published under 2 different ids/],
    ['a member', event('team/app@sha256:c'), /team\/app@sha256:c: published by itself/],
  ])('fail with %s', async (_what, more, message) => {
    await expect(check(...all, more)).rejects.toThrow(message);
  });
});

describe('the app process', () => {
  test('has ended after stop, which can be called twice', async () => {
    const started = await startApp({ command: [SCRIPT], settings: SETTINGS });
    expect((await fetch(started.url)).status).toBe(200);
    await started.stop();
    await started.stop();
    await expect(fetch(started.url)).rejects.toThrow();
  });

  test('that ends before it listens is reported with what it printed', async () => {
    const command = ['-e', 'console.error("no storage here"); process.exit(3)'];
    await expect(startApp({ command, settings: {} })).rejects.toThrow(
      /exit code 3 before it listened[\s\S]*no storage here/,
    );
  });

  test('that never listens is stopped, with SIGKILL if it ignores SIGTERM', async () => {
    const command = [
      '-e',
      'process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000); console.log(process.pid)',
    ];
    const startTimeoutMs = 2_000;
    const failed = await startApp({ command, settings: {}, startTimeoutMs, stopTimeoutMs: 200 }).catch(String);
    expect(failed).toMatch(/did not listen within 2 s/);
    const pid = Number(/^\d+$/m.exec(String(failed))?.[0]);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
