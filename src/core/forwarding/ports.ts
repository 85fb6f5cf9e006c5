/** What forwarding needs. */

import type { ForwardTarget } from '../image/forward-entry.ts';
/** Sends one webhook to a target. */
export interface WebhookSender {
  /** `taken`: the target accepted it. `refusal`: the reason, for people, without the address. Never fails. */
  send(
    target: ForwardTarget,
    body: string,
  ): Promise<'delivered' | { readonly refusal: string; readonly retryAfterMs: number | undefined }>;
}
