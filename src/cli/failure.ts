/**
 * Why a request failed, for people, with the one distinction that matters: whether the same request may succeed later.
 */
import { clean } from './clean.ts';
import type { Outcome } from './exit-codes.ts';

export interface Failure {
  readonly outcome: Extract<Outcome, 'unexpected' | 'refused' | 'unreachable' | 'badUsage' | 'foreign'>;
  /** One line, without control characters. */
  readonly message: string;
  /** What the reader can do next. */
  readonly hint?: string;
  /** How long the tracker asked the client to wait. */
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

/** Describes a connection error. */
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
 * The failure to report when no address gave an answer. A refused key is reported even when other addresses are
 * unreachable. Otherwise an unreachable address decides: it may come back, so the wait goes on.
 * @param failures one from each address
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
    // An address that asked for no pause may be tried before the pause of another ends.
    ...(pauses.length === failures.length ? { retryAfterMs: Math.min(...pauses) } : {}),
  };
}
