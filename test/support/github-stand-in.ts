/**
 * The part of GitHub that a deployment protection rule uses: it signs its deliveries, gives tokens to an authenticated
 * app, and accepts notes and reviews for runs that wait. It checks what GitHub checks: the signature and times of the
 * app, the lifetime of the token, the fields, the length of a comment and the number of notes.
 */
import type { KeyObject } from 'node:crypto';
import { createHmac, generateKeyPairSync, verify } from 'node:crypto';
import type { Answer, Seen, Service } from './stand-in-service.ts';
import { startService, wrongHeader } from './stand-in-service.ts';

export interface Review {
  readonly state: string;
  readonly comment: string;
}

export interface Delivery {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly run: number;
}

export interface Github extends Service {
  readonly appId: string;
  readonly webhookSecret: string;
  /** PEM, of the app. */
  readonly privateKey: string;
  /** Every installation token ever given out. */
  readonly tokens: string[];
  /** The lifetime of tokens made from now on. */
  tokenLifeMs: number;
  /** A run waits for its review. @returns what GitHub would deliver */
  request(changes?: { readonly payload?: unknown; readonly environment?: string; readonly body?: object }): Delivery;
  sign(body: string | Uint8Array): string;
  revokeTokens(): void;
  /** The clock that the app's tokens are held against. */
  now: () => number;
  notes(run: number): string[];
  reviews(run: number): Review[];
}

export const installationId = 4711;
const maxNotes = 10;

export async function startGithub(): Promise<Github> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const valid = new Map<string, number>();
  const runs = new Map<number, { environment: string; notes: string[]; reviews: Review[] }>();

  function follow(seen: Seen, breach: (what: string, status?: number) => Answer): Answer {
    if (seen.method !== 'POST') return breach('only POST', 405);
    const wrong = wrongHeader(seen, { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' });
    if (wrong !== undefined) return breach(wrong);
    if ((seen.headers['user-agent'] ?? '') === '') return breach('no user agent', 403);
    const bearer = /^Bearer (.+)$/.exec(seen.headers.authorization ?? '')?.[1] ?? '';
    if (seen.path === `/app/installations/${installationId}/access_tokens`) {
      const fault = faultOfAppToken(bearer, publicKey, github.appId, github.now());
      return fault === undefined ? giveToken() : breach(fault, 401);
    }
    const [, run] = /^\/repos\/Contoso\/App\/actions\/runs\/(\d+)\/deployment_protection_rule$/.exec(seen.path) ?? [];
    const waiting = runs.get(Number(run));
    if (waiting === undefined) return { status: 404, body: '{"message":"Not Found"}' };
    if ((valid.get(bearer) ?? 0) <= github.now()) return { status: 401, body: '{"message":"Bad credentials"}' };
    if (wrongHeader(seen, { 'content-type': 'application/json' })) return breach('not JSON', 415);
    return takeReview(seen, waiting, breach);
  }

  function takeReview(
    { body }: Seen,
    waiting: { environment: string; notes: string[]; reviews: Review[] },
    breach: (what: string, status?: number) => Answer,
  ): Answer {
    const { state, comment } = JSON.parse(body) as Partial<Review>;
    const wanted = { environment_name: waiting.environment, ...(state === undefined ? {} : { state }), comment };
    if (body !== JSON.stringify(wanted)) return breach('other fields than these', 422);
    if (typeof comment !== 'string' || comment === '' || comment.length > 1_024) return breach('no such comment', 422);
    if (waiting.reviews.length > 0) return { status: 422, body: '{"message":"not waiting"}' };
    if (state === undefined) {
      if (waiting.notes.length >= maxNotes) return breach('too many notes', 422);
      waiting.notes.push(comment);
      return { status: 204 };
    }
    if (state !== 'approved' && state !== 'rejected') return breach(`state ${state}`, 422);
    waiting.reviews.push({ state, comment });
    return { status: 204 };
  }

  function giveToken(): Answer {
    const token = `ghs_${crypto.randomUUID().replaceAll('-', '')}`;
    const endsAt = github.now() + github.tokenLifeMs;
    valid.set(token, endsAt);
    github.tokens.push(token);
    return { status: 201, body: JSON.stringify({ token, expires_at: new Date(endsAt).toISOString() }) };
  }

  const service = await startService(follow);
  let nextRun = 1_000;
  const github: Github = Object.assign(service, {
    appId: '123456',
    webhookSecret: 'the-webhook-secret-of-the-github-app',
    privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    tokens: [],
    tokenLifeMs: 3_600_000,
    now: Date.now,
    request({ payload = {}, environment = 'production', body: changes = {} } = {}) {
      const run = nextRun++;
      runs.set(run, { environment, notes: [], reviews: [] });
      const whole = {
        action: 'requested',
        environment,
        event: 'push',
        deployment_callback_url: `${service.origin}/repos/Contoso/App/actions/runs/${run}/deployment_protection_rule`,
        deployment: { id: run, sha: 'd6fde92930d4715a2b49857d24b940956b26d2d3', ref: 'main', payload, environment },
        pull_requests: [],
        repository: { id: 1, name: 'App', full_name: 'Contoso/App', owner: { login: 'Contoso' } },
        organization: { login: 'Contoso' },
        installation: { id: installationId },
        sender: { login: 'octocat' },
        ...changes,
      };
      const body = JSON.stringify(whole);
      const headers = {
        'content-type': 'application/json',
        'x-github-event': 'deployment_protection_rule',
        'x-github-delivery': crypto.randomUUID(),
        'x-hub-signature-256': github.sign(body),
      };
      return { headers, body, run };
    },
    sign: (body: string | Uint8Array) =>
      `sha256=${createHmac('sha256', github.webhookSecret).update(body).digest('hex')}`,
    revokeTokens: () => valid.clear(),
    notes: (run: number) => runs.get(run)?.notes ?? [],
    reviews: (run: number) => runs.get(run)?.reviews ?? [],
  } satisfies Partial<Github>);
  return github;
}

/** Source: GitHub documentation, "Generating a JSON Web Token (JWT) for a GitHub App". */
function faultOfAppToken(token: string, key: KeyObject, appId: string, now: number): string | undefined {
  const [header = '', payload = '', signature = '', ...more] = token.split('.');
  if (more.length > 0 || signature === '') return 'no JSON web token';
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  if (JSON.stringify(read(header)) !== '{"alg":"RS256","typ":"JWT"}') return 'another algorithm';
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return 'not signed by the app';
  const { iat, exp, iss, ...others } = read(payload);
  if (iss !== appId || Object.keys(others).length > 0) return 'of another app, or with other claims';
  if (typeof iat !== 'number' || typeof exp !== 'number') return 'without times';
  if (!Number.isInteger(iat) || !Number.isInteger(exp)) return 'times with fractions';
  if (iat * 1000 > now - 55_000) return '"iat" must lie a minute back: clocks differ';
  if (exp * 1000 <= now || exp - iat > 600) return '"exp" must be within ten minutes';
  return undefined;
}
