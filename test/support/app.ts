/** The whole app as a real process, with storage and a topic that the test owns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppProcess } from '../../src/local/simulator/app-process.ts';
import { startApp } from '../../src/local/simulator/app-process.ts';
import type { RunningTopic } from '../../src/local/topic.ts';

export const secret = 'a-secret-of-the-tests-only';
export const registry = 'contoso';
export const loginServer = 'contoso.azurecr.io';

export interface AppInput {
  /** Without it the app starts a storage of its own. */
  readonly storage?: string;
  readonly topic?: Pick<RunningTopic, 'endpoint' | 'key'>;
  readonly regions?: readonly string[];
  /** Kept over a restart when the same folder is given. */
  readonly data?: string;
  readonly port?: number;
  readonly settings?: Record<string, string>;
  readonly flags?: readonly string[];
  /** Takes each line it prints. */
  readonly onLine?: (line: string) => void;
}

export interface App extends AppProcess {
  readonly data: string;
  /** Ends the process as a crash would. */
  kill(): void;
}

const main = new URL('../../bin/local/main.mjs', import.meta.url).pathname;

export async function startInstance(input: AppInput = {}): Promise<App> {
  const data = input.data ?? (await mkdtemp(join(tmpdir(), 'acr-replication-tracker-')));
  const regions = input.regions ?? ['eastus', 'westeurope', 'southeastasia'];
  const settings: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    PORT: String(input.port ?? 0),
    REGISTRIES: JSON.stringify([{ name: registry, regions }]),
    WEBHOOK_SECRETS: secret,
    AzureWebJobsStorage: input.storage ?? 'UseDevelopmentStorage=true',
    ...(input.topic === undefined
      ? {}
      : { EVENT_GRID_TOPIC_ENDPOINT: input.topic.endpoint, EVENT_GRID_TOPIC_KEY: input.topic.key }),
    ...input.settings,
  };
  const { flags = [], onLine } = input;
  const command = [main, '--data', data, ...flags];
  const app = await startApp({ command, settings, ...(onLine === undefined ? {} : { onLine }) });
  return {
    ...app,
    data,
    async stop() {
      await app.stop();
      if (input.data === undefined) await rm(data, { recursive: true, force: true });
    },
    kill: () => process.kill(app.pid, 'SIGKILL'),
  };
}

export interface PushInput {
  readonly digest: string;
  readonly region: string;
  readonly repository?: string;
  readonly tag?: string;
  readonly action?: 'push' | 'delete';
  readonly timestamp?: string;
  readonly id?: string;
}

/** A webhook body as the registry writes it. */
export function webhookBody(push: PushInput): string {
  return JSON.stringify({
    id: push.id ?? crypto.randomUUID(),
    timestamp: push.timestamp ?? new Date().toISOString(),
    action: push.action ?? 'push',
    target: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      size: 524,
      digest: push.digest,
      length: 524,
      repository: push.repository ?? 'team/app',
      ...(push.tag === undefined ? {} : { tag: push.tag }),
    },
    request: { id: crypto.randomUUID(), host: loginServer, method: 'PUT' },
  });
}

/** Sends one webhook event until an instance answers that it is stored. */
export async function deliver(urls: readonly string[], push: PushInput): Promise<string> {
  const body = webhookBody(push);
  for (let attempt = 0; attempt < 200; attempt++) {
    const url = urls[Math.floor(Math.random() * urls.length)];
    try {
      const response = await fetch(`${url}/api/webhooks/${registry}/${push.region}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(10_000),
      });
      const { outcome } = (await response.json()) as { outcome?: string };
      if (response.ok && outcome !== undefined) return outcome;
    } catch {
      // The instance was killed under the request; the test is about what happens then.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`no instance stored ${push.digest} in ${push.region}`);
}

/** Asks until the answer passes, at most that long. */
export async function until<T>(
  ask: () => Promise<T> | T,
  passes: (answer: T) => boolean,
  timeoutMs: number,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (passes(answer)) return answer;
    if (Date.now() > deadline) {
      throw new Error(`not within ${timeoutMs / 1000} s; last answer: ${JSON.stringify(answer)?.slice(0, 2_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export async function getJson<T = Record<string, unknown>>(url: string): Promise<{ status: number; body: T }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(220_000) });
  return { status: response.status, body: (await response.json()) as T };
}
