/**
 * The request of an Azure Pipelines check "Invoke Azure Function", completion event Callback. Its headers say where and
 * with which token to call back. The pipeline's author writes them, and they become parts of a URL: a value that could send
 * the token to another host is refused.
 * Source: Azure DevOps documentation, "Invoke Azure Function / REST API checks".
 */

import type { FieldProblem, Parsed } from '../runtime/parsed.ts';
import { parsed } from '../runtime/parsed.ts';
import type { CallbackOrigins } from './callback-origins.ts';
import { parseCallbackUrl } from './callback-origins.ts';

export interface AzurePipelinesCallback {
  /** The organisation's address, without a slash at its end. */
  readonly planUrl: string;
  readonly projectId: string;
  readonly hubName: string;
  readonly planId: string;
  readonly jobId: string;
  readonly timelineId: string;
  readonly taskInstanceId: string;
  readonly authToken: string;
}

const idHeaders = ['ProjectId', 'PlanId', 'JobId', 'TimelineId', 'TaskInstanceId'] as const;
const idPattern = /^[A-Za-z0-9-]{1,64}$/;
const idRule = 'must be an id of letters, digits and dashes';
const hubPattern = /^[A-Za-z0-9_-]{1,64}$/;
const tokenPattern = /^[\x21-\x7e]{1,16384}$/;
/** Any name that an organisation or a collection may have; no encoded slash. */
const pathPattern = /^(?:\/(?:[A-Za-z0-9._~-]|%(?!2f|5c)[0-9a-f]{2})+)*\/?$/i;

/** @param header returns the value of a header, in any case; `null` when it was not sent */
export function parseAzurePipelinesCallback(
  header: (name: string) => string | null,
  origins: CallbackOrigins,
): Parsed<AzurePipelinesCallback> {
  const problems: FieldProblem[] = [];
  /** Problems do not quote the value: the author may have swapped two headers, and it may be the token. */
  function read(name: string, accepts: (value: string) => boolean, reason: string): string {
    const value = header(name)?.trim() ?? '';
    if (value === '') problems.push({ field: name, reason: 'is required: this header was not sent, or is empty' });
    else if (value.startsWith('$(')) problems.push({ field: name, reason: 'is a variable that was not replaced' });
    else if (!accepts(value)) problems.push({ field: name, reason });
    return value;
  }
  const isPlanUrl = (value: string) => pathPattern.test(parseCallbackUrl(value, origins)?.pathname ?? '//');
  const planUrl = read('PlanUrl', isPlanUrl, 'must be an address that CALLBACK_ORIGINS allows');
  const [projectId = '', planId = '', jobId = '', timelineId = '', taskInstanceId = ''] = idHeaders.map((name) =>
    read(name, (value) => idPattern.test(value), idRule),
  );
  const hubName = read('HubName', (value) => hubPattern.test(value), 'must be the name of a hub, such as "checks"');
  const authToken = read('AuthToken', (value) => tokenPattern.test(value), 'must be a token');
  if (problems.length > 0) return { ok: false, problems };
  const { origin, pathname } = new URL(planUrl);
  const place = { planUrl: `${origin}${pathname.replace(/\/$/, '')}`, projectId, hubName };
  return parsed({ ...place, planId, jobId, timelineId, taskInstanceId, authToken });
}
