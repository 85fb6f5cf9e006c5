/**
 * A webhook of the registry: registered in one region, called with the events that fire there, with a log of its
 * deliveries. Failed deliveries are not retried, so the log is the only trace of them.
 */
import type { Firing } from './firing.ts';

/** The fields of a webhook in ARM, and its delivery log. */
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
  /** Oldest first. */
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

/** @param url the tracker's address, without a path */
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

/** Whether the webhook is called for this event. */
export function isConcerned(webhook: Webhook, { region, event, change }: Firing): boolean {
  const { status, location, actions, scope } = webhook;
  if (status !== 'enabled' || location !== region || !actions.includes(event.action)) return false;
  if (scope === '') return true;
  const colon = scope.indexOf(':');
  const repository = colon < 0 ? scope : scope.slice(0, colon);
  const tag = colon < 0 ? 'latest' : scope.slice(colon + 1);
  return repository === change.repository && (tag === '*' || tag === event.target?.tag);
}

/** The registry masks only this header in its log. */
export function maskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, name.toLowerCase() === 'authorization' ? '******' : value]),
  );
}
