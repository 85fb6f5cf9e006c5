/**
 * What ARM's failures mean to us. Neither message nor cause quotes the SDK's error: those hold addresses, and of an
 * answer that could not be parsed the whole text.
 */
import { WorldError } from '../../core/errors.ts';
import type { ArmCall } from './client.ts';

/** An answer that is none: unknown shapes, missing fields. ARM may do better next time, and until then is not believed. */
export function nonsense(detail: string): WorldError {
  return new WorldError('unavailable', detail);
}

/** What is left of an answer with an error status. */
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

/** ARM's own word for it, `AuthorizationFailed`; never its message, which quotes identities and addresses. */
function errorCode(body: string): string | undefined {
  try {
    const { error } = Object(JSON.parse(body)) as { error?: unknown };
    return (Object(error) as { code?: string }).code;
  } catch {
    return undefined;
  }
}

const longestRetryAfterMs = 3_600_000;

export function toWorldError(error: unknown, { registry, what, role }: ArmCall, now: number): WorldError {
  const place = `ARM, ${what} of ${registry.name}`;
  if (error instanceof WorldError) {
    const { hint } = error;
    return new WorldError(error.code, `${place}: ${error.message}`, hint === undefined ? {} : { hint });
  }
  const { name, code, statusCode: status, retryAfter } = Object(error) as Partial<Refusal> & { name?: string };
  const details = [status, plainWord(code)].filter((part) => part !== undefined).join(' ');
  const message = details === '' ? place : `${place} (${details})`;
  const wait = retryAfterMs(retryAfter, now);
  const asked = wait === undefined ? {} : { retryAfterMs: wait };

  if (status === 401 || status === 403) return new WorldError('refused', message, { hint: role });
  // From the credential, before anything was sent.
  if (/Authentication|Credential/.test(String(name))) {
    return new WorldError('refused', `${place}: no identity token`, { hint: "check the app's identity" });
  }
  if (status === 404) {
    const hint = 'check "resourceId" in REGISTRIES, and that what was asked for still exists';
    return new WorldError('rejected', message, { hint });
  }
  if (status === 429) return new WorldError('throttled', message, asked);
  if (status === 400 || status === 405 || status === 413 || status === 422) return new WorldError('rejected', message);
  if (name === 'AbortError' || name === 'TimeoutError') return new WorldError('unavailable', `${place}: timeout`);
  return new WorldError('unavailable', message, asked);
}

function plainWord(code: unknown): string | undefined {
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : undefined;
}

/** @param header seconds, or an HTTP date */
function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const isDate = /^[A-Za-z]{3}/.test(header);
  const wait = isDate ? Date.parse(header) - now : /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Number.NaN;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), longestRetryAfterMs);
}

export function isNotFound(error: unknown): boolean {
  return (Object(error) as Partial<Refusal>).statusCode === 404;
}
