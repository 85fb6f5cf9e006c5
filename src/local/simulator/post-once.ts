/**
 * Sends one delivery over HTTP as the registry does: five seconds, one attempt, no redirects, and the outcome as text.
 * More tolerance here would hide a receiver that needs a second attempt.
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

/** The part of a receiver's answer that the registry keeps, in characters. */
const MAX_CONTENT = 4_096;

/** With the registry's limit of five seconds. */
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

/** The log entry of a delivery that got no answer: 504 when the receiver took too long. */
export function describeFailure(statusCode: string, reasonPhrase: string): DeliveryResponse {
  return { content: '', headers: {}, reasonPhrase, statusCode, version: '1.1' };
}
