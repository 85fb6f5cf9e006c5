/**
 * How the caller authenticates: mostly with the right secret, so that the rest of the request is read, and in every
 * wrong way.
 */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { Authentication } from './description.ts';
import type { Draft, Header } from './draft.ts';
import type { TestSecrets } from './test-secrets.ts';
import { wrongSecrets } from './test-secrets.ts';

export interface Opened {
  readonly draft: Draft;
  /** The right secret, in a right way. */
  readonly isRight: boolean;
}

type Open = (draft: Draft) => Opened;

const withHeaders = (draft: Draft, ...more: Header[]): Draft => ({ ...draft, headers: [...draft.headers, ...more] });
const latin = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

export function authenticated(authentication: Authentication, testSecrets: TestSecrets): fc.Arbitrary<Open> {
  if (authentication === 'none') return fc.constant((draft) => ({ draft, isRight: true }));
  const right = fc.constantFrom(...rightWays(authentication, testSecrets)).map(
    (way): Open =>
      (draft) => ({ draft: way(draft), isRight: true }),
  );
  const wrong = fc.tuple(fc.constantFrom(...wrongSecrets.map(latin)), fc.constantFrom(...wrongWays)).map(
    ([secret, way]): Open =>
      (draft) => ({ draft: way(draft, secret), isRight: false }),
  );
  return fc.oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

type Way = (draft: Draft) => Draft;

function rightWays(authentication: Authentication, { keys, webhookSecrets, githubWebhookSecret }: TestSecrets): Way[] {
  const key = (value: string): Way[] => [
    (draft) => withHeaders(draft, ['x-functions-key', value]),
    (draft) => ({ ...draft, target: `${draft.target}${draft.target.includes('?') ? '&' : '?'}code=${value}` }),
  ];
  switch (authentication) {
    case 'functionKey':
      return [...key(keys.function), ...key(keys.master)];
    case 'adminKey':
      return key(keys.master);
    case 'eventgrid':
    case 'mcp':
      return key(keys[authentication]);
    case 'webhookSecret':
      return webhookSecrets.map((secret) => (draft) => withHeaders(draft, ['Authorization', `Bearer ${secret}`]));
    case 'githubSignature':
      return [
        (draft) => {
          const signature = createHmac('sha256', githubWebhookSecret).update(draft.body).digest('hex');
          return withHeaders(draft, ['X-Hub-Signature-256', `sha256=${signature}`]);
        },
      ];
    default:
      return [(draft) => draft];
  }
}

const wrongWays: readonly ((draft: Draft, secret: string) => Draft)[] = [
  (draft) => draft,
  (draft, secret) => withHeaders(draft, ['Authorization', `Bearer ${secret}`]),
  (draft, secret) => withHeaders(draft, ['Authorization', secret]),
  (draft, secret) => withHeaders(draft, ['Authorization', `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`]),
  (draft, secret) => withHeaders(draft, ['Authorization', 'Bearer'], ['Authorization', `Bearer ${secret}`]),
  (draft, secret) => withHeaders(draft, ['x-functions-key', secret]),
  (draft, secret) => withHeaders(draft, ['x-functions-key', secret], ['x-functions-key', secret]),
  (draft, secret) => withHeaders(draft, ['X-Hub-Signature-256', `sha256=${secret}`], ['Cookie', `key=${secret}`]),
  (draft, secret) => withHeaders(draft, ['aeg-sas-key', secret], ['x-ms-client-principal', secret]),
  (draft, secret) => ({
    ...draft,
    target: `${draft.target}${draft.target.includes('?') ? '&' : '?'}code=${encodeURIComponent(secret)}`,
  }),
];
