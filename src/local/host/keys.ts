/**
 * The host's keys. On this machine nobody is asked for one unless the host is started with `--enable-auth`; then they
 * work as on Azure, so that a client's handling of a 401 can be tried before it meets one.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isObject, parseJson } from '../json.ts';
import { isSameSecret } from '../same-secret.ts';

export interface HostKeys {
  /** Opens everything. */
  readonly master: string;
  /** Opens functions of level `function`. */
  readonly function: string;
  /** The system key that Event Grid subscriptions carry. */
  readonly eventgrid: string;
  /** The system key of MCP clients. */
  readonly mcp: string;
}

/** Read from the file, which is written at the first start and readable by its owner alone. */
export async function readKeys(path: string): Promise<HostKeys> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const stored = text === undefined ? undefined : parseJson(text);
  if (text !== undefined && !isObject(stored))
    throw new Error(`${path}: must hold a JSON object of keys. Delete it to get new ones.`);
  const old = isObject(stored) ? stored : {};
  const read = (name: string) => {
    const value = old[name];
    return typeof value === 'string' && value !== '' ? value : randomBytes(32).toString('base64url');
  };
  const keys: HostKeys = {
    master: read('master'),
    function: read('function'),
    eventgrid: read('eventgrid'),
    mcp: read('mcp'),
  };
  const updated = `${JSON.stringify(keys, undefined, 2)}\n`;
  if (updated !== text) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, updated, { mode: 0o600 });
  }
  return keys;
}

/** The key a request carries; the header wins over the query, and the first of each over the others. */
export function findKey(
  headers: Readonly<Record<string, readonly string[] | undefined>>,
  query: URLSearchParams,
): string | undefined {
  return headers['x-functions-key']?.[0] ?? findParameter(query, 'code');
}

/** Names are read in any letter case, as the host reads them. */
export function findParameter(query: URLSearchParams, name: string): string | undefined {
  return [...query].find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}

/** The letter case of a key makes no difference; measured on the host. */
export function isAllowed(sent: string | undefined, accepted: readonly string[]): boolean {
  const lower = sent?.toLowerCase();
  // All are compared, so that the time does not tell which one was nearly right.
  return accepted.filter((key) => isSameSecret(lower, key.toLowerCase())).length > 0;
}

/**
 * For addresses of the host itself: 401 to a key that is none, 403 to one that opens something else. Functions answer 401
 * to both. Source: ExtensionWebHook_Succeeds, among the host's own end-to-end tests.
 */
export function refuseKey(
  sent: string | undefined,
  accepted: readonly string[],
  keys: HostKeys,
): 401 | 403 | undefined {
  if (isAllowed(sent, accepted)) return undefined;
  return isAllowed(sent, Object.values(keys)) ? 403 : 401;
}
