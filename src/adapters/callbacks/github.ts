/**
 * GitHub's side of a check: sends comments while it waits, and the review that completes it, as the installation of a
 * GitHub App. A run that does not wait yet and one that no longer waits are both answered with 422.
 * Source: GitHub documentation, "Review custom deployment protection rules for a workflow run".
 */

import type { GithubCallback } from '../../core/checks/github-request.ts';
import type { Clock, VerdictSender } from '../../core/ports.ts';
import { UpstreamError } from '../../core/runtime/errors.ts';
import { boundPause, parseRetryAfter } from '../../core/runtime/retry-after.ts';
import { apiHeaders, githubApp } from './github-app.ts';
import type { Reply } from './http.ts';
import { isNotYet, isRejected, poster } from './http.ts';

const who = 'GitHub';
const maxNotes = 10;
const maxComment = 1_024;

type Answer = { readonly reply: Reply; readonly of: 'token' | 'review' };

export function githubSender(deps: {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly appId: string;
  /** PEM. */
  readonly privateKey: string;
}): VerdictSender {
  const post = poster(who, deps.fetch);
  const app = githubApp({ ...deps, post });

  async function review(callback: GithubCallback, body: object, refused?: string): Promise<Answer> {
    const token = await app.installationToken(callback.api, callback.installationId, refused);
    if ('refusal' in token) return { reply: token.refusal, of: 'token' };
    const headers = { ...apiHeaders, authorization: `Bearer ${token.token}` };
    const reply = await post(callback.callbackUrl, headers, body);
    // The kept token may have been revoked: request a new one, once.
    if (reply.status === 401 && refused === undefined) return review(callback, body, token.token);
    return { reply, of: 'review' };
  }

  return {
    maxLines: maxNotes,
    async progress(text, line) {
      const callback: GithubCallback = JSON.parse(text);
      const note = { environment_name: callback.environment, comment: toComment(line) };
      const answer = await review(callback, note);
      if (!isAccepted(answer.reply.status)) throw toUpstreamError(answer, deps.clock);
    },
    async verdict(text, { result, comment }) {
      const callback: GithubCallback = JSON.parse(text);
      const answer = await review(callback, {
        environment_name: callback.environment,
        state: result === 'succeeded' ? 'approved' : 'rejected',
        comment: toComment(comment),
      });
      const { status } = answer.reply;
      if (answer.of === 'review' && isAccepted(status)) return 'delivered';
      if (status === 410) return 'dead';
      if (isNotYet(status)) return { notYet: `${who} (${status})` };
      throw toUpstreamError(answer, deps.clock);
    },
  };
}

/** Comments are Markdown: names of images and tags hold special characters, and quoted text may hold any. */
function toComment(line: string): string {
  const plain = line.replaceAll(/[\\`*_[\]<>|~]/g, String.raw`\$&`);
  return plain.length <= maxComment ? plain : `${plain.slice(0, maxComment - 1).replace(/\\+$/, '')}…`;
}

function isAccepted(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Source: GitHub documentation, "Rate limits for the REST API". */
function toUpstreamError({ reply: { status, headers, text }, of }: Answer, clock: Clock): UpstreamError {
  const resetAt = Number(headers.get('x-ratelimit-reset') ?? Number.NaN) * 1000;
  const isUsedUp = headers.get('x-ratelimit-remaining') === '0' && !Number.isNaN(resetAt);
  const retryAfterMs =
    parseRetryAfter(headers.get('retry-after'), clock.now()) ??
    (isUsedUp ? boundPause(resetAt - clock.now()) : undefined);
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  const isLimit = status === 403 && (retryAfterMs !== undefined || /secondary rate limit/i.test(text));
  if (status === 429 || isLimit) return new UpstreamError('throttled', `${who} (${status})`, asked);
  const isRefusal = status === 401 || status === 403 || (status >= 300 && status < 400);
  // No installation token: the App's key is wrong.
  if (isRefusal || (of === 'token' && isRejected(status)))
    return new UpstreamError('unauthorized', `${who} (${status})`, asked);
  return new UpstreamError(isRejected(status) ? 'invalid' : 'unavailable', `${who} (${status})`, asked);
}
