/**
 * Asks the tracker this page came from, with the key in a header and nowhere else. Every way not to get an answer is one
 * of three that the page can do something about.
 */
export type Refusal =
  /** It wants a key, or another one. */
  | 'key'
  /** It does not take the question; `message` says why. */
  | 'question'
  /** Nobody answers, or not sensibly. */
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
  /** Milliseconds since 1970 by the tracker's clock: spans are measured against its times. */
  now(): number;
}

export interface TrackerOptions {
  /** Ends in `/api/`. */
  readonly base: string;
  readonly key: () => string | undefined;
  readonly fetch: typeof fetch;
  readonly now: () => number;
}

const timeoutMs = 15_000;
/** `Date` has whole seconds, and the answer takes a moment: less than that is no difference. */
const clocksAgreeMs = 3_000;

export function createTracker({ base, key, fetch: send, now }: TrackerOptions): Tracker {
  let aheadMs = 0;

  return {
    async ask<T>(route: string, query: Query, signal: AbortSignal): Promise<T> {
      const address = new URL(route, base);
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined) address.searchParams.set(name, value);
      }
      const sent = key();
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      try {
        const response = await send(address, {
          headers: { accept: 'application/json', ...(sent === undefined ? {} : { 'x-functions-key': sent }) },
          cache: 'no-store',
          signal: limit,
        });
        const text = await response.text();
        signal.throwIfAborted();
        const ahead = Date.parse(response.headers.get('date') ?? '') - now();
        aheadMs = Math.abs(ahead) > clocksAgreeMs ? ahead : 0;
        if (response.ok) return JSON.parse(text) as T;
        throw refusalOf(response.status, text);
      } catch (failure) {
        signal.throwIfAborted();
        if (failure instanceof Unanswered) throw failure;
        throw new Unanswered('away', 'The tracker does not answer.');
      }
    },
    now: () => now() + aheadMs,
  };
}

function refusalOf(status: number, text: string): Unanswered {
  if (status === 401 || status === 403) return new Unanswered('key', 'A function key is needed.');
  const detail = detailOf(text) ?? `It answered ${status}.`;
  return new Unanswered(status < 500 && status !== 408 && status !== 429 ? 'question' : 'away', detail);
}

/** Of a problem document, what it says to people. */
function detailOf(text: string): string | undefined {
  try {
    const problem: unknown = JSON.parse(text);
    const isProblem = typeof problem === 'object' && problem !== null && 'detail' in problem;
    return isProblem && typeof problem.detail === 'string' ? problem.detail : undefined;
  } catch {
    return undefined;
  }
}
