/**
 * How both directories call ARM: one SDK client per subscription, loaded at first use because the SDK is large. Every
 * attempt has a time limit, and a call that may succeed on retry is tried up to three times. Every failure becomes an
 * `UpstreamError` that names the call and the registry and quotes nothing of the request, which holds a token and
 * sometimes a webhook's secret.
 */

import type { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { TokenCredential } from '@azure/identity';
import type { Clock } from '../../core/ports.ts';
import { UpstreamError } from '../../core/runtime/errors.ts';
import { isLoopback } from '../../core/runtime/url-origin.ts';
import type { ArmCall } from './call.ts';
import { malformedAnswer, refusalBy, toUpstreamError } from './upstream-error.ts';

type PipelinePolicy = Parameters<ContainerRegistryManagementClient['pipeline']['addPolicy']>[0];

export interface ArmOptions {
  readonly credential: TokenCredential;
  readonly clock: Clock;
  /**
   * ARM's origin; sovereign clouds have their own. `http://` is allowed for loopback addresses only, and then no token
   * is sent.
   */
  readonly endpoint?: string;
  /** Limit of each attempt of a call. */
  readonly timeoutMs?: number;
}

/** The registry as the first arguments of the SDK's methods. */
export interface ArmRegistry {
  readonly client: ContainerRegistryManagementClient;
  readonly address: readonly [resourceGroup: string, name: string];
  /** Ends the attempt. Every SDK call made in the attempt gets it in its options. */
  readonly abortSignal: AbortSignal;
}

export type Arm = <T>(call: ArmCall, run: (arm: ArmRegistry) => Promise<T>) => Promise<T>;

const bearerPolicy = 'bearerTokenAuthenticationPolicy';
const pausesMs = [200, 800];
const resourcePattern = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/[^/]+\/registries\/([^/]+)$/i;

export function armCaller(options: ArmOptions): Arm {
  const { clock, timeoutMs = 15_000 } = options;
  const clients = new Map<string, Promise<ContainerRegistryManagementClient>>();

  function clientFor(subscription: string): Promise<ContainerRegistryManagementClient> {
    const client = clients.get(subscription) ?? makeClient(options, subscription);
    clients.set(subscription, client);
    return client;
  }

  return async (call, run) => {
    const [, subscription, resourceGroup, name] = resourcePattern.exec(call.registry.resourceId ?? '') ?? [];
    if (subscription === undefined || resourceGroup === undefined || name === undefined) {
      const hint = 'give the registry a "resourceId" in REGISTRIES';
      throw new UpstreamError('invalid', `ARM knows no registry ${call.registry.name}`, { hint });
    }
    const client = await clientFor(subscription);
    for (let attempt = 0; ; attempt++) {
      const abortSignal = AbortSignal.timeout(call.timeoutMs ?? timeoutMs);
      try {
        return await run({ client, address: [resourceGroup, name], abortSignal });
      } catch (error) {
        const problem = toUpstreamError(error, call, clock.now());
        const pauseMs = pausesMs[attempt];
        // Retry only what may pass within a second: no rate limit, and no answer that was understood.
        const mayPass = problem.code === 'unavailable' && !(error instanceof UpstreamError) && !abortSignal.aborted;
        if (!mayPass || pauseMs === undefined) throw problem;
        await clock.sleep(pauseMs);
      }
    }
  };
}

async function makeClient(
  { credential, endpoint = 'https://management.azure.com' }: ArmOptions,
  subscription: string,
): Promise<ContainerRegistryManagementClient> {
  const { ContainerRegistryManagementClient } = await import('@azure/arm-containerregistry');
  const { origin, hostname, protocol } = new URL(endpoint);
  const isStandIn = protocol === 'http:' && isLoopback(hostname);
  const client = new ContainerRegistryManagementClient(credential, subscription, {
    endpoint: origin,
    allowInsecureConnection: isStandIn,
    retryOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: 'acr-replication-tracker' },
  });
  // The policy refuses plain http, and a local stand-in needs no token.
  if (isStandIn) client.pipeline.removePolicy({ name: bearerPolicy });
  client.pipeline.addPolicy(answersOfArm(hostname), { beforePolicies: [bearerPolicy] });
  return client;
}

function answersOfArm(hostname: string): PipelinePolicy {
  return {
    name: 'answersOfArmPolicy',
    async sendRequest(request, next) {
      // ARM names the URLs of next pages and of running operations, and the token would be sent there.
      const host = new URL(request.url).hostname;
      if (host !== hostname && !host.endsWith(`.${hostname}`)) throw malformedAnswer('it named an address outside ARM');
      const response = await next(request);
      // Before the SDK sees the response: it fails on errors without a body and loses their status.
      if (response.status >= 400) throw refusalBy(response);
      return response;
    },
  };
}
