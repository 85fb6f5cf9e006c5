/**
 * The registry's webhooks in ARM: reads their URLs and delivery logs, and creates and repairs them. A webhook that was
 * deleted, disabled or pointed elsewhere loses every event of its region, and nothing reports it.
 */
import type { WebhookCreateParameters, WebhookUpdateParameters } from '@azure/arm-containerregistry';
import { parseRegion } from '../../core/model/region.ts';
import type { WebhookDirectory, WebhookRegistration } from '../../core/ports.ts';
import { UpstreamError } from '../../core/runtime/errors.ts';
import type { ArmOptions } from './client.ts';
import { armCaller } from './client.ts';
import { readDeliveries } from './deliveries.ts';
import { isNotFound, malformedAnswer } from './upstream-error.ts';

const mayRead =
  'the app\'s identity needs "Microsoft.ContainerRegistry/registries/webhooks/read" and the actions getCallbackConfig, ping and listEvents';
const mayWrite =
  'the app\'s identity needs "Microsoft.ContainerRegistry/registries/webhooks/write" and "…/webhooks/operationStatuses/read"';
/** A registry can have 500. */
const maxWebhooks = 1_000;

interface ArmWebhookOptions extends ArmOptions {
  /** Limit of a whole change, which ARM finishes in the background. */
  readonly changeTimeoutMs?: number;
  /** How often ARM is polled until the change is finished. */
  readonly pollIntervalMs?: number;
}

export function armWebhookDirectory(options: ArmWebhookOptions): WebhookDirectory {
  const { changeTimeoutMs = 60_000, pollIntervalMs: updateIntervalInMs = 1_000 } = options;
  const arm = armCaller(options);

  return {
    list: (registry) =>
      arm({ registry, what: 'the webhooks', role: mayRead }, async ({ client, address, abortSignal }) => {
        const webhooks: WebhookRegistration[] = [];
        for await (const webhook of client.webhooks.list(...address, { abortSignal })) {
          webhooks.push(toRegistration(webhook));
          if (webhooks.length > maxWebhooks) throw malformedAnswer(`more than ${maxWebhooks} webhooks`);
        }
        return webhooks;
      }),

    serviceUri: (registry, name) =>
      arm({ registry, what: `webhook ${name}`, role: mayRead }, async ({ client, address, abortSignal }) => {
        const config = await client.webhooks.getCallbackConfig(...address, name, { abortSignal });
        if (typeof config.serviceUri !== 'string') throw malformedAnswer('no service address');
        return config.serviceUri;
      }),

    put: (registry, { name, region, serviceUri, secret }) => {
      const call = { registry, what: `changing webhook ${name}`, role: mayWrite, timeoutMs: changeTimeoutMs };
      return arm(call, async ({ client, address, abortSignal }) => {
        const wanted: WebhookUpdateParameters = {
          serviceUri,
          // The only header that the registry masks in its delivery log.
          customHeaders: { Authorization: `Bearer ${secret}` },
          status: 'enabled',
          // No filter: it would match by tag, and pushes by digest have none.
          scope: '',
          actions: ['push', 'delete'],
        };
        const there = await client.webhooks.get(...address, name, { abortSignal }).catch((error) => {
          if (isNotFound(error)) return undefined;
          throw error;
        });
        const changing = { abortSignal, updateIntervalInMs };
        if (there === undefined) {
          const created: WebhookCreateParameters = { ...wanted, location: region };
          await client.webhooks.create(...address, name, created, changing).pollUntilDone({ abortSignal });
          return;
        }
        if (parseRegion(there.location) !== region) {
          const hint = 'delete that webhook: its region cannot be changed';
          throw new UpstreamError('invalid', 'it belongs to another region', { hint });
        }
        await client.webhooks.update(...address, name, wanted, changing).pollUntilDone({ abortSignal });
      });
    },

    ping: (registry, name) =>
      arm({ registry, what: `pinging webhook ${name}`, role: mayRead }, async ({ client, address, abortSignal }) => {
        const { id } = await client.webhooks.ping(...address, name, { abortSignal });
        if (typeof id !== 'string') throw malformedAnswer('a ping without an id');
        return id;
      }),

    deliveries: (registry, name) =>
      arm({ registry, what: `the deliveries of webhook ${name}`, role: mayRead }, (access) =>
        readDeliveries(access, name),
      ),
  };
}

/** The SDK's types promise strings; the response may hold anything. */
function toRegistration(webhook: {
  readonly name?: unknown;
  readonly location?: unknown;
  readonly status?: unknown;
  readonly actions?: unknown;
  readonly scope?: unknown;
}): WebhookRegistration {
  const { name, location, status, actions, scope } = webhook;
  const region = parseRegion(location);
  if (typeof name !== 'string' || region === undefined) throw malformedAnswer('a webhook without a name or a region');
  return {
    name,
    region,
    enabled: String(status).toLowerCase() === 'enabled',
    actions: Array.isArray(actions) ? actions.filter((action) => typeof action === 'string') : [],
    scope: typeof scope === 'string' ? scope : '',
  };
}
