/**
 * GitHub's side of a check: notes while it waits, and the review that ends it, written as the installation of a GitHub
 * App. Source: GitHub documentation, "Review custom deployment protection rules for a workflow run".
 */
import type { VerdictSender } from '../../core/checks/check-ports.ts';
import type { GithubCallback } from '../../core/checks/github-check.ts';
import { WorldError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { boundPause, parseRetryAfter } from '../../core/retry-after.ts';
import { apiHeaders, githubApp } from './github-app.ts';
import type { Reply } from './http.ts';
import { poster } from './http.ts';

const who = 'GitHub';
const mostNotes = 10;
const longestComment = 1_024;

type Answer = { readonly reply: Reply; readonly of: 'token' | 'review' };

export function githubSender(parts: {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly appId: string;
  /** PEM. */
  readonly privateKey: string;
}): VerdictSender {
  const post = poster(who, parts.fetch);
  const app = githubApp({ ...parts, post });

  async function review(callback: GithubCallback, body: object, refused?: string): Promise<Answer> {
    const token = await app.installationToken(callback.api, callback.installationId, refused);
    if ('refusal' in token) return { reply: token.refusal, of: 'token' };
    const headers = { ...apiHeaders, authorization: `Bearer ${token.token}` };
    const reply = await post(callback.callbackUrl, headers, body);
    // A token that was kept may have been revoked; a new one is asked for once.
    if (reply.status === 401 && refused === undefined) return review(callback, body, token.token);
    return { reply, of: 'review' };
  }

  return {
    mostLines: mostNotes,
    async progress(text, line) {
      const callback: GithubCallback = JSON.parse(text);
      const note = { environment_name: callback.environment, comment: toComment(line) };
      const { reply } = await review(callback, note);
      if (!isTaken(reply.status)) throw toWorldError(reply, parts.clock);
    },
    async verdict(text, { result, comment }) {
      const callback: GithubCallback = JSON.parse(text);
      const answer = await review(callback, {
        environment_name: callback.environment,
        state: result === 'succeeded' ? 'approved' : 'rejected',
        comment: toComment(comment),
      });
      if (answer.of === 'review' && isTaken(answer.reply.status)) return 'taken';
      if (isDead(answer)) return 'dead';
      throw toWorldError(answer.reply, parts.clock);
    },
  };
}

/** Comments are Markdown: names of images and tags hold characters that mean something there, and quotes may hold any. */
function toComment(line: string): string {
  const plain = line.replaceAll(/[\\`*_[\]<>|~]/g, String.raw`\$&`);
  return plain.length <= longestComment ? plain : `${plain.slice(0, longestComment - 1).replace(/\\+$/, '')}…`;
}

function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

/** The run has ended, or the app is not installed any more: 404 for both. */
function isDead({ reply: { status }, of }: Answer): boolean {
  if (of === 'token') return status === 404;
  return status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);
}

/** Source: GitHub documentation, "Rate limits for the REST API". */
function toWorldError({ status, headers, text }: Reply, clock: Clock): WorldError {
  const resetAt = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) * 1000;
  const isUsedUp = headers.get('x-ratelimit-remaining') === '0' && !Number.isNaN(resetAt);
  const retryAfterMs =
    parseRetryAfter(headers.get('retry-after'), clock.now()) ??
    (isUsedUp ? boundPause(resetAt - clock.now()) : undefined);
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  const isLimit = status === 403 && (retryAfterMs !== undefined || /secondary rate limit/i.test(text));
  if (status === 429 || isLimit) return new WorldError('throttled', `${who} (${status})`, asked);
  const isRefusal = status >= 300 && status < 500 && status !== 408;
  return new WorldError(isRefusal ? 'refused' : 'unavailable', `${who} (${status})`, asked);
}
