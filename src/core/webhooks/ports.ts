/** The webhooks that a registry has, as its control plane lists them. Every method fails with an `UpstreamError`. */

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

/** One delivery the registry remembers having tried. */
export interface LoggedDelivery {
  readonly id: string;
  /** The body it sent, parsed; `undefined` where it is not JSON. */
  readonly body: unknown;
  /** What the receiver answered; `undefined` when it did not. */
  readonly status: number | undefined;
}

/** The registry's webhooks: to see whether they are as they must be, to mend them, and to read what was lost. */
export interface WebhookDirectory {
  list(registry: Registry): Promise<readonly WebhookRegistration[]>;
  /** Where it really points; the list does not say. */
  serviceUri(registry: Registry, name: string): Promise<string>;
  /** Creates it, or changes the one of that name: push and delete, everything, enabled, with the secret as header. */
  put(
    registry: Registry,
    webhook: { readonly name: string; readonly region: Region; readonly serviceUri: string; readonly secret: string },
  ): Promise<void>;
  /** @returns the id that the delivered ping will carry */
  ping(registry: Registry, name: string): Promise<string>;
  /** The newest deliveries it remembers; how many is the registry's choice. */
  deliveries(registry: Registry, name: string): Promise<readonly LoggedDelivery[]>;
}
