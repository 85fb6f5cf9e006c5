/**
 * Why a question got no answer, in words for people and with the one distinction that matters: whether the same question
 * may be answered later.
 */
import { clean } from './clean.ts';
import type { Outcome } from './exit-codes.ts';

export interface Failure {
  readonly outcome: Extract<Outcome, 'unexpected' | 'refused' | 'unreachable' | 'badUsage' | 'foreign'>;
  /** One line, without control characters. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
  /** How long the tracker asked us to wait. */
  readonly retryAfterMs?: number;
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection lost',
  UND_ERR_SOCKET: 'connection lost',
  EPIPE: 'connection lost',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no answer from the name server',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the host',
};

/** Why a request came to nothing, from what `fetch` threw. */
export function describeConnectionError(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const message = cause instanceof Error ? cause.message : String(cause);
  return reasons[code] ?? clean(message === '' ? code : message);
}
