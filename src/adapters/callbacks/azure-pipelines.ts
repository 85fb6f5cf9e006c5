/**
 * Azure Pipelines' side of a check: sends lines to its log, and the event that completes it, with the token that came
 * with the check. A plan that has ended is reported by an error of its own; a plain 404 may mean that the plan does not
 * exist yet.
 * Source: Azure DevOps documentation, "Invoke Azure Function / REST API checks"; microsoft/azure-pipelines-extensions,
 * ServerTaskHelper.
 */
import type { AzurePipelinesCallback } from '../../core/checks/azure-pipelines-request.ts';
import type { Clock, VerdictSender } from '../../core/ports.ts';
import { UpstreamError } from '../../core/runtime/errors.ts';
import { parseRetryAfter } from '../../core/runtime/retry-after.ts';
import type { Reply } from './http.ts';
import { isNotYet, isRejected, poster } from './http.ts';

/** The version that the samples in the documentation send. */
const eventsVersion = '2.0-preview.1';
const feedVersion = '4.1';
const who = 'Azure Pipelines';
/**
 * https://github.com/microsoft/azure-pipelines-tasks/issues/15470: a verdict that comes too late is answered with 500.
 */
const ended = /OrchestrationSessionNotFoundException|TaskOrchestrationPlanTerminatedException/;
/** A log line sent along with the verdict must not delay it. */
const lastLineMs = 2_000;

export function azurePipelinesSender(deps: {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}): VerdictSender {
  const post = poster(who, deps.fetch);
  const postQuickly = poster(who, deps.fetch, lastLineMs);

  const feedUrl = (callback: AzurePipelinesCallback) =>
    `${planUrl(callback)}/timelines/${callback.timelineId}/records/${callback.jobId}/feed?api-version=${feedVersion}`;
  async function postLine(posted: typeof post, text: string, line: string): Promise<void> {
    const callback: AzurePipelinesCallback = JSON.parse(text);
    const reply = await posted(feedUrl(callback), bearer(callback), { value: [line], count: 1 });
    if (!isAccepted(reply.status)) throw toUpstreamError(reply, deps.clock);
  }

  return {
    maxLines: 1_000,
    progress: (text, line) => postLine(post, text, line),
    lastLine: (text, line) => postLine(postQuickly, text, line),
    async verdict(text, { result }) {
      const callback: AzurePipelinesCallback = JSON.parse(text);
      const { taskInstanceId: taskId, jobId } = callback;
      const event = { name: 'TaskCompleted', taskId, jobId, result };
      const reply = await post(`${planUrl(callback)}/events?api-version=${eventsVersion}`, bearer(callback), event);
      if (isAccepted(reply.status)) return 'delivered';
      if (isEnded(reply)) return 'dead';
      if (isNotYet(reply.status)) return { notYet: `${who} (${reply.status})` };
      throw toUpstreamError(reply, deps.clock);
    },
  };
}

function planUrl({ planUrl: base, projectId, hubName, planId }: AzurePipelinesCallback): string {
  const [project, hub, plan] = [projectId, hubName, planId].map(encodeURIComponent);
  return `${base}/${project}/_apis/distributedtask/hubs/${hub}/plans/${plan}`;
}

function bearer({ authToken }: AzurePipelinesCallback): Record<string, string> {
  return { authorization: `Bearer ${authToken}` };
}

/** 203 is the service's sign-in page, which it sends for an unknown token. */
function isAccepted(status: number): boolean {
  return status >= 200 && status < 300 && status !== 203;
}

function isRefused(status: number): boolean {
  return [203, 401, 403].includes(status) || (status >= 300 && status < 400);
}

function isEnded({ status, text }: Reply): boolean {
  return status === 410 || (status >= 400 && ended.test(text));
}

function toUpstreamError({ status, headers }: Reply, clock: Clock): UpstreamError {
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), clock.now());
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (isRefused(status)) return new UpstreamError('unauthorized', `${who} (${status})`, asked);
  const isTooMuch = status === 429 || (status === 503 && retryAfterMs !== undefined);
  if (isTooMuch) return new UpstreamError('throttled', `${who} (${status})`, asked);
  return new UpstreamError(isRejected(status) ? 'invalid' : 'unavailable', `${who} (${status})`, asked);
}
