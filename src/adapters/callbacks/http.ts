/**
 * One call to whoever waits for a verdict, with everything bounded: its time, the size of what comes back, and where it
 * goes. A redirect is an answer, never followed: it would carry a token to an address that nobody has checked.
 */
import { UpstreamError } from '../../core/runtime/errors.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** As much of it as is worth reading. */
  readonly text: string;
}

/** Posts JSON. Fails with `unavailable` when there is no answer; every status is an answer. */
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: object | undefined) => Promise<Reply>;

const defaultTimeoutMs = 10_000;
const maxBytes = 64 * 1024;

/** What both sides answer while they do not wait yet, and once they wait no more: not found, conflict, unprocessable. */
export function isNotYet(status: number): boolean {
  return [404, 409, 422, 423, 425].includes(status);
}

/** Would be answered the same again. For a status that is no refusal of our credentials and not `isNotYet`. */
export function isRejected(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** @param who for messages: `GitHub` */
export function poster(who: string, fetch: typeof globalThis.fetch, timeoutMs = defaultTimeoutMs): Post {
  return async (url, headers, body) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'user-agent': 'acr-replication-tracker',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, text: await readText(response) };
    } catch (error) {
      // No cause: messages of network errors can hold addresses and header values.
      throw new UpstreamError('unavailable', `${who}: ${describeFailure(error)}`);
    }
  };
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop cancels the rest.
    if (size >= maxBytes) break;
  }
  return Buffer.concat(chunks, size).subarray(0, maxBytes).toString('utf8');
}

function describeFailure(error: unknown): string {
  const { name, code, cause } = Object(error) as { name?: unknown; code?: unknown; cause?: unknown };
  if (name === 'TimeoutError') return 'no answer in time';
  for (const candidate of [(Object(cause) as { code?: unknown }).code, code]) {
    if (typeof candidate === 'string' && /^[A-Z0-9_]{1,60}$/.test(candidate)) return candidate;
  }
  return 'no connection';
}
