/**
 * The registry's token service: an Entra token is exchanged for a refresh token, that for an access token for one
 * repository, and both expire. Each region accepts only its own tokens, the stricter of the two behaviours in the
 * vendor's documents; a client that works here works with either.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface TokenIssuer {
  /** The value of `WWW-Authenticate` for a request that needs this repository; null for `/v2/` itself. */
  challenge(repository: string | null, error?: string): string;
  /** `POST /oauth2/exchange`: `undefined` when the form is invalid. */
  exchange(form: URLSearchParams): { refresh_token: string } | undefined;
  /** `POST /oauth2/token`: `undefined` when the form or the refresh token is invalid. */
  issue(form: URLSearchParams): { access_token: string } | undefined;
  /** The reason why the token does not allow pulling from this repository; `undefined` when it does. */
  findFault(authorization: string | undefined, repository: string | null): string | undefined;
}

export interface TokenOptions {
  /** The server's own address, used in realm and service. */
  url: () => string;
  now: () => number;
  /** Default: 4500, the 75 minutes seen in samples. */
  accessTokenSeconds?: number;
  /** Default: 10800. */
  refreshTokenSeconds?: number;
}

interface Claims {
  aud: string;
  exp: number;
  grant_type: 'refresh_token' | 'access_token';
  access?: { type: string; name: string; actions: string[] }[];
}

export function createTokenIssuer(options: TokenOptions): TokenIssuer {
  const { url, now, accessTokenSeconds = 4_500, refreshTokenSeconds = 10_800 } = options;
  const key = randomBytes(32);
  const service = () => new URL(url()).host;

  function sign(claims: Omit<Claims, 'aud' | 'exp'>, seconds: number): string {
    const issuedAt = Math.floor(now() / 1_000);
    const times = { iat: issuedAt, nbf: issuedAt, exp: issuedAt + seconds };
    const whole = {
      jti: randomBytes(16).toString('hex'),
      iss: 'Azure Container Registry',
      aud: service(),
      ...times,
      ...claims,
    };
    const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(whole)}`;
    return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
  }

  /** `undefined` unless the token was signed here and has not expired. */
  function read(token: string): Claims | undefined {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const expected = createHmac('sha256', key).update(`${header}.${payload}`).digest();
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const claims: Claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return claims.exp * 1_000 > now() ? claims : undefined;
  }

  return {
    challenge(repository, error) {
      const scope = repository === null ? '' : `,scope="repository:${repository}:pull"`;
      const reason = error === undefined ? '' : `,error="${error}"`;
      return `Bearer realm="${url()}/oauth2/token",service="${service()}"${scope}${reason}`;
    },
    exchange(form) {
      const isRight = form.get('grant_type') === 'access_token' && form.get('service') === service();
      if (!isRight || !form.get('access_token')) return undefined;
      return { refresh_token: sign({ grant_type: 'refresh_token' }, refreshTokenSeconds) };
    },
    issue(form) {
      const isRight = form.get('grant_type') === 'refresh_token' && form.get('service') === service();
      if (!isRight || read(form.get('refresh_token') ?? '')?.grant_type !== 'refresh_token') return undefined;
      const access = form.getAll('scope').flatMap((scopes) => scopes.split(' ').map(readScope));
      return { access_token: sign({ grant_type: 'access_token', access }, accessTokenSeconds) };
    },
    findFault(authorization, repository) {
      if (authorization === undefined) return '';
      const [, token = ''] = /^Bearer (.+)$/i.exec(authorization) ?? [];
      const claims = read(token);
      if (claims?.grant_type !== 'access_token') return 'invalid_token';
      const allows = claims.access?.some(({ name, actions }) => name === repository && actions.includes('pull'));
      return repository === null || allows ? undefined : 'insufficient_scope';
    },
  };
}

/** `repository:team/app:pull,push`. */
function readScope(scope: string): { type: string; name: string; actions: string[] } {
  const [type = '', name = '', actions = ''] = scope.split(':');
  return { type, name, actions: actions.split(',') };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
