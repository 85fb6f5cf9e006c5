/** Every quarter of an hour, looks whether every region's webhook is as it must be, and repairs it where that is wanted. */
import type { TimerFunctionOptions } from '@azure/functions';
import type { WebhookAuditor } from '../../core/webhooks/auditor.ts';

export function auditWebhooksFunction(auditor: WebhookAuditor): TimerFunctionOptions {
  return {
    // Away from the quarter hour, when everybody's timers fire.
    schedule: '40 7/15 * * * *',
    handler: async function auditWebhooks() {
      await auditor.run();
    },
  };
}
