/**
 * Keeps tokens until shortly before they expire. Simultaneous requests for one token share one exchange: otherwise a
 * burst of probes would exchange the app's identity token once per probe and soon meet the registry's rate limit.
 */

import type { Clock } from '../../core/ports.ts';
import { putNewest } from '../../core/runtime/bounded-map.ts';
import type { Unclear } from './http.ts';

/**
 * Tokens are dropped this long before they expire: a token must still be valid when the request arrives, and clocks
 * differ.
 */
const marginMs = 120_000;
/** For tokens that do not say when they expire. */
const shortLifeMs = 60_000;
/** The oldest are dropped first; a registry with more repositories than this costs a few more exchanges. */
const maxHeld = 2_000;

interface ExpiringTokens {
  held(key: string): string | undefined;
  /** @param refused a token that was answered with 401, which is not returned again */
  obtain(key: string, refused: string | undefined, make: () => Promise<string | Unclear>): Promise<string | Unclear>;
}

export function expiringTokens(clock: Clock): ExpiringTokens {
  const tokens = new Map<string, { readonly token: string; readonly until: number }>();
  const underWay = new Map<string, Promise<string | Unclear>>();

  function held(key: string): string | undefined {
    const found = tokens.get(key);
    return found !== undefined && clock.now() < found.until ? found.token : undefined;
  }

  function keep(key: string, token: string): void {
    const endsAt = expiryOf(token);
    const until = endsAt === undefined ? clock.now() + shortLifeMs : endsAt - marginMs;
    putNewest(tokens, key, { token, until }, maxHeld);
  }

  return {
    held,
    obtain(key, refused, make) {
      const known = held(key);
      if (known !== undefined && known !== refused) return Promise.resolve(known);
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const made = make()
        .then((token) => {
          if (typeof token === 'string') keep(key, token);
          return token;
        })
        .finally(() => underWay.delete(key));
      underWay.set(key, made);
      return made;
    },
  };
}

/**
 * Milliseconds since 1970, from the `exp` claim of a JWT. The signature is not checked: the time is only used to plan
 * the next exchange.
 */
function expiryOf(token: string): number | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { exp } = Object(payload) as { exp?: unknown };
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
