/**
 * Tokens for reading one repository of one replica: the app's identity token is exchanged for the replica's refresh
 * token, and that for an access token, both at the replica that sent the challenge. Every replica is a host of its own,
 * so no token of one is sent to another.
 * Flow: Azure/acr, docs/AAD-OAuth.md.
 */
import type { TokenCredential } from '@azure/identity';
import type { Repository } from '../../core/model/reference.ts';
import type { Clock } from '../../core/ports.ts';
import type { Challenge } from './challenge.ts';
import { readChallenge } from './challenge.ts';
import { expiringTokens } from './expiring.ts';
import type { Reply, Send, Unclear } from './http.ts';
import { unclear, unclearStatus } from './http.ts';

export interface TokenSource {
  /** A token that should still be valid; `undefined` where none was requested yet. */
  held(origin: string, repository: Repository): string | undefined;
  /**
   * A token in answer to a 401.
   * @param refused the token that was answered with that 401
   */
  answer(
    origin: string,
    repository: Repository,
    unauthorized: Reply,
    refused: string | undefined,
  ): Promise<string | Unclear>;
}

export interface TokenOptions {
  readonly credential: TokenCredential;
  readonly clock: Clock;
  readonly send: Send;
  readonly tenant: string | undefined;
  readonly audience: string;
  readonly timeoutMs: number;
}

/** Both kinds have a few thousand characters; what does not fit into a header is no token. */
const tokenPattern = /^[\x21-\x7e]{1,16384}$/;

export function replicaTokens(options: TokenOptions): TokenSource {
  const { clock, send } = options;
  const accessTokens = expiringTokens(clock);
  const refreshTokens = expiringTokens(clock);

  async function exchange({ realm, service }: Challenge): Promise<string | Unclear> {
    const identity = await identityToken(options);
    if (typeof identity !== 'string') return identity;
    const url = new URL('/oauth2/exchange', realm);
    const form = new URLSearchParams({ grant_type: 'access_token', service, access_token: identity });
    if (options.tenant !== undefined) form.set('tenant', options.tenant);
    return readToken(await post(url, form), 'refresh_token', 'identity exchange');
  }

  async function makeAccessToken(challenge: Challenge): Promise<string | Unclear> {
    const key = `${challenge.realm.origin} ${challenge.service}`;
    const kept = refreshTokens.held(key);
    const refreshToken = await refreshTokens.obtain(key, undefined, () => exchange(challenge));
    if (typeof refreshToken !== 'string') return refreshToken;
    let reply = await redeem(challenge, refreshToken);
    const isTurnedAway = reply.kind === 'reply' && (reply.status === 400 || reply.status === 401);
    if (isTurnedAway && refreshToken === kept) {
      // The refresh token may have been revoked: try a new one, once.
      const another = await refreshTokens.obtain(key, kept, () => exchange(challenge));
      if (typeof another !== 'string') return another;
      reply = await redeem(challenge, another);
    }
    return readToken(reply, 'access_token', 'token');
  }

  function redeem({ realm, service, scope }: Challenge, refreshToken: string): Promise<Reply | Unclear> {
    const form = new URLSearchParams({ grant_type: 'refresh_token', service, scope, refresh_token: refreshToken });
    return post(realm, form);
  }

  function post(url: URL, body: URLSearchParams): Promise<Reply | Unclear> {
    return send({ url: url.href, method: 'POST', headers: { accept: 'application/json' }, body });
  }

  function readToken(reply: Reply | Unclear, field: string, what: string): string | Unclear {
    if (reply.kind === 'unclear') return unclear(`${reply.reason} at the ${what}`, reply.retryAfterMs);
    if (reply.status !== 200) return unclearStatus(reply, what, clock);
    try {
      const document: unknown = JSON.parse(reply.body.toString());
      const token = (Object(document) as Record<string, unknown>)[field];
      if (typeof token === 'string' && tokenPattern.test(token)) return token;
    } catch {
      // Not JSON, so no token.
    }
    return unclear(`no usable ${field} from the ${what}`);
  }

  return {
    held: (origin, repository) => accessTokens.held(`${origin} ${repository}`),
    async answer(origin, repository, unauthorized, refused) {
      const challenge = readChallenge(unauthorized.headers.get('www-authenticate'), origin, repository);
      if ('refused' in challenge) return unclear(challenge.refused);
      // The challenge was checked: its scope names this repository.
      return accessTokens.obtain(`${origin} ${repository}`, refused, () => makeAccessToken(challenge));
    },
  };
}

/** The error's name only: the messages of identity errors quote requests and answers. */
async function identityToken({ credential, audience, timeoutMs }: TokenOptions): Promise<string | Unclear> {
  const abortSignal = AbortSignal.timeout(timeoutMs);
  const timeout = new Promise<never>((_resolve, reject) => {
    abortSignal.addEventListener('abort', () => reject(abortSignal.reason), { once: true });
  });
  try {
    // Not every credential honours the signal.
    const token = await Promise.race([credential.getToken(`${audience}/.default`, { abortSignal }), timeout]);
    return token?.token ?? unclear('no identity token');
  } catch (error) {
    const { name } = Object(error) as { name?: unknown };
    return unclear(
      typeof name === 'string' && /^[A-Za-z]{1,60}$/.test(name) ? `no identity token (${name})` : 'no identity token',
    );
  }
}
