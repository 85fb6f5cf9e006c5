/** The descriptions of all routes. A test fails when a registered function is missing here. */
import { describeAvailability } from './api/availability.ts';
import { describeAvailabilityOfImages } from './api/availability-of-images.ts';
import { describeAzurePipelinesCheck } from './api/check-azure-pipelines.ts';
import { describeGithubCheck } from './api/check-github.ts';
import { describeDeleteRelease } from './api/delete-release.ts';
import { describeEvents } from './api/events.ts';
import { describeHealth } from './api/health.ts';
import { describeImages } from './api/images.ts';
import { describeOpenApi } from './api/openapi.ts';
import { describePutRelease } from './api/put-release.ts';
import { describeRegistries } from './api/registries.ts';
import { describeRelease } from './api/release.ts';
import { describeReleases } from './api/releases.ts';
import { describeReplayRequest } from './api/replay.ts';
import { describeReplicas } from './api/replicas.ts';
import { describeServiceHealth } from './api/service-health.ts';
import { describeSummary } from './api/summary.ts';
import { describeUi } from './api/ui.ts';
import { describeWait } from './api/wait.ts';
import { describeWaitForImages } from './api/wait-for-images.ts';
import { describeWaitForRelease } from './api/wait-for-release.ts';
import { describeWaiting } from './api/waiting.ts';
import { describeWebhook } from './api/webhook.ts';
import type { RouteDescription } from './http/route.ts';

export const routes: readonly (() => RouteDescription)[] = [
  describeAvailability,
  describeWait,
  describeAvailabilityOfImages,
  describeWaitForImages,
  describePutRelease,
  describeRelease,
  describeWaitForRelease,
  describeReleases,
  describeDeleteRelease,
  describeImages,
  describeSummary,
  describeReplicas,
  describeRegistries,
  describeEvents,
  describeWaiting,
  describeReplayRequest,
  describeAzurePipelinesCheck,
  describeGithubCheck,
  describeWebhook,
  describeServiceHealth,
  describeHealth,
  describeUi,
  describeOpenApi,
];
