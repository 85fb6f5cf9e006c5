/**
 * Errors as RFC 9457 problem documents: what is wrong, where, and what to do. Built in one place, so that no answer
 * ever holds a stack trace, a secret or a callback URL.
 */
import type { HttpResponseInit } from '@azure/functions';
import { ReplicasUnknownError } from '../../core/model/replicas-unknown.ts';
import type { ErrorCode, UpstreamError } from '../../core/runtime/errors.ts';
import type { FieldProblem } from '../../core/runtime/parsed.ts';

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  404: 'Not found',
  413: 'Content too large',
  500: 'Internal error',
  503: 'Service unavailable',
};

export function problemResponse(
  status: number,
  detail: string,
  extra: { errors?: readonly FieldProblem[]; headers?: Record<string, string> } = {},
): HttpResponseInit {
  const title = titles[status] ?? 'Error';
  const errors = extra.errors === undefined ? {} : { errors: extra.errors };
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...extra.headers },
    body: JSON.stringify({ type: 'about:blank', title, status, detail, ...errors }),
  };
}

export function badRequest(problems: readonly FieldProblem[]): HttpResponseInit {
  const detail = problems.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
  return problemResponse(400, detail, { errors: problems });
}

const statusByCode: Record<ErrorCode, number> = {
  unavailable: 503,
  throttled: 503,
  unauthorized: 503,
  conflict: 503,
  invalid: 500,
};

const detailByCode: Record<ErrorCode, string> = {
  unavailable: 'The storage did not answer in time. Try again.',
  throttled: 'The storage asked to slow down. Try again later.',
  unauthorized: 'The storage refused the credentials of this app. See its log.',
  conflict: 'Too many writers for one image at once. Try again.',
  invalid: 'The storage refused the request. See the log of this app.',
};

export function upstreamProblem(error: UpstreamError): HttpResponseInit {
  const status = statusByCode[error.code];
  const retryAfterSeconds = Math.ceil((error.retryAfterMs ?? 1_000) / 1_000);
  const detail = error instanceof ReplicasUnknownError ? error.message : detailByCode[error.code];
  return problemResponse(status, detail, {
    headers: status === 503 ? { 'retry-after': String(retryAfterSeconds) } : {},
  });
}
