/**
 * The state of each replica of a registry: whether it is expected, when its last event came, how far behind it is, and
 * what it misses.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import type { Tracker } from '../../core/tracker.ts';
import { httpHandler, json, readQuery } from '../http/http.ts';
import { readRegistry, registryQuery } from '../http/question.ts';
import type { RouteDescription } from '../http/route.ts';
import { instant, named, noKey, refusals } from '../http/route.ts';

const regionReport = () =>
  z.object({
    region: z.string(),
    expected: z.boolean(),
    required: z.boolean().describe('Waited for by default.'),
    observedOnly: z.boolean(),
    provisioningState: z
      .string()
      .nullable()
      .describe('As in Azure Resource Manager; null when the set comes from the settings.'),
    health: z.enum(['healthy', 'unhealthy', 'unknown']),
    status: z
      .object({ displayStatus: z.string().nullable(), message: z.string().nullable(), timestamp: instant().nullable() })
      .nullable()
      .describe(
        'What Azure Resource Manager says of the replica, and since when; null when the set comes from the settings.',
      ),
    globalRouting: z.boolean(),
    lastWebhookAt: instant().nullable(),
    silent: z.boolean().describe('Whether `unreportedImages` is 3 or more: one lost webhook makes no region silent.'),
    unreportedImages: z
      .int()
      .describe(
        'Of the newest 200 images, how many webhooks of other regions have reported since the last webhook of this one, two minutes ago or earlier, and it has not; 0 for a region that is not expected.',
      ),
    webhook: z.object({
      status: z.enum(['ok', 'missing', 'disabled', 'misconfigured', 'unknown']),
      reason: z.string().nullable(),
      checkedAt: instant().nullable(),
    }),
    lag: z
      .object({ p50Seconds: z.number().nullable(), p95Seconds: z.number().nullable(), count: z.int() })
      .describe('Time from the first region to this one, over the recent images that the region reported itself.'),
    missingImages: z
      .int()
      .describe(
        'Of the newest images that are not in every expected region yet; for a region that is not expected, of the recent images as well. Images that are being deleted do not count.',
      ),
  });

const likelyCause = () =>
  z.object({
    trackingId: z.string().describe('As the status pages of Azure show it.'),
    title: z.string(),
    regions: z.array(z.string()),
    since: instant().nullable(),
  });

const replicaReport = named('ReplicaReport', () =>
  z.object({
    registry: z.string().describe('Login server.'),
    source: z.enum(['arm', 'settings', 'remembered']),
    refreshedAt: instant(),
    stale: z.boolean(),
    warning: z.string().nullable().describe('Which webhooks report for a region that is not expected, and what to do.'),
    regions: z.array(regionReport()).describe('Alphabetical.'),
    likelyCauses: z.array(likelyCause()).describe('Open incidents of the registry service that affect these regions.'),
  }),
);

export function describeReplicas(): RouteDescription {
  return {
    operation: 'reportReplicas',
    method: 'get',
    path: '/api/replicas',
    summary: 'How each replica of a registry is doing',
    auth: 'functionKey',
    query: registryQuery,
    answers: { 200: { description: 'The report.', schema: replicaReport() }, ...refusals(400, 404, 503), ...noKey },
  };
}

export function replicasFunction(tracker: Tracker): HttpFunctionOptions {
  return {
    methods: ['GET'],
    authLevel: 'function',
    route: 'api/replicas',
    handler: httpHandler(registryQuery, async function reportReplicas(request) {
      const registry = readRegistry(readQuery(request), tracker);
      return 'refusal' in registry ? registry.refusal : json(200, await tracker.replicas(registry.value));
    }),
  };
}
