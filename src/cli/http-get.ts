/**
 * One GET, or one POST where there is a body, through a proxy if one is set. Node's `fetch` asks every proxy for a
 * tunnel, also for plain HTTP, which many refuse; and it reads the proxy only at the start of the process.
 */
import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import type { Proxies } from './proxies.ts';

export interface HttpQuestion {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly proxies: Proxies;
  /** JSON; makes the request a POST. */
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Follows no redirect. Rejects with the error, or with the signal's reason. */
export type HttpGet = (url: URL, question: HttpQuestion) => Promise<HttpAnswer>;

export const httpGet: HttpGet = async (url, { headers, signal, proxies, body }) => {
  const { request, Agent } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ proxyEnv: { ...proxies } });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      // `end(body)` sends a Content-Length: the Functions host drops chunked bodies.
      request(url, { agent, method, headers, signal }, resolve).on('error', reject).end(body);
    });
    return { status: response.statusCode ?? 0, headers: toHeaders(response), text: await text(response) };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    agent.destroy();
  }
};

function toHeaders({ headersDistinct }: IncomingMessage): Headers {
  return new Headers(
    Object.entries(headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    ),
  );
}
