/**
 * Parameters of the clients of Azure services, from the settings. The adapters create the clients: nothing here loads
 * an Azure library.
 */
import { consoleLog } from '../adapters/console-log.ts';
import { lazyCredential } from '../adapters/credential.ts';
import type { OpenTelemetry } from '../adapters/open-telemetry/open-telemetry.ts';
import type { StorageAccount } from '../adapters/storage-clients.ts';
import type { Config } from '../config.ts';

/** Loads in parallel with everything else, and only where telemetry is configured. */
export function startCollector({ telemetry: wanted }: Config): Promise<OpenTelemetry> | undefined {
  if (wanted === undefined) return undefined;
  const { azureMonitor, ...options } = wanted;
  const identity = azureMonitor?.identity;
  const started = import('../adapters/open-telemetry/start.ts').then(({ startTelemetry }) =>
    startTelemetry({
      ...options,
      log: consoleLog,
      azureMonitor: azureMonitor && {
        connectionString: azureMonitor.connectionString,
        ...(identity === undefined ? {} : { credential: lazyCredential(identity.clientId) }),
      },
    }),
  );
  started.catch((error: unknown) => {
    consoleLog.warn('telemetry is off: it could not be started', {
      error: error instanceof Error ? error.name : undefined,
    });
  });
  return started;
}

export function storageAccount({ storage }: Config): StorageAccount {
  if (storage.kind === 'connectionString') return storage;
  return { ...storage, credential: lazyCredential(storage.clientId) };
}
