/** What is known of the webhook that must speak for a replica. */

import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
export type WebhookStatus = 'ok' | 'missing' | 'disabled' | 'misconfigured' | 'unknown';

export interface WebhookFinding {
  readonly status: WebhookStatus;
  /** For people; never holds an address or a secret. */
  readonly reason?: string;
  /** Milliseconds since 1970; `null` when nobody has looked. */
  readonly checkedAt: number | null;
}

export interface WebhookAudit {
  /** What was found when somebody last looked. Answers at once; looks again beside the answer when that is long ago. */
  status(registry: Registry, region: Region): WebhookFinding;
}
