/** What the audit found about the webhook of a region. */

import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
export type WebhookStatus = 'ok' | 'missing' | 'disabled' | 'misconfigured' | 'unknown';

export interface WebhookFinding {
  readonly status: WebhookStatus;
  /** For people; never holds an address or a secret. */
  readonly reason?: string;
  /** Milliseconds since 1970; `null` before the first audit. */
  readonly checkedAt: number | null;
}

export interface WebhookAudit {
  /** The result of the last audit. Returns at once; starts another audit in the background when that is long ago. */
  status(registry: Registry, region: Region): WebhookFinding;
}
