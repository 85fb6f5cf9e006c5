/**
 * Checks every quarter of an hour whether every region's webhook is configured as it must be, and repairs it where that
 * is enabled.
 */
import type { TimerFunctionOptions } from '@azure/functions';
import type { WebhookAuditor } from '../../core/webhooks/auditor.ts';

export function auditWebhooksFunction(auditor: WebhookAuditor): TimerFunctionOptions {
  return {
    // Not on the quarter hour, when most timers fire.
    schedule: '40 7/15 * * * *',
    handler: async function auditWebhooks() {
      await auditor.run();
    },
  };
}
