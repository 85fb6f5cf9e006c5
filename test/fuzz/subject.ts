/**
 * The app under test: the real host with the real built app, in a process of its own, with secrets that can be
 * recognized, a storage whose reads are counted, and no access to other machines.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAzurite } from '../../src/local/azurite.ts';
import { startApp } from '../../src/local/simulator/app-process.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { startCallbackSink } from './callback-sink.ts';
import type { LogWatch } from './check-log.ts';
import { watchLog } from './check-log.ts';
import type { Inspector } from './inspector.ts';
import { openInspector } from './inspector.ts';
import type { Secrets, TestSecrets } from './test-secrets.ts';
import { makeTestSecrets, watchSecrets } from './test-secrets.ts';
import { regions, registries } from './words.ts';

export interface Subject {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly testSecrets: TestSecrets;
  readonly secrets: Secrets;
  readonly log: LogWatch;
  readonly inspector: Inspector;
  readonly callbackOrigin: string;
  /** What no answer may name. */
  readonly places: readonly string[];
  /** Rows read from the storage so far. */
  reads(): number;
  lastLines(): string;
  stop(): Promise<void>;
}

/**
 * A client with the master key may send a queue's function something that is not a message of the app: it fails, as on
 * Azure.
 */
const isPoison = (line: string) => /^error (wakes|deliveries): failed after \d+ ms: ZodError/.test(line);

const root = new URL('../../', import.meta.url).pathname;

export async function startSubject(): Promise<Subject> {
  const testSecrets = makeTestSecrets();
  const data = await mkdtemp(join(tmpdir(), 'acr-replication-fuzz-'));
  await mkdir(data, { recursive: true });
  await writeFile(join(data, 'keys.json'), JSON.stringify(testSecrets.keys));
  const azurite = await startAzurite();
  const proxy = await startCountingProxy(azurite.connectionString);
  const sink = await startCallbackSink();
  const [, storageKey = ''] = /AccountKey=([^;]+)/.exec(proxy.connectionString) ?? [];
  const secrets = watchSecrets(testSecrets, { 'the key of the storage': storageKey });
  const log = watchLog(secrets, isPoison);
  let inspectorAddress: string | undefined;
  const read = (line: string) => {
    inspectorAddress ??= /^Debugger listening on (ws:\S+)/.exec(line)?.[1];
    log.read(line);
  };
  const settings = settingsOf(testSecrets, proxy.connectionString, sink.origin);
  const command = [
    '--inspect=127.0.0.1:0',
    join(root, 'bin/local/main.mjs'),
    '--data',
    data,
    '--app',
    join(root, 'dist'),
  ];
  const stops = [() => sink.stop(), () => proxy.stop(), () => azurite.stop(), () => rm(data, { recursive: true })];
  const stopAll = async () => {
    for (const stop of stops) await stop();
  };
  try {
    const app = await startApp({ command: [...command, '--enable-auth', '--verbose'], settings, onLine: read });
    stops.unshift(() => app.stop());
    if (inspectorAddress === undefined) throw new Error('Node did not say where its inspector listens.');
    const inspector = await openInspector(inspectorAddress);
    stops.unshift(async () => inspector.close());
    return {
      ...{ url: app.url, port: Number(new URL(app.url).port), pid: app.pid },
      ...{ testSecrets, secrets, log, inspector, reads: proxy.reads, lastLines: app.lastLines },
      callbackOrigin: sink.origin,
      places: [data, root],
      stop: stopAll,
    };
  } catch (failure) {
    await stopAll();
    throw failure;
  }
}

function settingsOf(testSecrets: TestSecrets, storage: string, callbackOrigin: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    PORT: '0',
    REGISTRIES: JSON.stringify(registries.map((name) => ({ name, regions }))),
    WEBHOOK_SECRETS: testSecrets.webhookSecrets.join(','),
    AzureWebJobsStorage: storage,
    EVENT_GRID_TOPIC_KEY: testSecrets.topicKey,
    // What is incomplete before many requests must be the same after them.
    DELAYED_AFTER_SECONDS: '86400',
    CALLBACK_ORIGINS: callbackOrigin,
    CALLBACK_KEY: testSecrets.callbackKey,
    GITHUB_WEBHOOK_SECRET: testSecrets.githubWebhookSecret,
    GITHUB_APP_ID: 'fuzz',
    GITHUB_APP_PRIVATE_KEY: testSecrets.githubPrivateKey,
  };
}
