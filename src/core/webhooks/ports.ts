/** The webhooks of a registry in its control plane. Every method fails with an `UpstreamError`. */

import type { Region } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
/** One webhook registration, as the control plane lists it. */
export interface WebhookRegistration {
  readonly name: string;
  readonly region: Region;
  readonly enabled: boolean;
  readonly actions: readonly string[];
  /** Empty: everything. */
  readonly scope: string;
}

/** One entry of the registry's log of deliveries. */
export interface LoggedDelivery {
  readonly id: string;
  /** The body that was sent, parsed; `undefined` where it is not JSON. */
  readonly body: unknown;
  /** HTTP status of the answer; `undefined` where there was none. */
  readonly status: number | undefined;
}

/** The registry's webhooks: to audit and repair them, and to read lost deliveries. */
export interface WebhookDirectory {
  list(registry: Registry): Promise<readonly WebhookRegistration[]>;
  /** The webhook's address, which the list does not have. */
  serviceUri(registry: Registry, name: string): Promise<string>;
  /** Creates the webhook, or changes the one with that name: actions push and delete, no scope, enabled, the secret as header. */
  put(
    registry: Registry,
    webhook: { readonly name: string; readonly region: Region; readonly serviceUri: string; readonly secret: string },
  ): Promise<void>;
  /** @returns the id that the delivered ping will have */
  ping(registry: Registry, name: string): Promise<string>;
  /** The newest entries of the log; the registry decides how many. */
  deliveries(registry: Registry, name: string): Promise<readonly LoggedDelivery[]>;
}
