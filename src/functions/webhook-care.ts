/** Every quarter of an hour, looks whether every region's webhook is as it must be, and mends it where that is wanted. */
import type { TimerFunctionOptions } from '@azure/functions';
import type { WebhookCare } from '../core/webhooks/webhook-care.ts';

export function webhookCareFunction(care: WebhookCare): TimerFunctionOptions {
  return {
    // Away from the quarter hour, when everybody's timers fire.
    schedule: '40 7/15 * * * *',
    handler: async function careForWebhooks() {
      await care.run();
    },
  };
}
