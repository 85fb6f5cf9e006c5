/**
 * One host with the tests' own services around it: a storage, a gate before its tables, a topic. The tests see an
 * address, keys and the topic's events; they do not depend on which host it is.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAzuriteServers } from '../../src/local/azurite-servers.ts';
import type { RunningTopic } from '../../src/local/topic.ts';
import { startTopic } from '../../src/local/topic.ts';
import { webhookBody } from '../support/app.ts';
import type { HostCommand, Launched } from './launch.ts';
import { launch, readHostCommand } from './launch.ts';
import type { TableGate } from './table-gate.ts';
import { startTableGate } from './table-gate.ts';

export const registry = 'contoso';
export const loginServer = 'contoso.azurecr.io';
export const secrets = ['first-secret-of-the-host-tests', 'second-secret-of-the-host-tests'] as const;
export const regions = ['eastus', 'southeastasia', 'westeurope'] as const;
export const resourceId = `/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/${registry}`;

/** Short, so that a test can see an image delayed; longer than any other test leaves one open on purpose. */
export const delayedAfterSeconds = 4;

export interface HostUnderTest {
  readonly command: HostCommand;
  readonly topic: RunningTopic;
  readonly tables: TableGate;
  readonly running: () => Launched;
  readonly url: () => string;
  /** From the start of the process to its first answered webhook. */
  readonly secondsToFirstWebhook: () => number;
  /** Starts it again, on another port and the same storage. */
  start(): Promise<void>;
  /** Ends everything; the host, the topic, the storage. */
  close(): Promise<void>;
}

export async function startHostUnderTest(): Promise<HostUnderTest> {
  const command = readHostCommand();
  const data = await mkdtemp(join(tmpdir(), 'acr-replication-host-'));
  // A copy: hosts write into the app's folder, and a build may replace it meanwhile.
  const app = join(data, 'app');
  await cp(new URL('../../dist', import.meta.url).pathname, app, { recursive: true });
  const storage = await openAzuriteServers(undefined, { blobs: true });
  const tables = await startTableGate(storage.connectionString);
  const topic = await startTopic({ keep: 10_000 });
  let running: Launched | undefined;
  let seconds = 0;

  const current = () => {
    if (running === undefined) throw new Error('the host is not running');
    return running;
  };
  const host: HostUnderTest = {
    command,
    topic,
    tables,
    running: current,
    url: () => current().url,
    secondsToFirstWebhook: () => seconds,
    async start() {
      const startedAt = performance.now();
      running = await launch({ host: command, app, data, settings: settingsOf(tables, topic) });
      await answersWebhook(running);
      seconds = (performance.now() - startedAt) / 1000;
    },
    async close() {
      await running?.kill();
      await topic.stop();
      await tables.stop();
      await storage.close();
      await rm(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  try {
    await host.start();
  } catch (failure) {
    await host.close();
    throw failure;
  }
  return host;
}

function settingsOf(tables: TableGate, topic: RunningTopic): Record<string, string> {
  return {
    REGISTRIES: JSON.stringify([
      { name: registry, regions },
      { name: 'fabrikam', regions: ['northeurope'] },
    ]),
    WEBHOOK_SECRETS: secrets.join(','),
    AzureWebJobsStorage: tables.connectionString,
    EVENT_GRID_TOPIC_ENDPOINT: topic.endpoint,
    EVENT_GRID_TOPIC_KEY: topic.key,
    DELAYED_AFTER_SECONDS: String(delayedAfterSeconds),
    CALLBACK_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
}

/** The first push may be slow while the tables are created; a deferred one counts as answered, too. */
async function answersWebhook({ url, lastLines }: Launched): Promise<void> {
  const digest = `sha256:${crypto.randomUUID().replaceAll('-', '').repeat(2)}`;
  const answer = await fetch(`${url}/api/webhooks/${registry}/eastus`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secrets[0]}`, 'content-type': 'application/json' },
    body: webhookBody({ digest, region: 'eastus', repository: 'first/of-all' }),
    signal: AbortSignal.timeout(60_000),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the first webhook was answered ${answer.status}:\n${lastLines()}`);
}
