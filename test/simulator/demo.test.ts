/**
 * The demo's parts against a stand-in app: that it passes when all holds, notices when something does not, and leaves no
 * process behind. A demo that would pass whatever the tracker does is an advertisement.
 */
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { type AppProcess, startApp } from '../../src/local/simulator/app-process.ts';
import { tellStory } from '../../src/local/simulator/demo-story.ts';
import type { Mistakes } from './stand-in-tracker.ts';

const REGIONS = ['eastus', 'westeurope', 'southeastasia'];
const SCRIPT = fileURLToPath(new URL('stand-in-app.ts', import.meta.url));
const SETTINGS = { REGISTRIES: JSON.stringify([{ name: 'contoso', regions: REGIONS }]) };
let app: AppProcess | undefined;

afterEach(async () => {
  await app?.stop();
  app = undefined;
});

async function tell(mistakes: Mistakes, waitSeconds = 20): Promise<string> {
  app = await startApp({ command: [SCRIPT, JSON.stringify(mistakes)], settings: SETTINGS });
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  const told = { url: app.url, registry: 'contoso', secret: 'a-secret-of-some-length', regions: REGIONS };
  await tellStory({ ...told, seed: 4, speed: 20, waitSeconds, print });
  return lines.join('\n');
}

describe('the story', () => {
  test('shows each region, the release and the event', async () => {
    const text = await tell({});
    expect(text).toMatch(/eastus .*\(1 of 3\)[\s\S]*\(2 of 3\)[\s\S]*\(3 of 3\)/);
    expect(text).toMatch(/team\/shop:2\.4\.0 released by \w+ after \d+\.\d s/);
    expect(text).toContain('"type": "AcrReplication.ImageAvailableInAllReplicas"');
    expect(text).toMatch(/one event for each of 5 digests/);
    expect(text).toMatch(/kubectl set image .*team\/shop@sha256:[0-9a-f]{64}/);
  });

  test.each([
    ['released too early', { optimistic: true }, /released while it was only in eastus/],
    ['told under two ids', { twoIds: true }, /told under 2 different ids/],
  ])('fails when a pipeline is %s', async (_what, mistakes, message) => {
    await expect(tell(mistakes)).rejects.toThrow(message);
  });

  test('fails when a region never comes', async () => {
    await expect(tell({ deafTo: 'westeurope' }, 1)).rejects.toThrow(/not released within 1 s/);
  });
});

describe('the app process', () => {
  test('is gone after stop, twice if need be', async () => {
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

  test('that stays silent is stopped, with force when it does not listen to reason', async () => {
    const command = [
      '-e',
      'process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000); console.log(process.pid)',
    ];
    const startTimeoutMs = 500;
    const failed = await startApp({ command, settings: {}, startTimeoutMs, stopTimeoutMs: 200 }).catch(String);
    expect(failed).toMatch(/did not listen within 0\.5 s/);
    const pid = Number(/^\d+$/m.exec(String(failed))?.[0]);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
