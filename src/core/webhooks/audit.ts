/**
 * Whether a region's webhook is as it must be, judged from what the control plane tells. A webhook that is missing,
 * disabled, filtered or pointed elsewhere loses every event of its region without anybody being told; one that speaks
 * for another region claims what is not so.
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
  /** The webhook that does the work. */
  readonly working: string | undefined;
  /** Webhooks of ours that are not as they must be. */
  readonly wrong: readonly { readonly name: string; readonly region: Region }[];
}

/** @param ownName the name of the webhook that we would create here */
export function judgeWebhooks(region: Region, found: readonly FoundWebhook[], ownName: string): Verdict {
  const here = found.filter((webhook) => webhook.region === region);
  const ours = here.filter((webhook) => webhook.targetRegion !== undefined || webhook.name === ownName);
  const working = ours.find((webhook) => faultsOf(webhook).length === 0);
  const strangers = found.filter((webhook) => webhook.region !== region && webhook.targetRegion === region);
  const [stranger] = strangers;
  const verdict = (status: WebhookStatus, reason?: string, wrong: readonly FoundWebhook[] = []): Verdict => ({
    status,
    reason,
    working: working?.name,
    wrong: [...wrong, ...strangers],
  });
  if (working !== undefined) {
    if (stranger === undefined) return verdict('ok');
    return verdict('misconfigured', `webhook ${stranger.name} of ${stranger.region} speaks for this region`);
  }
  // One of ours that is readable first: of an unreadable one nobody knows what would have to be changed.
  const nearest =
    ours.find((webhook) => webhook.targetRegion === region) ??
    ours.find((webhook) => webhook.targetRegion !== undefined) ??
    ours.find((webhook) => webhook.trouble === undefined);
  if (nearest !== undefined) {
    const reason = `webhook ${nearest.name} ${faultsOf(nearest).join(', ')}`;
    return verdict(nearest.enabled ? 'misconfigured' : 'disabled', reason, [nearest]);
  }
  const unreadable = here.find((webhook) => webhook.trouble !== undefined);
  if (unreadable !== undefined) {
    const reason = describeError(unreadable.trouble);
    return verdict('unknown', `the address of webhook ${unreadable.name} was not told: ${reason}`);
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
      : [targetRegion === undefined ? 'points elsewhere' : `speaks for ${targetRegion}`]),
    ...absent.map((action) => `does not send "${action}"`),
    ...(scope === '' ? [] : [`only sends what matches ${quote(scope)}`]),
  ];
}

/** What a door answers to somebody with the wrong secret, the wrong network or the wrong way. */
const refusals = new Set([401, 403, 404]);

/** @returns why the newest delivery was turned away, although the webhook looks as it must */
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
