/**
 * Azure Pipelines' side of a check: lines for its log, and the event that ends it, with the token that came with the
 * check. A plan that has ended answers 404 or a 500 of its own: then nobody waits any more.
 * Source: Azure DevOps documentation, "Invoke Azure Function / REST API checks"; microsoft/azure-pipelines-extensions,
 * ServerTaskHelper.
 */
import type { AzurePipelinesCallback } from '../../core/checks/azure-pipelines-check.ts';
import type { VerdictSender } from '../../core/checks/check-ports.ts';
import { WorldError } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import { parseRetryAfter } from '../../core/retry-after.ts';
import type { Reply } from './http.ts';
import { poster } from './http.ts';

/** As the samples of the documentation send them. */
const eventsVersion = '2.0-preview.1';
const feedVersion = '4.1';
const who = 'Azure Pipelines';
/** https://github.com/microsoft/azure-pipelines-tasks/issues/15470: a verdict that comes too late is answered 500. */
const ended = /OrchestrationSessionNotFoundException|TaskOrchestrationPlan(?:NotFound|Terminated)Exception/;
/** A line beside the verdict must not hold it up. */
const lastLineMs = 2_000;

export function azurePipelinesSender(parts: {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}): VerdictSender {
  const post = poster(who, parts.fetch);
  const postQuickly = poster(who, parts.fetch, lastLineMs);

  const feedUrl = (callback: AzurePipelinesCallback) =>
    `${planUrl(callback)}/timelines/${callback.timelineId}/records/${callback.jobId}/feed?api-version=${feedVersion}`;
  const lines = (line: string) => ({ value: [line], count: 1 });

  return {
    mostLines: 1_000,
    async progress(text, line) {
      const callback: AzurePipelinesCallback = JSON.parse(text);
      const reply = await post(feedUrl(callback), bearer(callback), lines(line));
      if (!isTaken(reply.status)) throw toWorldError(reply, parts.clock);
    },
    async verdict(text, { result, comment }) {
      const callback: AzurePipelinesCallback = JSON.parse(text);
      // Before the event: a plan that has ended takes no lines.
      await postQuickly(feedUrl(callback), bearer(callback), lines(comment)).catch(() => undefined);
      const { taskInstanceId: taskId, jobId } = callback;
      const event = { name: 'TaskCompleted', taskId, jobId, result };
      const reply = await post(`${planUrl(callback)}/events?api-version=${eventsVersion}`, bearer(callback), event);
      if (isTaken(reply.status)) return 'taken';
      if (isDead(reply)) return 'dead';
      throw toWorldError(reply, parts.clock);
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

/** 203 is how the service shows its sign-in page to a token that it does not know. */
function isTaken(status: number): boolean {
  return status >= 200 && status < 300 && status !== 203;
}

function isRefused(status: number): boolean {
  return status === 401 || status === 403 || status === 203 || (status >= 300 && status < 400);
}

function isDead({ status, text }: Reply): boolean {
  if (status >= 500) return ended.test(text);
  return status >= 400 && !isRefused(status) && status !== 408 && status !== 429;
}

function toWorldError({ status, headers }: Reply, clock: Clock): WorldError {
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), clock.now());
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (isRefused(status)) return new WorldError('refused', `${who} (${status})`, asked);
  const isTooMuch = status === 429 || (status === 503 && retryAfterMs !== undefined);
  return new WorldError(isTooMuch ? 'throttled' : 'unavailable', `${who} (${status})`, asked);
}
