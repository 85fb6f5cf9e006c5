/**
 * Why a question got no answer, for people to read and with the one distinction that matters: whether the same question
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
  EPIPE: 'connection lost',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no answer from the name server',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the host',
};

/** Why a request came to nothing, from what was thrown. */
export function describeConnectionError(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === 'ERR_PROXY_TUNNEL')
    return `the proxy opens no tunnel (${/HTTP\/1.\d (\d{3})/.exec(message)?.[1] ?? code})`;
  return reasons[code] ?? clean(message === '' ? code : message);
}

/**
 * Why a question got no answer from any address. A wrong key is worth saying even when others cannot be reached; where
 * one of them may come back, asking goes on. @param failures one from each address
 */
export function combineFailures(failures: readonly Failure[]): Failure {
  const [first, ...more] = failures;
  if (first === undefined) throw new Error('no address was asked');
  const refused = failures.find(({ outcome }) => outcome === 'refused');
  if (more.length === 0 || refused !== undefined) return refused ?? first;
  const away = failures.find(({ outcome }) => outcome === 'unreachable');
  const pauses = failures.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  return {
    ...(away ?? first),
    message: failures.map(({ message }) => message).join('; '),
    // One that asks for no pause may be asked again before.
    ...(pauses.length === failures.length ? { retryAfterMs: Math.min(...pauses) } : {}),
  };
}
