/**
 * Opens Azurite's table and queue services, and optionally blobs, in the calling process, on free ports. Azurite's own
 * commands cannot do it: they report port 0 when given a free port, load telemetry first and share no data. The modules
 * used here are internal to Azurite, so its version is pinned exactly, and an upgrade requires a review of this file.
 */
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

interface AzuriteServer {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}

type Construct<Made> = new (...values: unknown[]) => Made;

export interface AzuriteServers {
  connectionString: string;
  /** Saves everything (if there is a location) and frees the ports. */
  close(): Promise<void>;
}

export const AZURITE_ACCOUNT = 'devstoreaccount1';
/** Azurite's public account key; it protects nothing. */
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const HOST = '127.0.0.1';
const KEEP_ALIVE_SECONDS = 65;
const MEMORY_LIMIT_BYTES = 256 * 1024 * 1024;

const require = createRequire(import.meta.url);

export interface AzuriteServersOptions {
  /** The app stores nothing in blobs, but the real Functions host does: its locks and keys. In memory only. */
  blobs?: boolean;
}

/** Without a location, everything is kept in memory, separate from every other store. */
export async function openAzuriteServers(
  location?: string,
  { blobs = false }: AzuriteServersOptions = {},
): Promise<AzuriteServers> {
  if (location !== undefined) await mkdir(location, { recursive: true });
  loadModule<{ configLogger(enabled: boolean): void }>('common/Logger').configLogger(false);
  const servers = [
    { name: 'TableEndpoint', server: createTableServer(location) },
    { name: 'QueueEndpoint', server: createQueueServer(location) },
    ...(blobs ? [{ name: 'BlobEndpoint', server: createBlobServer() }] : []),
  ];
  const started: AzuriteServer[] = [];
  const close = async () => void (await Promise.all(started.map((server) => server.close())));
  try {
    for (const { server } of servers) {
      await server.start();
      started.push(server);
    }
  } catch (failure) {
    await close();
    throw failure;
  }
  return {
    connectionString: [
      'DefaultEndpointsProtocol=http',
      `AccountName=${AZURITE_ACCOUNT}`,
      `AccountKey=${ACCOUNT_KEY}`,
      ...servers.map(({ name, server }) => `${name}=${server.getHttpServerAddress()}/${AZURITE_ACCOUNT}`),
    ].join(';'),
    close,
  };
}

function createTableServer(location: string | undefined): AzuriteServer {
  const Configuration = loadModule<{ default: Construct<object> }>('table/TableConfiguration').default;
  const Server = loadModule<{ default: Construct<AzuriteServer> }>('table/TableServer').default;
  const database = join(location ?? '', '__azurite_db_table__.json');
  const isInMemory = location === undefined;
  return new Server(
    new Configuration(HOST, 0, KEEP_ALIVE_SECONDS, database, false, false, ...commonOptions(), isInMemory),
  );
}

function createQueueServer(location: string | undefined): AzuriteServer {
  const Configuration = loadModule<{ default: Construct<object> }>('queue/QueueConfiguration').default;
  const Server = loadModule<{ default: Construct<AzuriteServer> }>('queue/QueueServer').default;
  const folder = location ?? '';
  const files = [{ locationId: 'Default', locationPath: join(folder, '__queuestorage__'), maxConcurrency: 50 }];
  return new Server(
    new Configuration(
      HOST,
      0,
      KEEP_ALIVE_SECONDS,
      join(folder, '__azurite_db_queue__.json'),
      join(folder, '__azurite_db_queue_extent__.json'),
      files,
      false,
      undefined,
      false,
      ...commonOptions().slice(1),
      location === undefined,
      createChunkStore(),
    ),
  );
}

function createBlobServer(): AzuriteServer {
  const Configuration = loadModule<{ default: Construct<object> }>('blob/BlobConfiguration').default;
  const Server = loadModule<{ default: Construct<AzuriteServer> }>('blob/BlobServer').default;
  const [accessLog, debugLog, ...common] = commonOptions();
  const logs = [false, accessLog, false, debugLog];
  return new Server(
    new Configuration(HOST, 0, KEEP_ALIVE_SECONDS, '', '', [], ...logs, ...common, true, createChunkStore()),
  );
}

function createChunkStore(): object {
  const { MemoryExtentChunkStore } = loadModule<{ MemoryExtentChunkStore: Construct<object> }>(
    'common/persistence/MemoryExtentStore',
  );
  return new MemoryExtentChunkStore(MEMORY_LIMIT_BYTES);
}

/** accessLogStream, debugLogPath, loose, skipApiVersionCheck, cert, key, pwd, oauth, disableProductStyleUrl. */
function commonOptions(): unknown[] {
  return [undefined, undefined, false, true, '', '', '', undefined, false];
}

function loadModule<Shape>(path: string): Shape {
  return require(`azurite/dist/src/${path}`) as Shape;
}
