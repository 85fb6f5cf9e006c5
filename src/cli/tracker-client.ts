/**
 * Sends requests to the tracker, at one of its addresses. No request exceeds its time limit, and none follows a
 * redirect, which would send the key to another address.
 */
import { words } from '../core/image/wait-words.ts';
import type { FieldProblem, Parsed } from '../core/runtime/parsed.ts';
import { parsed, problem, quote } from '../core/runtime/parsed.ts';
import { splitList } from '../core/runtime/text-list.ts';
import type { CliContext } from './cli-context.ts';
import type { Environment } from './environment.ts';
import { describeConnectionError } from './failure.ts';
import type { Proxies } from './proxies.ts';
import { parseProxies } from './proxies.ts';
import type { Reply } from './tracker-reply.ts';
import { readReply } from './tracker-reply.ts';

export interface Connection {
  /** At least one; each ends in a slash. */
  readonly urls: readonly URL[];
  readonly key: string | undefined;
  readonly proxies: Proxies;
}

export interface TrackerClient {
  /** The number of addresses. */
  readonly addresses: number;
  /** Sends a GET to the current address. Never throws. @param limitMs the time limit of the answer */
  get(path: string, query: Readonly<Record<string, string | undefined>>, limitMs: number): Promise<Reply>;
  /** The same as a POST. */
  post(path: string, body: object, limitMs: number): Promise<Reply>;
  /** The next request goes to the next address. */
  useNext(): void;
}

export function parseConnection(
  urlText: string | undefined,
  keyText: string | undefined,
  environment: Environment,
): Parsed<Connection> {
  const texts = splitList(urlText ?? '');
  if (texts.length === 0) {
    return problem('url', 'is required: the address of the tracker, as --url or ACR_REPLICATION_URL');
  }
  const urls = texts.map(parseAddress);
  const key = keyText?.trim();
  const proxies = parseProxies(environment);
  const problems: FieldProblem[] = [...urls, proxies].flatMap((read) => (read.ok ? [] : read.problems));
  if (key !== undefined && !/^[\x21-\x7e]*$/.test(key)) {
    problems.push({ field: 'key', reason: 'must be plain characters without spaces' });
  }
  if (!proxies.ok || problems.length > 0) return { ok: false, problems };
  return parsed({
    urls: urls.flatMap((read) => (read.ok ? [read.value] : [])),
    key: key === '' ? undefined : key,
    proxies: proxies.value,
  });
}

function parseAddress(text: string): Parsed<URL> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const got = quote(withoutQuery(text));
    return problem('url', `must be an address such as https://tracker.azurewebsites.net (got ${got})`);
  }
  if (url.search !== '' || url.username !== '' || url.password !== '') {
    return problem('url', 'must be an address alone; the key is given as --key or ACR_REPLICATION_KEY');
  }
  url.hash = '';
  url.pathname = url.pathname.replace(/\/+(?:api\/*)?$/, '/').replace(/\/?$/, '/');
  return parsed(url);
}

/** The printable part of an address: its query may hold a key. */
function withoutQuery(text: string): string {
  return text.replace(/[?#].*$/s, '?…').replace(/\/\/[^/]*@/, '//…@');
}

export function trackerClient(
  { urls, key, proxies }: Connection,
  { get, clock, signal }: Pick<CliContext, 'get' | 'clock' | 'signal'>,
): TrackerClient {
  const headers = { accept: 'application/json', ...(key === undefined ? {} : { 'x-functions-key': key }) };
  let current = 0;

  async function ask(url: URL, limitMs: number, body?: string): Promise<Reply> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(limitMs))]);
    const sending =
      body === undefined ? { headers } : { headers: { ...headers, 'content-type': 'application/json' }, body };
    try {
      const { status, headers: sent, text } = await get(url, { ...sending, signal: limit, proxies });
      return readReply({ url, status, headers: sent, text, hasKey: key !== undefined, now: clock.now() });
    } catch (error) {
      const message = `the tracker at ${url.origin} ${words.unreachable}: ${describeConnectionError(error)}`;
      return { ok: false, failure: { outcome: 'unreachable', message } };
    }
  }

  return {
    addresses: urls.length,
    useNext() {
      current++;
    },
    get(path, query, limitMs) {
      const url = new URL(path, urls[current % urls.length]);
      for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
      return ask(url, limitMs);
    },
    post: (path, body, limitMs) => ask(new URL(path, urls[current % urls.length]), limitMs, JSON.stringify(body)),
  };
}
