/**
 * Authenticates as a GitHub App. The app signs a JWT, which only serves to request an installation token; that token is
 * valid for an hour and kept for the next verdict.
 * Source: GitHub documentation, "Generating a JSON Web Token (JWT) for a GitHub App".
 */
import { createPrivateKey, sign } from 'node:crypto';
import type { Clock } from '../../core/ports.ts';
import type { Post, Reply } from './http.ts';

type Made = { readonly token: string } | { readonly refusal: Reply };

interface GithubApp {
  /** @param refused a token that was answered with 401, which is not returned again */
  installationToken(api: string, installationId: number, refused?: string): Promise<Made>;
}

/** Clocks differ: the JWT is issued a minute in the past and expires before the ten minutes that are allowed. */
const backdatedSeconds = 60;
const lifeSeconds = 540;
/** A token must still be valid when the call with it arrives. */
const marginMs = 120_000;

export const apiHeaders = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' } as const;

/** @throws when the key is not a private key */
export function githubApp(deps: {
  readonly post: Post;
  readonly clock: Clock;
  readonly appId: string;
  /** PEM. */
  readonly privateKey: string;
}): GithubApp {
  const { post, clock, appId } = deps;
  const key = createPrivateKey(deps.privateKey);
  const tokens = new Map<string, { readonly token: string; readonly until: number }>();
  /** Verdicts that are due at the same time share one token request. */
  const underWay = new Map<string, Promise<Made>>();

  function appToken(): string {
    const now = Math.floor(clock.now() / 1000);
    const payload = { iat: now - backdatedSeconds, exp: now + lifeSeconds, iss: appId };
    const head = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(payload)}`;
    return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
  }

  async function make(name: string, api: string, installationId: number): Promise<Made> {
    const url = `${api}/app/installations/${installationId}/access_tokens`;
    const reply = await post(url, { ...apiHeaders, authorization: `Bearer ${appToken()}` }, undefined);
    const made = reply.status === 201 ? readToken(reply.text) : undefined;
    if (made === undefined) return { refusal: reply };
    tokens.set(name, made);
    return made;
  }

  return {
    installationToken(api, installationId, refused) {
      const name = `${api} ${installationId}`;
      const known = tokens.get(name);
      if (known !== undefined && known.token !== refused && clock.now() < known.until) return Promise.resolve(known);
      const running = underWay.get(name);
      if (running !== undefined) return running;
      const making = make(name, api, installationId).finally(() => underWay.delete(name));
      underWay.set(name, making);
      return making;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function readToken(text: string): { readonly token: string; readonly until: number } | undefined {
  try {
    const { token, expires_at: endsAt } = Object(JSON.parse(text)) as { token?: unknown; expires_at?: unknown };
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) return undefined;
    const until = typeof endsAt === 'string' ? Date.parse(endsAt) - marginMs : Number.NaN;
    return { token, until: Number.isNaN(until) ? 0 : until };
  } catch {
    return undefined;
  }
}
