/**
 * Starts the whole app on this machine: storage if no account is configured, a topic if none is configured, and the
 * host with the built app. Separate from the entry point, so that demos and tests start exactly what `npm start` does.
 */
import { join } from 'node:path';
import { startAzurite } from './azurite.ts';
import { type Host, startHost } from './host/host.ts';
import { readKeys } from './host/keys.ts';
import type { OnLog } from './host/log.ts';
import { readAddress, type Settings } from './settings.ts';
import { createTopic } from './topic.ts';
import { createTopicMount, formatEvent, TOPIC_PATH } from './topic-mount.ts';

export interface LocalOptions {
  readonly appDirectory: string;
  readonly dataDirectory: string;
  readonly enableAuth: boolean;
  readonly settings: Settings;
  /** Writes settings to where the app reads them: the environment of this process. */
  readonly applySettings: (settings: Readonly<Record<string, string>>) => void;
  /** Receives the lines for standard output. */
  readonly print: (line: string) => void;
  readonly onLog: OnLog;
}

export interface Local {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startLocal(options: LocalOptions): Promise<Local> {
  const { appDirectory, dataDirectory, enableAuth, print, onLog } = options;
  const { port, host: address } = readAddress(options.settings);
  const keysFile = join(dataDirectory, 'keys.json');
  const keys = await readKeys(keysFile);
  if (enableAuth) onLog({ level: 'information', category: 'system', message: `function keys are in ${keysFile}` });
  const azurite = isDevelopmentStorage(options.settings.AzureWebJobsStorage)
    ? await startAzurite({ location: join(dataDirectory, 'azurite') })
    : undefined;
  if (azurite?.location !== undefined && azurite.location !== join(dataDirectory, 'azurite')) {
    const message = `another instance is running here: this one keeps its data in ${azurite.location}`;
    onLog({ level: 'warning', category: 'system', message });
  }
  const hasTopic = isSet(options.settings.EVENT_GRID_TOPIC_ENDPOINT);
  const topicKey = options.settings.EVENT_GRID_TOPIC_KEY;
  const topic = createTopic({
    ...(isSet(topicKey) ? { key: topicKey } : {}),
    onEvent: (event) => print(formatEvent(event)),
  });
  const settings: Record<string, string | undefined> = {
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    FUNCTIONS_WORKER_RUNTIME: 'node',
    ...options.settings,
    ...(azurite === undefined ? {} : { AzureWebJobsStorage: azurite.connectionString }),
  };

  let host: Host;
  try {
    host = await startHost({
      appDirectory,
      port,
      host: address,
      enableAuth,
      keys,
      settings,
      onLog,
      mounts: hasTopic ? [] : [createTopicMount(topic)],
      prepare(url) {
        const own = toLoopback(url);
        settings.WEBSITE_HOSTNAME ??= new URL(own).host;
        if (!hasTopic) {
          settings.EVENT_GRID_TOPIC_ENDPOINT = `${own}${TOPIC_PATH}`;
          settings.EVENT_GRID_TOPIC_KEY = topic.key;
        }
        const known = Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
        options.applySettings(Object.fromEntries(known));
      },
    });
  } catch (failure) {
    await azurite?.stop();
    throw failure;
  }

  return {
    url: host.url,
    async stop() {
      try {
        await host.stop();
      } finally {
        await azurite?.stop();
      }
    },
  };
}

function isDevelopmentStorage(connection: string | undefined): boolean {
  return /^\s*UseDevelopmentStorage=true\s*;?\s*$/i.test(connection ?? '');
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

/** An unspecified address such as 0.0.0.0 cannot be called. */
function toLoopback(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
