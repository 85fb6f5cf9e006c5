/**
 * Ties Azure together: settings, clients, adapters, tracker, functions. The Functions host loads this file and nothing
 * else; everything it is made of can be loaded without side effects. A fault in the settings ends the start here.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { EventGridPublisherClient } from '@azure/eventgrid';
import { app } from '@azure/functions';
import { armReplicaDirectory } from './adapters/arm/replica-directory.ts';
import { armWebhookDirectory } from './adapters/arm/webhook-directory.ts';
import { azurePipelinesSender } from './adapters/callbacks/azure-pipelines.ts';
import { githubSender } from './adapters/callbacks/github.ts';
import { consoleLog } from './adapters/console-log.ts';
import { lazyCredential } from './adapters/credential.ts';
import { eventGridPublisher } from './adapters/event-grid.ts';
import { ociManifestProbe } from './adapters/oci-registry/manifest-probe.ts';
import type { OpenTelemetry } from './adapters/open-telemetry/open-telemetry.ts';
import {
  queueCheckTimer,
  queueDeliveryQueue,
  queueForwardQueue,
  queueHealth,
  queueReplayQueue,
  queueWakeTimer,
} from './adapters/queue-storage.ts';
import type { StorageAccount } from './adapters/storage-clients.ts';
import { queueClient, tableClient } from './adapters/storage-clients.ts';
import { systemClock } from './adapters/system-clock.ts';
import { tableCheckStore } from './adapters/table-storage/check-store.ts';
import { tableHealthEventLog } from './adapters/table-storage/health-event-log.ts';
import { tableImageIndex } from './adapters/table-storage/image-index.ts';
import { tableImageStore } from './adapters/table-storage/image-store.ts';
import { tableReplayStore } from './adapters/table-storage/replay-store.ts';
import { tableReplicaSetStore } from './adapters/table-storage/replica-set-store.ts';
import { tableReviewLog } from './adapters/table-storage/review-log.ts';
import { rowBatches } from './adapters/table-storage/row-batches.ts';
import { table, tableHealth } from './adapters/table-storage/table.ts';
import { tableTagIndex } from './adapters/table-storage/tag-index.ts';
import { webhookSender } from './adapters/webhook-sender.ts';
import type { Config } from './config.ts';
import { readConfig } from './config.ts';
import type { Checks } from './core/checks/checks.ts';
import { checks } from './core/checks/checks.ts';
import { sealer } from './core/checks/sealing.ts';
import { countingPublisher } from './core/counting-publisher.ts';
import { describeError } from './core/errors.ts';
import { forwarder } from './core/forwarding/forwarder.ts';
import { lateTelemetry } from './core/late-telemetry.ts';
import { isLoopback } from './core/origin.ts';
import { prober } from './core/prober.ts';
import { replays } from './core/replay/replay.ts';
import { replicaSets } from './core/replica-sets.ts';
import type { Tracker } from './core/tracker.ts';
import { tracker } from './core/tracker.ts';
import { deliveryLog } from './core/webhooks/delivery-log.ts';
import { webhookCare } from './core/webhooks/webhook-care.ts';
import { availabilityFunction } from './functions/availability.ts';
import { checkAzurePipelinesFunction } from './functions/check-azure-pipelines.ts';
import { checkGithubFunction } from './functions/check-github.ts';
import { checkWakesFunction } from './functions/check-wakes.ts';
import { deliveriesFunction } from './functions/deliveries.ts';
import { deliveryLogFunction } from './functions/delivery-log.ts';
import { eventsFunction } from './functions/events.ts';
import { forwardsFunction } from './functions/forwards.ts';
import { healthFunction } from './functions/health.ts';
import { imagesFunction } from './functions/images.ts';
import { imageAvailabilityTool } from './functions/mcp-tool.ts';
import { openApiFunction } from './functions/openapi.ts';
import { refreshReplicasFunction } from './functions/refresh-replicas.ts';
import { registriesFunction } from './functions/registries.ts';
import { registryEventsFunction } from './functions/registry-events.ts';
import { replayFunction } from './functions/replay.ts';
import { replayStepsFunction } from './functions/replay-steps.ts';
import { replicasFunction } from './functions/replicas.ts';
import { retentionFunction } from './functions/retention.ts';
import { routes } from './functions/routes.ts';
import { serviceHealthFunction } from './functions/service-health.ts';
import type { UiPage } from './functions/ui.ts';
import { uiFunction } from './functions/ui.ts';
import { waitFunction } from './functions/wait.ts';
import { wakesFunction } from './functions/wakes.ts';
import { webhookFunction } from './functions/webhook.ts';
import { webhookCareFunction } from './functions/webhook-care.ts';

/** Put in by the build; see scripts/ui-page.ts. */
declare const uiPage: UiPage;

