/**
 * Registers every function with the Functions host, which loads this file through `entry.ts`; `compose/` creates what
 * they call. A fault in the settings ends the start here.
 */
import { app } from '@azure/functions';
import { consoleLog } from './adapters/console-log.ts';
import { compose } from './compose/compose.ts';
import { queueNames } from './compose/storage.ts';
import type { Config } from './config.ts';
import { ConfigError, isDevelopment, readConfig } from './config.ts';
import { availabilityFunction } from './functions/api/availability.ts';
import { availabilityOfImagesFunction } from './functions/api/availability-of-images.ts';
import { checkAzurePipelinesFunction } from './functions/api/check-azure-pipelines.ts';
import { checkGithubFunction } from './functions/api/check-github.ts';
import { deleteReleaseFunction } from './functions/api/delete-release.ts';
import { eventsFunction } from './functions/api/events.ts';
import { faultySettingsFunction } from './functions/api/faulty-settings.ts';
import { healthFunction } from './functions/api/health.ts';
import { imagesFunction } from './functions/api/images.ts';
import { openApiFunction } from './functions/api/openapi.ts';
import { putReleaseFunction } from './functions/api/put-release.ts';
import { registriesFunction } from './functions/api/registries.ts';
import { releaseFunction } from './functions/api/release.ts';
import { releasesFunction } from './functions/api/releases.ts';
import { replayFunction } from './functions/api/replay.ts';
import { replicasFunction } from './functions/api/replicas.ts';
import { serviceHealthFunction } from './functions/api/service-health.ts';
import { summaryFunction } from './functions/api/summary.ts';
import { uiFunction } from './functions/api/ui.ts';
import { waitFunction } from './functions/api/wait.ts';
import { waitForImagesFunction } from './functions/api/wait-for-images.ts';
import { waitForReleaseFunction } from './functions/api/wait-for-release.ts';
import { waitingFunction } from './functions/api/waiting.ts';
import { webhookFunction } from './functions/api/webhook.ts';
import { routes } from './functions/routes.ts';
import { auditWebhooksFunction } from './functions/triggers/audit-webhooks.ts';
import { deferredDeliveriesFunction } from './functions/triggers/deferred-deliveries.ts';
import { imageAvailabilityTool } from './functions/triggers/mcp-tool.ts';
import { recoverDeliveriesFunction } from './functions/triggers/recover-deliveries.ts';
import { refreshReplicasFunction } from './functions/triggers/refresh-replicas.ts';
import { registryEventsFunction } from './functions/triggers/registry-events.ts';
import { replayStepsFunction } from './functions/triggers/replay-steps.ts';
import { retentionFunction } from './functions/triggers/retention.ts';
import { sweepFunction } from './functions/triggers/sweep.ts';

const config = readConfigOrAnswerFaults();
for (const warning of config.warnings) consoleLog.warn(`settings: ${warning}`);
const { registries, webhookSecrets } = config;
const {
  tracker,
  releases,
  replays,
  checks,
  checkList,
  waits,
  auditor,
  sweeper,
  lostDeliveries,
  health,
  clock,
  telemetry,
  close,
} = compose(config);

app.http('availability', availabilityFunction(tracker));
app.http('availabilityOfImages', availabilityOfImagesFunction(tracker));
app.http('events', eventsFunction(tracker, { replays, releases, checks: checkList }));
app.http('health', healthFunction(tracker, health.probes, clock.now));
app.http('images', imagesFunction(tracker));
app.http('openapi', openApiFunction(routes));
app.http('registries', registriesFunction(registries));
app.http('putRelease', putReleaseFunction(tracker, releases));
app.http('release', releaseFunction(releases));
app.http('deleteRelease', deleteReleaseFunction(releases));
app.http('waitForRelease', waitForReleaseFunction(releases, waits));
app.http('releases', releasesFunction(releases));
app.http('replay', replayFunction(tracker, replays, clock.now));
app.http('replicas', replicasFunction(tracker));
app.http('summary', summaryFunction(tracker));
app.http(
  'ui',
  uiFunction(async () => (await import('./functions/api/ui-page.ts')).page),
);
app.http('wait', waitFunction(tracker, waits));
app.http('waitForImages', waitForImagesFunction(tracker, waits));
app.http('waiting', waitingFunction(tracker, waits, checkList));
app.http(
  'webhook',
  webhookFunction({ tracker, secrets: webhookSecrets, now: clock.now, onPing: auditor.arrived, telemetry }),
);
app.http(
  'serviceHealth',
  serviceHealthFunction({ registries, secrets: webhookSecrets, health: health.events, now: clock.now }),
);
app.eventGrid(
  'registryEvents',
  registryEventsFunction({
    registries,
    process: tracker.process,
    trackUnseen: tracker.trackUnseen,
    now: clock.now,
    telemetry,
  }),
);
app.storageQueue('deliveries', deferredDeliveriesFunction(tracker, queueNames.deliveries, telemetry));
app.storageQueue('replaySteps', replayStepsFunction(replays, queueNames.replays));
const { origins } = config.callbacks;
app.http('checkAzurePipelines', checkAzurePipelinesFunction({ checks, origins }));
if (config.github !== undefined) {
  app.http('checkGithub', checkGithubFunction({ checks, origins, ...config.github }));
}
app.mcpTool('imageAvailability', imageAvailabilityTool(tracker));
app.timer('sweep', sweepFunction(sweeper));
app.timer('refreshReplicas', refreshReplicasFunction(tracker));
app.timer('retention', retentionFunction(tracker, releases));
if (lostDeliveries !== undefined) {
  app.timer('deliveryLog', recoverDeliveriesFunction(lostDeliveries));
  if (config.webhookManagement !== 'off') app.timer('webhookAuditor', auditWebhooksFunction(auditor));
}
app.hook.appTerminate(close);

/**
 * A developer sees a start that fails. On Azure no one watches the start, so there the health route reports the faults.
 */
function readConfigOrAnswerFaults(): Config {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError) || isDevelopment()) throw error;
    app.http('health', faultySettingsFunction(error.faults));
    // One by one: of a text with several lines, the host logs only the first as an error.
    for (const fault of error.faults) console.error(`the app runs without its functions: ${fault}`);
    throw Object.assign(new Error('the settings are not usable'), { name: 'FaultsAnswered' });
  }
}
