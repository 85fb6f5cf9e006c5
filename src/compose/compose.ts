/** Puts adapters into the ports of the core: everything the functions call, made from the settings. Reads no environment. */

import { randomUUID } from 'node:crypto';
import { armReplicaDirectory } from '../adapters/arm/replica-directory.ts';
import { armWebhookDirectory } from '../adapters/arm/webhook-directory.ts';
import { consoleLog } from '../adapters/console-log.ts';
import { lazyCredential } from '../adapters/credential.ts';
import { eventGridPublisher, topicClient } from '../adapters/event-grid.ts';
import { ociManifestProbe } from '../adapters/oci-registry/manifest-probe.ts';
import { ociManifestReader } from '../adapters/oci-registry/manifest-reader.ts';
import {
  queueDeadLetteredForwards,
  queueDeliveryQueue,
  queueHealth,
  queueReplayQueue,
} from '../adapters/queue-storage.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { tableCatalogue } from '../adapters/table-storage/catalogue-store.ts';
import { tableCheckStore } from '../adapters/table-storage/check-store.ts';
import { tableCheckpointStore } from '../adapters/table-storage/checkpoint-store.ts';
import { tableHealthEventLog } from '../adapters/table-storage/health-event-log.ts';
import { tableImageStore } from '../adapters/table-storage/image-store.ts';
import { tableReleaseStore } from '../adapters/table-storage/release-store.ts';
import { tableReplayStore } from '../adapters/table-storage/replay-store.ts';
import { tableReplicaSetStore } from '../adapters/table-storage/replica-set-store.ts';
import { tableHealth } from '../adapters/table-storage/table.ts';
import { tableTagDigests } from '../adapters/table-storage/tag-digests.ts';
import { tableWaitStore } from '../adapters/table-storage/wait-store.ts';
import { webhookSender } from '../adapters/webhook-sender.ts';
import type { Config } from '../config.ts';
import { checkList } from '../core/checks/check-list.ts';
import { dueCatalogueTimer, dueReconcileQueue, dueReleaseQueue, dueReplayQueue } from '../core/due-work/due-queues.ts';
import { dueForwardQueue } from '../core/due-work/forward-queue.ts';
import { runDueWork } from '../core/due-work/run-due-work.ts';
import { sweeper } from '../core/due-work/sweeper.ts';
import { forwarder } from '../core/forwarding/forwarder.ts';
import { twiceDeferred } from '../core/ingest/twice-deferred.ts';
import { meteredPublisher } from '../core/outbox/metered-publisher.ts';
import { releases } from '../core/releases/releases.ts';
import { replays } from '../core/replay/replay.ts';
import { coverageWarnings } from '../core/replicas/coverage-warnings.ts';
import { prober } from '../core/replicas/prober.ts';
import { replicaSets } from '../core/replicas/replica-set-cache.ts';
import { deferredTelemetry } from '../core/runtime/deferred-telemetry.ts';
import { describeError } from '../core/runtime/errors.ts';
import type { Tracker } from '../core/tracker.ts';
import { tracker } from '../core/tracker.ts';
import { waitBoard } from '../core/waiting/wait-board.ts';
import { deploymentChecks } from './checks.ts';
import { startCollector } from './clients.ts';
import { openStorage } from './storage.ts';
import { registryWebhooks } from './webhooks.ts';

