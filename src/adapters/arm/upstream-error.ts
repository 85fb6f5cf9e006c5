/**
 * Maps ARM's failures to `UpstreamError`. Neither the message nor the cause quotes the SDK's error: it holds URLs, and
 * for an answer that could not be parsed the whole body.
 */

import { UpstreamError } from '../../core/runtime/errors.ts';
import { parseRetryAfter } from '../../core/runtime/retry-after.ts';
import type { ArmCall } from './call.ts';

/** For a malformed answer: unknown shape, missing field. It counts as temporary, and nothing of it is used. */
export function malformedAnswer(detail: string): UpstreamError {
  return new UpstreamError('unavailable', detail);
}

/** What is kept of an answer with an error status. */
interface Refusal {
  readonly statusCode: number;
  readonly code: string | undefined;
  readonly retryAfter: string | undefined;
}

export function refusalBy(response: {
  readonly status: number;
  readonly bodyAsText?: string | null;
  readonly headers: { get(name: string): string | undefined };
}): Error & Refusal {
  return Object.assign(new Error('ARM answered with an error'), {
    statusCode: response.status,
    code: errorCode(response.bodyAsText ?? ''),
    retryAfter: response.headers.get('retry-after'),
  });
}

/** ARM's error code, such as `AuthorizationFailed`; never its message, which quotes identities and URLs. */
function errorCode(body: string): string | undefined {
  try {
    const { error } = Object(JSON.parse(body)) as { error?: unknown };
    return (Object(error) as { code?: string }).code;
  } catch {
    return undefined;
  }
}

export function toUpstreamError(error: unknown, { registry, what, role }: ArmCall, now: number): UpstreamError {
  const place = `ARM, ${what} of ${registry.name}`;
  if (error instanceof UpstreamError) {
    const { hint } = error;
    return new UpstreamError(error.code, `${place}: ${error.message}`, hint === undefined ? {} : { hint });
  }
  const { name, code, statusCode: status, retryAfter } = Object(error) as Partial<Refusal> & { name?: string };
  const details = [status, plainWord(code)].filter((part) => part !== undefined).join(' ');
  const message = details === '' ? place : `${place} (${details})`;
  const wait = parseRetryAfter(retryAfter, now);
  const asked = wait === undefined ? {} : { retryAfterMs: wait };

  if (status === 401 || status === 403) return new UpstreamError('unauthorized', message, { hint: role });
  // From the credential, before a request was sent.
  if (/Authentication|Credential/.test(String(name))) {
    return new UpstreamError('unauthorized', `${place}: no identity token`, { hint: "check the app's identity" });
  }
  if (status === 404 && plainWord(code) !== undefined) {
    const hint = 'check "resourceId" in REGISTRIES, and that what was asked for still exists';
    return new UpstreamError('invalid', message, { hint });
  }
  if (status === 429) return new UpstreamError('throttled', message, asked);
  if (status === 400 || status === 405 || status === 413 || status === 422)
    return new UpstreamError('invalid', message);
  if (name === 'AbortError' || name === 'TimeoutError') return new UpstreamError('unavailable', `${place}: timeout`);
  return new UpstreamError('unavailable', message, asked);
}

function plainWord(code: unknown): string | undefined {
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : undefined;
}

/**
 * Whether ARM answers that the requested resource does not exist. If its resource group, subscription or registry is
 * not found, the settings are wrong; and a 404 without ARM's error code comes from a proxy.
 */
export function isNotFound(error: unknown): boolean {
  const { statusCode, code } = Object(error) as Partial<Refusal>;
  return statusCode === 404 && notFoundCodes.has(code);
}

const notFoundCodes: ReadonlySet<unknown> = new Set(['ResourceNotFound', 'NotFound']);
