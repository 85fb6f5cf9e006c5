/**
 * The host's keys. No key is required unless the host is started with `--enable-auth`; then they work as on Azure, so
 * that a client's handling of 401 can be tested.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isObject, parseJson } from '../json.ts';
import { isSameSecret } from '../same-secret.ts';

export interface HostKeys {
  /** Gives access to everything. */
  readonly master: string;
  /** Gives access to functions of level `function`. */
  readonly function: string;
  /** The system key of Event Grid subscriptions. */
  readonly eventgrid: string;
  /** The system key of MCP clients. */
  readonly mcp: string;
}

/** Reads the file, which is created at the first start and readable by its owner alone. */
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

/** The key of a request; the header wins over the query, and the first value of each over the others. */
export function findKey(
  headers: Readonly<Record<string, readonly string[] | undefined>>,
  query: URLSearchParams,
): string | undefined {
  return headers['x-functions-key']?.[0] ?? findParameter(query, 'code');
}

/** Names match in any letter case, as on the host. */
export function findParameter(query: URLSearchParams, name: string): string | undefined {
  return [...query].find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}

/** Keys match in any letter case; measured on the host. */
export function isAllowed(sent: string | undefined, accepted: readonly string[]): boolean {
  const lower = sent?.toLowerCase();
  // All are compared, so that the time does not reveal which one was nearly right.
  return accepted.filter((key) => isSameSecret(lower, key.toLowerCase())).length > 0;
}

/**
 * For the host's own URLs: 401 for an invalid key, 403 for a key of something else. Functions answer both with 401.
 * Source: ExtensionWebHook_Succeeds, among the host's own end-to-end tests.
 */
export function refuseKey(
  sent: string | undefined,
  accepted: readonly string[],
  keys: HostKeys,
): 401 | 403 | undefined {
  if (isAllowed(sent, accepted)) return undefined;
  return isAllowed(sent, Object.values(keys)) ? 403 : 401;
}
