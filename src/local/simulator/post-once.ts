/**
 * One delivery over HTTP, the way the registry does it: five seconds, one attempt, no redirects, and whatever comes of
 * it is written down as text. A receiver that only works because somebody knocks twice would look fine here if this
 * file were kinder than the registry is.
 */
import type { DeliveryResponse } from './webhook.ts';

export interface DeliveryRequest {
  serviceUri: string;
  headers: Readonly<Record<string, string>>;
  /** JSON text. */
  body: string;
}

/** Sends one delivery; never rejects, since a failed delivery is an outcome too. */
export type Post = (request: DeliveryRequest) => Promise<DeliveryResponse>;

/** What the registry keeps of a receiver's answer. */
const MAX_CONTENT = 4_096;

/** The registry's own, with its five seconds. */
export const postOnce: Post = createPost(5_000);

export function createPost(timeoutMs: number): Post {
  return async ({ serviceUri, headers, body }) => {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(serviceUri, { method: 'POST', headers, body, redirect: 'manual', signal });
      return {
        content: (await response.text()).slice(0, MAX_CONTENT),
        headers: Object.fromEntries(response.headers),
        reasonPhrase: response.statusText,
        statusCode: String(response.status),
        version: '1.1',
      };
    } catch (failure) {
      const isTimeout = failure instanceof Error && failure.name === 'TimeoutError';
      return isTimeout ? describeFailure('504', 'Gateway Timeout') : describeFailure('502', 'Bad Gateway');
    }
  };
}

/** How a delivery that got no answer is shown: 504 when the receiver took too long. */
export function describeFailure(statusCode: string, reasonPhrase: string): DeliveryResponse {
  return { content: '', headers: {}, reasonPhrase, statusCode, version: '1.1' };
}
