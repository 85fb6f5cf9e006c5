/**
 * The app under fire: the real host with the real built app, in a process of its own, with secrets that can be told from
 * everything else, a storage whose reads are counted, and nothing it could call but this machine.
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
import type { Planted, Secrets } from './planted.ts';
import { plantSecrets, watchSecrets } from './planted.ts';
import { regions, registries } from './words.ts';

export interface Subject {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly planted: Planted;
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

/** Whoever has the master key may hand a queue's function what is no message of ours: it fails, as on Azure. */
const isPoison = (line: string) => /^error (wakes|deliveries): failed after \d+ ms: ZodError/.test(line);

const root = new URL('../../', import.meta.url).pathname;

export async function startSubject(): Promise<Subject> {
  const planted = plantSecrets();
  const data = await mkdtemp(join(tmpdir(), 'acr-replication-fuzz-'));
  await mkdir(data, { recursive: true });
  await writeFile(join(data, 'keys.json'), JSON.stringify(planted.keys));
  const azurite = await startAzurite();
  const proxy = await startCountingProxy(azurite.connectionString);
  const sink = await startCallbackSink();
  const [, storageKey = ''] = /AccountKey=([^;]+)/.exec(proxy.connectionString) ?? [];
  const secrets = watchSecrets(planted, { 'the key of the storage': storageKey });
  const log = watchLog(secrets, isPoison);
  let inspectorAddress: string | undefined;
  const read = (line: string) => {
    inspectorAddress ??= /^Debugger listening on (ws:\S+)/.exec(line)?.[1];
    log.read(line);
  };
  const settings = settingsOf(planted, proxy.connectionString, sink.origin);
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
      ...{ planted, secrets, log, inspector, reads: proxy.reads, lastLines: app.lastLines },
      callbackOrigin: sink.origin,
      places: [data, root],
      stop: stopAll,
    };
  } catch (failure) {
    await stopAll();
    throw failure;
  }
}

function settingsOf(planted: Planted, storage: string, callbackOrigin: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    PORT: '0',
    REGISTRIES: JSON.stringify(registries.map((name) => ({ name, regions }))),
    WEBHOOK_SECRETS: planted.webhookSecrets.join(','),
    AzureWebJobsStorage: storage,
    EVENT_GRID_TOPIC_KEY: planted.topicKey,
    // What is incomplete before a long storm must look the same after it.
    DELAYED_AFTER_SECONDS: '86400',
    CALLBACK_ORIGINS: callbackOrigin,
    CALLBACK_KEY: planted.callbackKey,
    GITHUB_WEBHOOK_SECRET: planted.githubWebhookSecret,
    GITHUB_APP_ID: 'fuzz',
    GITHUB_APP_PRIVATE_KEY: planted.githubPrivateKey,
  };
}