export function compose(config: Config) {
  const collector = startCollector(config);
  const telemetry = deferredTelemetry(collector);
  const { registries } = config;
  const clockAndLog = { clock: systemClock, log: consoleLog };
  const storage = openStorage(config);
  const { dueWork } = storage;
  const forwards = dueForwardQueue({
    dueWork,
    ...clockAndLog,
    ...queueDeadLetteredForwards(storage.deadLetteredForwards),
    run: ({ order, attempt }) => forwarding.deliver(order, attempt),
  });
  const credential = lazyCredential(undefined);
  const isInArm = registries.some((registry) => registry.resourceId !== undefined);
  const isAskable = registries.some((registry) => registry.regionalEndpoints !== false);
  const arm = {
    credential,
    clock: systemClock,
    ...(config.armEndpoint === undefined ? {} : { endpoint: config.armEndpoint }),
  };
  const checkCoverage = coverageWarnings(consoleLog);
  const sets = replicaSets({
    registries,
    directory: isInArm ? armReplicaDirectory(arm) : undefined,
    store: tableReplicaSetStore(storage.index),
    ...clockAndLog,
    onChange: (registry) => {
      checkCoverage(registry, sets.current(registry));
      tracked.reconcileOpen(registry).catch((error: unknown) => {
        consoleLog.warn('open images not reconciled', { registry: registry.name, error: describeError(error) });
      });
    },
  });
  const webhooks = registryWebhooks(config, {
    directory: isInArm ? armWebhookDirectory(arm) : undefined,
    replicaSet: sets.current,
  });
  // Created before the tracker, which reports the audit's findings.
  const auditor = webhooks.auditor((registry) => tracked.ready(registry));
  const health = tableHealthEventLog(storage.index);
  const probe = isAskable ? ociManifestProbe({ credential, fetch, clock: systemClock }) : undefined;

  const delayedAfterMs = config.delayedAfterSeconds * 1000;
  const retentionMs = config.retentionDays * 86_400_000;
  const store = tableImageStore(storage.images);
  const publisher = meteredPublisher(
    eventGridPublisher(() => topicClient(config.topic, credential)),
    telemetry,
  );

  const tracked: Tracker = tracker(
    {
      sets,
      checkpoints: tableCheckpointStore(storage.index),
      audit: auditor,
      health,
      prober: prober({ probe, clock: systemClock, telemetry }),
      manifests: ociManifestReader({ credential, fetch, clock: systemClock }),
      store,
      lists: storage.lists,
      tags: tableTagDigests(storage.index, storage.indexRows),
      webhooks: storage.lists.webhooks,
      timer: dueReconcileQueue(dueWork, Math.random),
      catalogue: { store: tableCatalogue(storage.index, storage.indexRows), timer: dueCatalogueTimer(dueWork) },
      queue: twiceDeferred(queueDeliveryQueue(storage.deliveries)),
      publisher,
      forwards,
      clock: systemClock,
      random: Math.random,
      uniqueId: randomUUID,
      log: consoleLog,
      telemetry,
    },
    {
      registries,
      targets: config.forwards,
      policy: {
        delayedAfterMs,
        probeAfterMs: config.probeAfterSeconds * 1000,
        outboxCheckMs: 30_000,
      },
      retentionMs,
      // An answer may take four seconds; the rest is for the host and for late timers. The larger share is for the
      // queue: an event that it does not store is lost, and when tables are slow under load, so is the queue.
      recordWithinMs: 1_500,
      deferWithinMs: 1_800,
      cachedImages: 20_000,
      evaluateReleasesWith: (name) => keptReleases.evaluateReleasesWith(name),
    },
  );
  for (const registry of registries) {
    void tracked.ready(registry).then(() => checkCoverage(registry, sets.current(registry)));
  }
  const keptReleases = releases({
    store: tableReleaseStore(storage.releases),
    queue: dueReleaseQueue(dueWork),
    tracker: tracked,
    publisher,
    ...clockAndLog,
    random: Math.random,
    delayedAfterMs,
    retentionMs,
  });
  const replaysNow = queueReplayQueue(storage.replays);
  const replaying = replays({
    registries,
    images: store,
    jobs: tableReplayStore(storage.index),
    queue: dueReplayQueue(dueWork, replaysNow, systemClock),
    publisher,
    sets,
    ...clockAndLog,
  });

  const checkStore = tableCheckStore(storage.checks);
  const pendingChecks = deploymentChecks(config, storage, {
    store: checkStore,
    tracker: tracked,
    releases: keptReleases,
    telemetry,
  });
  const forwarding = forwarder({
    targets: config.forwards,
    registries,
    queue: forwards,
    // Kargo recognizes a registry's webhook by the beginning of this.
    sender: webhookSender('AzureContainerRegistry/1.0 (acr-replication-tracker)'),
    clock: systemClock,
    random: Math.random,
    log: consoleLog,
    telemetry,
    replicaSet: sets.current,
    outcome: async (question, requirement) => (await tracked.wait(question, requirement, 0)).outcome,
    note: tracked.noteForward,
  });
  const waits = waitBoard({ store: tableWaitStore(storage.index), ...clockAndLog, instance: randomUUID() });
  const due = sweeper({
    dueWork,
    ...clockAndLog,
    run: runDueWork({
      tracker: tracked,
      checks: pendingChecks,
      forwarder: forwarding,
      releases: keptReleases,
      replays: replaysNow,
    }),
  });
  return {
    tracker: tracked,
    releases: keptReleases,
    replays: replaying,
    checks: pendingChecks,
    /** `undefined` where no checks are configured. */
    checkList: pendingChecks && checkList({ store: checkStore, registries, clock: systemClock }),
    waits,
    auditor,
    sweeper: due,
    /** `undefined` where no registry is read through Azure Resource Manager. */
    lostDeliveries: webhooks.recovery(tracked),
    health: {
      events: health,
      probes: [tableHealth(storage.images), queueHealth(storage.deliveries)],
    },
    clock: systemClock,
    telemetry,
    async close() {
      await Promise.all([
        waits.close(5_000),
        due.close(5_000),
        tracked.close(5_000),
        keptReleases.close(5_000),
        pendingChecks?.close(5_000),
      ]);
      // Export what the last seconds measured, but do not wait for a collector that does not answer.
      const sent = collector?.then(
        (running) => running.close(),
        () => undefined,
      );
      await Promise.race([sent, systemClock.sleep(2_000)]);
    },
  };
}