const names = {
  images: 'ReplicationImages',
  index: 'ReplicationIndex',
  wakes: 'replication-wakes',
  deliveries: 'replication-deliveries',
  checks: 'ReplicationChecks',
  checkWakes: 'replication-checks',
  replays: 'replication-replays',
  forwards: 'replication-forwards',
  forwardsGivenUp: 'replication-forwards-given-up',
};

const config = readConfig();
const collector = startCollector(config);
const telemetry = lateTelemetry(collector);
const { registries } = config;
const account = storageAccount(config);
const images = table(tableClient(account, names.images));
const indexTable = table(tableClient(account, names.index));
const indexRows = rowBatches(indexTable);
const index = tableImageIndex(indexTable, indexRows);
const wakes = queueClient(account, names.wakes);
const deliveries = queueClient(account, names.deliveries);
const forwards = queueForwardQueue(queueClient(account, names.forwards), queueClient(account, names.forwardsGivenUp));
const credential = lazyCredential(undefined);
const isInArm = registries.some((registry) => registry.resourceId !== undefined);
const isAskable = registries.some((registry) => registry.regionalEndpoints !== false);
const arm = {
  credential,
  clock: systemClock,
  ...(config.armEndpoint === undefined ? {} : { endpoint: config.armEndpoint }),
};
const sets = replicaSets({
  registries: registries,
  directory: isInArm ? armReplicaDirectory(arm) : undefined,
  store: tableReplicaSetStore(indexTable),
  clock: systemClock,
  log: consoleLog,
  onChange: (registry) => {
    acr.reviewOpen(registry).catch((error: unknown) => {
      consoleLog.warn('open images not reviewed', { registry: registry.name, error: describeError(error) });
    });
  },
});
const webhookDirectory = isInArm ? armWebhookDirectory(arm) : undefined;
const care = webhookCare({
  registries: registries,
  directory: webhookDirectory,
  mode: config.webhookManagement,
  publicUrl: config.publicUrl,
  secret: config.webhookSecrets[0] ?? '',
  clock: systemClock,
  log: consoleLog,
  ready: (registry) => acr.ready(registry),
  replicaSet: sets.current,
});
const health = tableHealthEventLog(indexTable);
const probe = isAskable ? ociManifestProbe({ credential, fetch, clock: systemClock }) : undefined;

const store = tableImageStore(images);
const publisher = eventGridPublisher(() => topicClient(config));

const timer = queueWakeTimer(wakes, systemClock);

const acr: Tracker = tracker(
  {
    sets,
    reviews: tableReviewLog(indexTable),
    audit: care,
    health,
    prober: prober({ probe, clock: systemClock, telemetry }),
    store,
    index,
    tags: tableTagIndex(indexTable, indexRows),
    webhooks: index.webhooks,
    timer,
    queue: queueDeliveryQueue(deliveries),
    publisher,
    forwards,
    clock: systemClock,
    random: Math.random,
    uniqueId: randomUUID,
    log: consoleLog,
    telemetry,
  },
  {
    registries: registries,
    targets: config.forwards,
    policy: {
      delayedAfterMs: config.delayedAfterSeconds * 1000,
      probeAfterMs: config.probeAfterSeconds * 1000,
      outboxCheckMs: 30_000,
    },
    retentionMs: config.retentionDays * 86_400_000,
    // An answer may take four seconds; what is left is for the host, and for timers that are late.
    recordWithinMs: 2_300,
    deferWithinMs: 1_000,
    cachedImages: 20_000,
  },
);
for (const registry of registries) void acr.ready(registry);
const retold = replays({
  registries,
  images: store,
  jobs: tableReplayStore(indexTable),
  queue: queueReplayQueue(queueClient(account, names.replays)),
  publisher: countingPublisher(publisher, telemetry),
  sets,
  clock: systemClock,
  log: consoleLog,
});

