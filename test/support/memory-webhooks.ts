/**
 * A registry's webhooks in memory, as the control plane shows them. Deliveries are not sent: the test sets their
 * results.
 */

import type { Region } from '../../src/core/model/region.ts';
import type { LoggedDelivery, WebhookDirectory } from '../../src/core/ports.ts';
import { UpstreamError } from '../../src/core/runtime/errors.ts';
import { regionOf } from './build.ts';

export interface MemoryWebhook {
  readonly name: string;
  readonly region: Region;
  readonly serviceUri: string;
  readonly enabled: boolean;
  readonly actions: readonly string[];
  readonly scope: string;
  /** What it sends in the Authorization header. */
  readonly secret: string;
  readonly deliveries: LoggedDelivery[];
}

export interface MemoryWebhooks extends WebhookDirectory {
  readonly webhooks: Map<string, MemoryWebhook>;
  /** Every call, as `method name`. */
  readonly calls: string[];
  /** Adds one that is as it must be, but for the changes. */
  add(name: string, region: string, changes?: Partial<Omit<MemoryWebhook, 'name' | 'region'>>): MemoryWebhook;
  /** Calls that fail from now on, by `method` or `method name`. */
  readonly failing: Map<string, UpstreamError>;
  /** How a ping ends; `undefined`: it is not even logged yet. */
  onPing: (webhook: MemoryWebhook, id: string) => number | undefined;
  callsOf(method: string): string[];
}

export const publicUrl = 'https://tracker.contoso.com';
export const refused = new UpstreamError('unauthorized', 'ARM, the webhooks of contoso (403)', {
  hint: 'give it the role',
});
export const away = new UpstreamError('unavailable', 'ARM, the webhooks of contoso: timeout');

export function addressOf(region: string, registry = 'contoso'): string {
  return `${publicUrl}/api/webhooks/${registry}/${region}`;
}

export function memoryWebhooks(): MemoryWebhooks {
  const webhooks = new Map<string, MemoryWebhook>();
  const calls: string[] = [];
  const failing = new Map<string, UpstreamError>();
  let pings = 0;

  async function called(method: string, name = ''): Promise<void> {
    calls.push(`${method} ${name}`.trim());
    const error = failing.get(`${method} ${name}`) ?? failing.get(method);
    if (error !== undefined) throw error;
  }
  const find = (name: string): MemoryWebhook => {
    const webhook = webhooks.get(name);
    if (webhook === undefined) throw new UpstreamError('invalid', `there is no webhook ${name}`);
    return webhook;
  };

  const memory: MemoryWebhooks = {
    webhooks,
    calls,
    failing,
    onPing: () => 200,
    callsOf: (method) => calls.filter((call) => call.split(' ')[0] === method),
    add(name, region, changes = {}) {
      const webhook: MemoryWebhook = {
        name,
        region: regionOf(region),
        serviceUri: addressOf(region),
        enabled: true,
        actions: ['push', 'delete'],
        scope: '',
        secret: 'the-secret-of-the-tests',
        deliveries: [],
        ...changes,
      };
      webhooks.set(name, webhook);
      return webhook;
    },
    async list() {
      await called('list');
      return [...webhooks.values()].map(({ name, region, enabled, actions, scope }) => ({
        name,
        region,
        enabled,
        actions,
        scope,
      }));
    },
    async serviceUri(_registry, name) {
      await called('serviceUri', name);
      return find(name).serviceUri;
    },
    async put(_registry, { name, region, serviceUri, secret }) {
      await called('put', name);
      const before = webhooks.get(name);
      if (before !== undefined && before.region !== region) throw new UpstreamError('invalid', 'another region');
      memory.add(name, region, { serviceUri, secret, deliveries: before?.deliveries ?? [] });
    },
    async ping(_registry, name) {
      await called('ping', name);
      const webhook = find(name);
      const id = `ping-${++pings}`;
      const status = memory.onPing(webhook, id);
      const body = { id, timestamp: `2026-06-01T12:00:00.${String(pings).padStart(3, '0')}Z`, action: 'ping' };
      if (status !== undefined) webhook.deliveries.push({ id, body, status });
      return id;
    },
    async deliveries(_registry, name) {
      await called('deliveries', name);
      return [...find(name).deliveries];
    },
  };
  return memory;
}

/** A log that keeps its lines, with their fields as JSON. */
export function memoryLog() {
  const lines: string[] = [];
  const note = (message: string, fields: object = {}): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { lines, info: note, warn: note };
}
