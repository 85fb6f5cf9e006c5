/**
 * A webhook as the registry keeps it: registered in one region, called with what fires there, and remembering its
 * deliveries. That memory is all anybody ever gets to see of a delivery that failed, since none is tried again.
 */
import type { Firing } from './firing.ts';

/** The fields the registry's management API has for a webhook, and its deliveries. */
export interface Webhook {
  /** Letters and digits, 5 to 50. */
  name: string;
  /** The region whose replica calls it. */
  location: string;
  serviceUri: string;
  customHeaders: Record<string, string>;
  status: 'enabled' | 'disabled';
  /** Empty for everything; else `repository:tag`, `repository:*`, or `repository`, which means `repository:latest`. */
  scope: string;
  actions: string[];
  /** Oldest first, as `listEvents` tells them. */
  deliveries: Delivery[];
}

/** One entry of `listEvents`. */
export interface Delivery {
  id: string;
  eventRequestMessage: {
    content: unknown;
    headers: Record<string, string>;
    method: 'POST';
    requestUri: string;
    version: '1.1';
  };
  eventResponseMessage: DeliveryResponse;
}

export interface DeliveryResponse {
  content: string;
  headers: Record<string, string>;
  reasonPhrase: string;
  /** Text, as on the wire: `"200"`. */
  statusCode: string;
  version: '1.1';
}

/** @param url where the tracker listens, without a path */
export function buildWebhook(options: { url: string; registry: string; region: string; secret: string }): Webhook {
  const { url, registry, region, secret } = options;
  return {
    name: `tracker${region.replace(/[^a-zA-Z0-9]/g, '')}`.slice(0, 50),
    location: region,
    serviceUri: new URL(`/api/webhooks/${encodeURIComponent(registry)}/${encodeURIComponent(region)}`, url).href,
    customHeaders: { Authorization: `Bearer ${secret}` },
    status: 'enabled',
    scope: '',
    actions: ['push', 'delete'],
    deliveries: [],
  };
}

/** Whether this webhook is called for what fired there. */
export function isConcerned(webhook: Webhook, { region, event, change }: Firing): boolean {
  const { status, location, actions, scope } = webhook;
  if (status !== 'enabled' || location !== region || !actions.includes(event.action)) return false;
  if (scope === '') return true;
  const colon = scope.indexOf(':');
  const repository = colon < 0 ? scope : scope.slice(0, colon);
  const tag = colon < 0 ? 'latest' : scope.slice(colon + 1);
  return repository === change.repository && (tag === '*' || tag === event.target?.tag);
}

/** The registry shows headers in clear except this one. */
export function maskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, name.toLowerCase() === 'authorization' ? '******' : value]),
  );
}
