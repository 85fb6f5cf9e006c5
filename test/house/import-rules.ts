/** Who may import whom. Held against the code by imports.test.ts, and shown in docs/architecture.md. */

export interface Row {
  /** Rooms, besides its own. */
  readonly rooms: readonly string[];
  /** Packages and `node:` modules. */
  readonly packages: readonly (string | RegExp)[];
  /** For adapters: each file or folder is a room of its own. */
  readonly apart?: boolean;
}

export const table: Record<string, Row> = {
  core: { rooms: [], packages: ['zod', 'node:crypto'] },
  adapters: { rooms: ['core'], packages: [/^node:/, /^@azure\/(?!functions)/, /^@opentelemetry\//], apart: true },
  // `node:crypto` for the comparison of secrets in constant time, `zod` for what is checked and described at the door.
  functions: { rooms: ['core'], packages: ['@azure/functions', 'node:crypto', 'node:zlib', 'zod'] },
  // Bundled into one file when built: none of these is a dependency of the app. What the action needs stands in third-party.
  cli: { rooms: ['core'], packages: [/^node:/, 'commander', 'log-update'] },
  // Runs in a browser: of the core it takes types alone.
  ui: { rooms: ['core'], packages: [] },
  local: { rooms: ['config.ts'], packages: [/./] },
  settings: { rooms: ['core'], packages: ['zod', 'node:crypto'] },
  'config.ts': { rooms: ['core', 'settings'], packages: [] },
  'entry.ts': { rooms: ['main.ts'], packages: ['node:module'] },
  compose: {
    rooms: ['core', 'adapters', 'config.ts'],
    packages: ['node:crypto'],
  },
  'main.ts': { rooms: ['adapters', 'compose', 'functions', 'config.ts'], packages: ['@azure/functions'] },
};

/**
 * The rooms of the core, from the ground up: each may import those that it names and whatever those may import. Tracker and
 * the pages that list things stand beside the rooms.
 */
export const coreRooms: Record<string, readonly string[]> = {
  runtime: [],
  model: ['runtime'],
  image: ['model'],
  store: ['image'],
  outbox: ['store'],
  replicas: ['store'],
  catalogue: ['store'],
  members: ['store'],
  ingest: ['outbox', 'replicas'],
  reconcile: ['outbox', 'replicas'],
  query: ['ingest', 'catalogue'],
  webhooks: ['ingest'],
  forwarding: ['query'],
  replay: ['outbox', 'replicas'],
  'tracker-ports.ts': ['ingest', 'catalogue', 'members'],
  'tracker-rooms.ts': ['query', 'reconcile', 'tracker-ports.ts'],
  'tracker.ts': ['tracker-rooms.ts'],
  releases: ['tracker.ts'],
  checks: ['releases'],
  waiting: ['checks'],
  'due-work': ['tracker.ts', 'releases', 'checks', 'forwarding', 'replay'],
  'queue-messages.ts': ['due-work'],
  // Pages that list what stands in the rooms; no room reads them.
  'instruments.ts': ['checks', 'forwarding'],
  'ports.ts': ['webhooks', 'due-work', 'waiting'],
};

/**
 * What all routes share, what several functions answer, the routes, everything else the host calls, and the description of
 * the routes.
 */
const functionRooms: Record<string, readonly string[]> = {
  http: [],
  documents: ['http'],
  api: ['documents'],
  triggers: ['documents'],
  'routes.ts': ['api'],
};

/** Rooms within a room: who of them may import whom. */
export const innerRooms: Record<string, Record<string, readonly string[]>> = {
  core: coreRooms,
  functions: functionRooms,
};

export function reachable(rooms: Record<string, readonly string[]>, room: string): ReadonlySet<string> {
  const below = rooms[room] ?? [];
  return new Set([...below, ...below.flatMap((one) => [...reachable(rooms, one)])]);
}
