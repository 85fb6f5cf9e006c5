/**
 * Asks the tracker over HTTP. No request may outlive its limit, and none follows a redirect: the key would go along to
 * wherever it leads.
 */
import type { Parsed } from '../core/parsed.ts';
import { parsed, problem, quote } from '../core/parsed.ts';
import { describeConnectionError } from './failure.ts';
import type { Surroundings } from './surroundings.ts';
import type { Reply } from './tracker-reply.ts';
import { readReply } from './tracker-reply.ts';

export interface Connection {
  /** Ends in a slash. */
  readonly url: URL;
  readonly key: string | undefined;
}

export interface TrackerClient {
  /** Never throws. @param limitMs after which an answer is no longer waited for */
  get(path: string, query: Readonly<Record<string, string | undefined>>, limitMs: number): Promise<Reply>;
}

export function parseConnection(urlText: string | undefined, keyText: string | undefined): Parsed<Connection> {
  const text = urlText?.trim() ?? '';
  if (text === '') return problem('url', 'is required: the address of the tracker, as --url or ACR_REPLICATION_URL');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return problem(
      'url',
      `must be an address such as https://tracker.azurewebsites.net (got ${quote(withoutQuery(text))})`,
    );
  }
  if (url.search !== '' || url.username !== '' || url.password !== '') {
    return problem('url', 'must be an address alone; the key is given as --key or ACR_REPLICATION_KEY');
  }
  url.hash = '';
  url.pathname = url.pathname.replace(/\/+(?:api\/*)?$/, '/').replace(/\/?$/, '/');
  const key = keyText?.trim();
  if (key !== undefined && !/^[\x21-\x7e]*$/.test(key))
    return problem('key', 'must be plain characters without spaces');
  return parsed({ url, key: key === '' ? undefined : key });
}

/** What may be shown of an address: a key may stand behind the question mark. */
function withoutQuery(text: string): string {
  return text.replace(/[?#].*$/s, '?…').replace(/\/\/[^/]*@/, '//…@');
}

export function trackerClient(connection: Connection, { fetch, clock, signal }: Surroundings): TrackerClient {
  const { key } = connection;
  const headers = { accept: 'application/json', ...(key === undefined ? {} : { 'x-functions-key': key }) };
  return {
    async get(path, query, limitMs) {
      const url = new URL(path, connection.url);
      for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(limitMs))]);
      try {
        const response = await fetch(url, { headers, redirect: 'manual', signal: limit });
        const text = await response.text();
        const { status } = response;
        return readReply({ url, status, headers: response.headers, text, hasKey: key !== undefined, now: clock.now() });
      } catch (error) {
        const message = `the tracker at ${url.origin} cannot be reached: ${describeConnectionError(error)}`;
        return { ok: false, failure: { outcome: 'unreachable', message } };
      }
    },
  };
}
