/** What forwarding needs. */

import type { ForwardTarget } from '../image/forward-entry.ts';
/** Sends one webhook to somebody else's address. */
export interface WebhookSender {
  /** A refusal is an answer: for people, without the address. Never fails. */
  send(
    target: ForwardTarget,
    body: string,
  ): Promise<'taken' | { readonly refusal: string; readonly retryAfterMs: number | undefined }>;
}
