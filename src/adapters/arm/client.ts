/**
 * How both directories reach ARM: one SDK client per subscription, loaded when it is first needed because the SDK is
 * large, every call bounded and tried a second and third time where that can help. Whatever goes wrong becomes a
 * `UpstreamError` that names the call and the registry, and nothing from the request: that holds a token, and sometimes
 * a webhook's secret.
 */

import type { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { TokenCredential } from '@azure/identity';
import type { Clock } from '../../core/ports.ts';
import { UpstreamError } from '../../core/runtime/errors.ts';
import { isLoopback } from '../../core/runtime/url-origin.ts';
import type { ArmCall } from './call.ts';
import { nonsense, refusalBy, toUpstreamError } from './upstream-error.ts';

type PipelinePolicy = Parameters<ContainerRegistryManagementClient['pipeline']['addPolicy']>[0];

export interface ArmOptions {
  readonly credential: TokenCredential;
  readonly clock: Clock;
  /** ARM's origin; other clouds have their own. `http://` on loopback addresses only, and without any token. */
  readonly endpoint?: string;
  /** For each attempt of a call. */
  readonly timeoutMs?: number;
}

/** The registry as the SDK's methods want it, first of their arguments. */
export interface ArmRegistry {
  readonly client: ContainerRegistryManagementClient;
  readonly address: readonly [resourceGroup: string, name: string];
  /** Ends the attempt; goes into the options of every call made in it. */
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
        // Only what may pass by itself within a second: not a limit, and not an answer that was understood.
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
  // The policy refuses plain http; on this machine there is nobody to authenticate to.
  if (isStandIn) client.pipeline.removePolicy({ name: bearerPolicy });
  client.pipeline.addPolicy(answersOfArm(hostname), { beforePolicies: [bearerPolicy] });
  return client;
}

function answersOfArm(hostname: string): PipelinePolicy {
  return {
    name: 'answersOfArmPolicy',
    async sendRequest(request, next) {
      // Next pages and running operations are found at addresses ARM names, and the token would go along.
      const host = new URL(request.url).hostname;
      if (host !== hostname && !host.endsWith(`.${hostname}`)) throw nonsense('it named an address outside ARM');
      const response = await next(request);
      // Before the SDK sees it, which trips over errors without a body and loses their status.
      if (response.status >= 400) throw refusalBy(response);
      return response;
    },
  };
}
