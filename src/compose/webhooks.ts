/** The registry's webhooks: audits and repairs them, and recovers lost deliveries from their logs. */

import { consoleLog } from '../adapters/console-log.ts';
import { systemClock } from '../adapters/system-clock.ts';
import type { Config } from '../config.ts';
import type { Registry } from '../core/model/registry.ts';
import type { ReplicaSet } from '../core/model/replica-set.ts';
import type { Tracker } from '../core/tracker.ts';
import { webhookAuditor } from '../core/webhooks/auditor.ts';
import { deliveryRecovery } from '../core/webhooks/delivery-recovery.ts';
import type { WebhookDirectory } from '../core/webhooks/ports.ts';

export function registryWebhooks(
  config: Config,
  deps: {
    /** `undefined` where no registry is read through Azure Resource Manager. */
    readonly directory: WebhookDirectory | undefined;
    replicaSet(registry: Registry): ReplicaSet;
  },
) {
  const { directory, replicaSet } = deps;
  const { registries, publicUrl } = config;
  const clockAndLog = { clock: systemClock, log: consoleLog };
  return {
    auditor: (ready: Tracker['ready']) =>
      webhookAuditor({
        registries,
        directory,
        mode: config.webhookManagement,
        publicUrl,
        secret: config.webhookSecrets[0] ?? '',
        ...clockAndLog,
        ready,
        replicaSet,
      }),
    recovery: ({ ready, process }: Pick<Tracker, 'ready' | 'process'>) =>
      directory &&
      deliveryRecovery({
        registries,
        directory,
        publicUrl,
        // An older image may have been forgotten, and would be published as new.
        maxAgeMs: Math.min(7, config.retentionDays) * 86_400_000,
        ...clockAndLog,
        ready,
        replicaSet,
        process,
      }),
  };
}
