/**
 * Sends requests to the tracker that served this page, with the key in a header and nowhere else. Every failure is one
 * of three kinds that the page can react to.
 */
export type Refusal =
  /** The tracker requires a key, or refuses this one. */
  | 'key'
  /** The tracker refuses the request; `message` says why. */
  | 'question'
  /** No answer, or one that is not the tracker's. */
  | 'away';

export class Unanswered extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, message: string) {
    super(message);
    this.name = 'Unanswered';
    this.refusal = refusal;
  }
}

export type Query = Readonly<Record<string, string | undefined>>;

export interface Tracker {
  /** @throws Unanswered, or the signal's reason */
  ask<T>(route: string, query: Query, signal: AbortSignal): Promise<T>;
  /** Sends a POST request. @throws Unanswered */
  send(route: string, body: unknown): Promise<void>;
  /** The number of new answers so far: all but 304. */
  changes(): number;
  /** Forgets every answer. */
  forget(): void;
  /** Milliseconds since 1970 by the tracker's clock: spans are measured against its times. */
  now(): number;
}

export interface TrackerOptions {
  /** Absolute, ends in `/api/`. */
  readonly base: string;
  readonly key: () => string | undefined;
  readonly fetch: typeof fetch;
  readonly now: () => number;
}

const timeoutMs = 15_000;
const maxKnown = 60;
/** `Date` has whole seconds, and the answer takes a moment: a smaller difference counts as none. */
const clocksAgreeMs = 3_000;

export function createTracker({ base, key, fetch: send, now }: TrackerOptions): Tracker {
  let aheadMs = 0;
  let changes = 0;
  /** The last answer to each request, by URL: while it is current, the tracker answers 304 without a body. */
  const known = new Map<string, { readonly etag: string; readonly answer: unknown }>();

  function keep(address: string, etag: string | null, answer: unknown): void {
    known.delete(address);
    if (etag === null) return;
    known.set(address, { etag, answer });
    const oldest = known.size > maxKnown ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  }

  function headersOf(more: Record<string, string>): Record<string, string> {
    const sent = key();
    return { accept: 'application/json', ...(sent === undefined ? {} : { 'x-functions-key': sent }), ...more };
  }

  return {
    async ask<T>(route: string, query: Query, signal: AbortSignal): Promise<T> {
      const address = new URL(route, base);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) address.searchParams.set(name, value);
      }
      const before = known.get(address.href);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const response = await send(address, {
          headers: headersOf(before === undefined ? {} : { 'if-none-match': before.etag }),
          cache: 'no-store',
          signal: limit,
        });
        const text = await response.text();
        signal.throwIfAborted();
        const ahead = Date.parse(response.headers.get('date') ?? '') - now();
        aheadMs = Math.abs(ahead) > clocksAgreeMs ? ahead : 0;
        if (response.status === 304 && before !== undefined) return before.answer as T;
        if (response.ok) {
          const answer = JSON.parse(text) as T;
          changes += 1;
          keep(address.href, response.headers.get('etag'), answer);
          return answer;
        }
        throw refusalOf(response.status, text);
      } catch (failure) {
        signal.throwIfAborted();
        if (failure instanceof Unanswered) throw failure;
        throw new Unanswered('away', 'The tracker cannot be reached.');
      }
    },
    async send(route, body) {
      let response: Response;
      try {
        response = await send(new URL(route, base), {
          method: 'POST',
          headers: headersOf({ 'content-type': 'application/json' }),
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(timeoutMs),
        });
      } catch {
        throw new Unanswered('away', 'The tracker cannot be reached.');
      }
      if (!response.ok) throw refusalOf(response.status, await response.text());
    },
    changes: () => changes,
    forget: () => known.clear(),
    now: () => now() + aheadMs,
  };
}

function refusalOf(status: number, text: string): Unanswered {
  if (status === 401 || status === 403) return new Unanswered('key', 'A function key is needed.');
  const detail = detailOf(text) ?? `The tracker answered ${status}.`;
  return new Unanswered(status < 500 && status !== 408 && status !== 429 ? 'question' : 'away', detail);
}

/** The `detail` of a problem document. */
function detailOf(text: string): string | undefined {
  try {
    const problem: unknown = JSON.parse(text);
    const isProblem = typeof problem === 'object' && problem !== null && 'detail' in problem;
    return isProblem && typeof problem.detail === 'string' ? problem.detail : undefined;
  } catch {
    return undefined;
  }
}
