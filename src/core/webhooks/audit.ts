/**
 * Checks the configuration of a region's webhook, from the answers of the control plane. A webhook that is missing, disabled,
 * filtered or points elsewhere loses events of its region without an error; one with the address of another region reports
 * images for the wrong region.
 */

import type { WebhookStatus } from '../ingest/webhook-status.ts';
import type { EventTime } from '../model/event-time.ts';
import { parseEventTime } from '../model/event-time.ts';
import type { Region } from '../model/region.ts';
import { describeError } from '../runtime/errors.ts';
import { quote } from '../runtime/parsed.ts';
import type { FoundWebhook } from './address.ts';
import type { LoggedDelivery } from './ports.ts';

export interface Verdict {
  readonly status: WebhookStatus;
  readonly reason: string | undefined;
  /** Name of the webhook of this region that is configured correctly. */
  readonly working: string | undefined;
  /** Webhooks of this app that must be changed. */
  readonly faulty: readonly { readonly name: string; readonly region: Region }[];
}

/** @param ownName the name that this app gives to a webhook of the region */
export function judgeWebhooks(region: Region, found: readonly FoundWebhook[], ownName: string): Verdict {
  const here = found.filter((webhook) => webhook.region === region);
  const ours = here.filter((webhook) => webhook.targetRegion !== undefined || webhook.name === ownName);
  const working = ours.find((webhook) => faultsOf(webhook).length === 0);
  const misdirected = found.filter((webhook) => webhook.region !== region && webhook.targetRegion === region);
  const [first] = misdirected;
  const verdict = (status: WebhookStatus, reason?: string, faulty: readonly FoundWebhook[] = []): Verdict => ({
    status,
    reason,
    working: working?.name,
    faulty: [...faulty, ...misdirected],
  });
  if (working !== undefined) {
    if (first === undefined) return verdict('ok');
    return verdict('misconfigured', `webhook ${first.name} of ${first.region} has the address of this region`);
  }
  // A readable webhook first: what must be changed in an unreadable one is not known.
  const nearest =
    ours.find((webhook) => webhook.targetRegion === region) ??
    ours.find((webhook) => webhook.targetRegion !== undefined) ??
    ours.find((webhook) => webhook.error === undefined);
  if (nearest !== undefined) {
    const reason = `webhook ${nearest.name} ${faultsOf(nearest).join(', ')}`;
    return verdict(nearest.enabled ? 'misconfigured' : 'disabled', reason, [nearest]);
  }
  const unreadable = here.find((webhook) => webhook.error !== undefined);
  if (unreadable !== undefined) {
    const reason = describeError(unreadable.error);
    return verdict('unknown', `the address of webhook ${unreadable.name} could not be read: ${reason}`);
  }
  return verdict('missing', 'no webhook of this region points at this app');
}

function faultsOf(webhook: FoundWebhook): string[] {
  const { region, targetRegion, enabled, scope } = webhook;
  const actions = webhook.actions.map((action) => action.toLowerCase());
  const absent = ['push', 'delete'].filter((action) => !actions.includes(action));
  return [
    ...(enabled ? [] : ['is disabled']),
    ...(targetRegion === region
      ? []
      : [targetRegion === undefined ? 'points elsewhere' : `has the address of ${targetRegion}`]),
    ...absent.map((action) => `does not send "${action}"`),
    ...(scope === '' ? [] : [`only sends what matches ${quote(scope)}`]),
  ];
}

/** Answers of the app's endpoint to a wrong secret, network or path. */
const refusals = new Set([401, 403, 404]);

/** @returns why the newest delivery was refused, although the webhook is configured correctly */
export function refusalOf(deliveries: readonly LoggedDelivery[]): string | undefined {
  let newest: { readonly at: EventTime; readonly status: number | undefined } | undefined;
  for (const { body, status } of deliveries) {
    const at = parseEventTime((Object(body) as { timestamp?: unknown }).timestamp);
    if (at !== undefined && (newest === undefined || at > newest.at)) newest = { at, status };
  }
  const status = newest?.status;
  if (status === undefined || !refusals.has(status)) return undefined;
  return `its last delivery was answered ${status}${status === 401 ? ': it carries another secret' : ''}`;
}
