/**
 * `npm run demo`: the main use case end to end on this machine, with nothing but npm: the tracker as a process of its
 * own, a simulated registry with four regions, and pipelines that wait. Exits with 0 only if everything it showed was
 * checked; always stops what it started.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AppProcess, startApp } from './simulator/app-process.ts';
import { type DemoRegistry, startDemoRegistry } from './simulator/demo-registry.ts';
import { playStory } from './simulator/demo-story.ts';

const OVERALL_TIMEOUT_MS = 55_000;
/** As shells report a command ended by Ctrl-C. */
const INTERRUPTED = 130;
const REGISTRY = 'contoso';
const REGIONS = ['eastus', 'westeurope', 'australiaeast', 'southeastasia'];
const SECRET = 'local-development-secret';

const SEED = 4;

const stopping = new AbortController();
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    isInterrupted = true;
    stopping.abort(new Error('interrupted'));
  });
}
const timer = setTimeout(
  () => stopping.abort(new Error(`not done after ${OVERALL_TIMEOUT_MS / 1_000} s`)),
  OVERALL_TIMEOUT_MS,
);
const stopped = new Promise<never>((_resolve, reject) => {
  stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason), { once: true });
});
stopped.catch(() => undefined);

const dataFolder = mkdtempSync(join(tmpdir(), 'acr-replication-demo-'));
let app: AppProcess | undefined;
let registry: DemoRegistry | undefined;
try {
  console.log('Is this image in every replica yet?\n');
  // Tests of the demo name another script.
  const mainScript = resolve(process.argv[2] ?? fileURLToPath(new URL('../../bin/local/main.mjs', import.meta.url)));
  registry = await startDemoRegistry({ registry: REGISTRY, secret: SECRET, regions: REGIONS, seed: SEED });
  app = await startApp({
    command: [mainScript, '--data', dataFolder, '--app', fileURLToPath(new URL('../../dist', import.meta.url))],
    folder: dataFolder,
    settings: {
      PORT: '0',
      REGISTRIES: registry.setting,
      WEBHOOK_SECRETS: SECRET,
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      // Makes the app end when its parent does.
      npm_lifecycle_event: 'demo',
    },
    signal: stopping.signal,
  });
  console.log(`The tracker listens on ${app.url}. ${REGISTRY}.azurecr.io has replicas in ${REGIONS.join(', ')};`);
  console.log(
    `${REGIONS.at(-1)} is slow today, all regions report a push under the same id, and some webhook events come twice or late.\n`,
  );
  const print = (line: string) => stopping.signal.aborted || console.log(line);
  registry.deliverTo(app.url);
  await Promise.race([playStory({ url: app.url, registry, folder: dataFolder, seed: SEED, print }), stopped]);
  console.log('\nEverything shown was checked: released by the last region, published once.');
} catch (failure) {
  if (isInterrupted) console.error('\nInterrupted; stopping the tracker.');
  else console.error(`\nThe demo failed: ${failure instanceof Error ? failure.message : failure}`);
  if (app !== undefined && !isInterrupted) console.error(`\nThe tracker's last lines:\n${app.lastLines()}`);
  process.exitCode = isInterrupted ? INTERRUPTED : 1;
} finally {
  clearTimeout(timer);
  await Promise.all([app?.stop(), registry?.stop()]);
  rmSync(dataFolder, { recursive: true, force: true });
  // Open requests and planned pushes no longer matter.
  process.exit();
}