app.http('availability', availabilityFunction(acr));
app.http('events', eventsFunction(acr, retold));
app.http('health', healthFunction(acr, [tableHealth(images), queueHealth(wakes)], systemClock.now));
app.http('images', imagesFunction(acr));
app.http('openapi', openApiFunction(routes));
app.http('registries', registriesFunction(registries));
app.http('replay', replayFunction(acr, retold, systemClock.now));
app.http('replicas', replicasFunction(acr));
app.http('ui', uiFunction(uiPage));
app.http('wait', waitFunction(acr));
app.http('webhook', webhookFunction(acr, config.webhookSecrets, systemClock.now, care.arrived, telemetry));
app.http(
  'serviceHealth',
  serviceHealthFunction({ registries, secrets: config.webhookSecrets, health, now: systemClock.now }),
);
app.eventGrid(
  'registryEvents',
  registryEventsFunction({ registries, process: acr.process, notice: acr.notice, now: systemClock.now, telemetry }),
);
app.storageQueue('deliveries', deliveriesFunction(acr, names.deliveries, telemetry));
app.storageQueue('replaySteps', replayStepsFunction(retold, names.replays));
app.storageQueue('wakes', wakesFunction({ tracker: acr, timer, now: systemClock.now }, names.wakes));
const pending = deploymentChecks(config);
const { origins } = config.callbacks;
app.http('checkAzurePipelines', checkAzurePipelinesFunction({ checks: pending, origins }));
if (config.github !== undefined) {
  app.http('checkGithub', checkGithubFunction({ checks: pending, origins, ...config.github }));
}
if (pending !== undefined) app.storageQueue('checkWakes', checkWakesFunction(pending, names.checkWakes));
app.mcpTool('imageAvailability', imageAvailabilityTool(acr));
if (config.forwards.length > 0) {
  const webhooks = forwarder({
    targets: config.forwards,
    registries,
    queue: forwards,
    // Kargo tells a registry's webhook by the beginning of this.
    sender: webhookSender('AzureContainerRegistry/1.0 (acr-replication-tracker)'),
    clock: systemClock,
    random: Math.random,
    log: consoleLog,
    telemetry,
    replicaSet: sets.current,
    outcome: async (question, requirement) => (await acr.wait(question, requirement, 0)).outcome,
  });
  app.storageQueue('forwards', forwardsFunction(webhooks, names.forwards));
}
app.timer('refreshReplicas', refreshReplicasFunction(acr));
app.timer('retention', retentionFunction(acr));
if (webhookDirectory !== undefined) {
  const lostDeliveries = deliveryLog({
    registries,
    directory: webhookDirectory,
    publicUrl: config.publicUrl,
    // Older than that, an image may have been forgotten, and would come back as news.
    maxAgeMs: Math.min(7, config.retentionDays) * 86_400_000,
    clock: systemClock,
    log: consoleLog,
    ready: acr.ready,
    replicaSet: sets.current,
    process: acr.process,
  });
  app.timer('deliveryLog', deliveryLogFunction(lostDeliveries));
  if (config.webhookManagement !== 'off') app.timer('webhookCare', webhookCareFunction(care));
}
app.hook.appTerminate(async () => {
  await Promise.all([acr.close(5_000), pending?.close(5_000)]);
  // What the last seconds have seen; nobody is kept waiting for a collector that is not there.
  const sent = collector?.then(
    (running) => running.close(),
    () => undefined,
  );
  await Promise.race([sent, systemClock.sleep(2_000)]);
});

/** `undefined` where nothing seals the tokens that come with them. */
function deploymentChecks({ callbacks, github }: Config): Checks | undefined {
  if (callbacks.key === undefined) return undefined;
  const calling = { fetch, clock: systemClock };
  return checks({
    tracker: acr,
    store: tableCheckStore(table(tableClient(account, names.checks))),
    timer: queueCheckTimer(queueClient(account, names.checkWakes), systemClock),
    sealer: sealer(callbacks.key, randomBytes),
    senders: {
      azurePipelines: azurePipelinesSender(calling),
      ...(github === undefined ? {} : { github: githubSender({ ...calling, ...github }) }),
    },
    clock: systemClock,
    random: Math.random,
    log: consoleLog,
    telemetry,
  });
}

/** Loads beside everything else, and only where telemetry goes anywhere. */
function startCollector({ telemetry: wanted }: Config): Promise<OpenTelemetry> | undefined {
  if (wanted === undefined) return undefined;
  const { azureMonitor, ...options } = wanted;
  const identity = azureMonitor?.identity;
  const started = import('./adapters/open-telemetry/start.ts').then(({ startTelemetry }) =>
    startTelemetry({
      ...options,
      log: consoleLog,
      azureMonitor: azureMonitor && {
        connectionString: azureMonitor.connectionString,
        ...(identity === undefined ? {} : { credential: lazyCredential(identity.clientId) }),
      },
    }),
  );
  started.catch((error: unknown) => {
    consoleLog.warn('telemetry is off: it could not be started', {
      error: error instanceof Error ? error.name : undefined,
    });
  });
  return started;
}

function storageAccount({ storage }: Config): StorageAccount {
  if (storage.kind === 'connectionString') return storage;
  return { ...storage, credential: lazyCredential(storage.clientId) };
}

async function topicClient({ topic }: Config): Promise<EventGridPublisherClient<'CloudEvent'>> {
  // The answer to the webhook event that made the first event due need not wait for a library to load.
  await setImmediate();
  const { AzureKeyCredential, EventGridPublisherClient: Client } = await import('@azure/eventgrid');
  const { endpoint, key } = topic;
  const credential = key === undefined ? lazyCredential(undefined) : new AzureKeyCredential(key);
  const options = {
    allowInsecureConnection: isLoopback(new URL(endpoint).hostname),
    retryOptions: { maxRetries: 1, retryDelayInMs: 200 },
  };
  return new Client(endpoint, 'CloudEvent', credential, options);
}
