/** Every route there is, for their description. A function that is registered and not named here fails a test. */
import * as z from 'zod';
import { describeAvailability } from './availability.ts';
import { describeAzurePipelinesCheck } from './check-azure-pipelines.ts';
import { describeGithubCheck } from './check-github.ts';
import { describeEvents } from './events.ts';
import { describeHealth } from './health.ts';
import { describeImages } from './images.ts';
import { describeRegistries } from './registries.ts';
import { describeReplayRequest } from './replay.ts';
import { describeReplicas } from './replicas.ts';
import type { RouteDescription } from './route.ts';
import { describeServiceHealth } from './service-health.ts';
import { describeWait } from './wait.ts';
import { describeWebhook } from './webhook.ts';

export const routes: readonly (() => RouteDescription)[] = [
  describeAvailability,
  describeWait,
  describeImages,
  describeReplicas,
  describeRegistries,
  describeEvents,
  describeReplayRequest,
  describeAzurePipelinesCheck,
  describeGithubCheck,
  describeWebhook,
  describeServiceHealth,
  describeHealth,
  describeUi,
];

function describeUi(): RouteDescription {
  return {
    operation: 'showPage',
    method: 'get',
    path: '/ui',
    summary: 'The live page; its data needs the key',
    lock: 'none',
    answers: {
      200: { description: 'The page.', schema: z.string(), contentType: 'text/html' },
      304: { description: 'The page that the reader has is still the one.' },
    },
  };
}
