/**
 * Accepts an Azure Pipelines check "Invoke Azure Function" in callback mode. The pipeline waits three seconds for the
 * answer, calls once and then pauses, so the answer is 200 only after the check is stored durably.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import { parseAzurePipelinesCallback } from '../../core/checks/azure-pipelines-request.ts';
import type { CallbackOrigins } from '../../core/checks/callback-origins.ts';
import { checkId } from '../../core/checks/check-id.ts';
import type { Checks } from '../../core/checks/checks.ts';
import { checkBody, parseCheckBody } from '../../core/checks/request-body.ts';
import type { FieldProblem } from '../../core/runtime/parsed.ts';
import { checkAccepted, checksAreOff } from '../documents/check-answers.ts';
import { httpHandler, json, noQuery } from '../http/http.ts';
import { readJsonBody } from '../http/json-body.ts';
import { badRequest, problemResponse } from '../http/problem.ts';
import type { RouteDescription } from '../http/route.ts';
import { noKey, refusals } from '../http/route.ts';

interface AzurePipelinesCheckDeps {
  /** `undefined` without `CALLBACK_KEY`. */
  readonly checks: Pick<Checks, 'read' | 'accept'> | undefined;
  readonly origins: CallbackOrigins;
}

const maxBody = 64 * 1024;
const noImage: FieldProblem = {
  field: 'image',
  reason:
    'is required: an image reference such as myregistry.azurecr.io/app:v1, several of them as images, or a release',
};

export function describeAzurePipelinesCheck(): RouteDescription {
  const header = (text: string) => z.string().describe(text);
  return {
    operation: 'acceptAzurePipelinesCheck',
    method: 'post',
    path: '/api/checks/azure-pipelines',
    summary: 'Accepts an Azure Pipelines check; the verdict follows as a callback',
    detail:
      'For the check "Invoke Azure Function" with the completion event "Callback", which sends these headers. ' +
      'The body names `image`, `images` or both, or a `release`.',
    auth: 'functionKey',
    headers: z.object({
      PlanUrl: header('The address of the organisation; `CALLBACK_ORIGINS` must allow it.'),
      ProjectId: header('`$(system.TeamProjectId)`'),
      HubName: header('`$(system.HostType)`'),
      PlanId: header('`$(system.PlanId)`'),
      JobId: header('`$(system.JobId)`'),
      TimelineId: header('`$(system.TimelineId)`'),
      TaskInstanceId: header('`$(system.TaskInstanceId)`'),
      AuthToken: header('`$(system.AccessToken)`; stored encrypted until the verdict is accepted.'),
    }),
    body: checkBody,
    answers: {
      200: { description: 'Stored. The same check sent again is answered the same.', schema: checkAccepted() },
      ...refusals(400, 404, 413, 503),
      ...noKey,
    },
  };
}

export function checkAzurePipelinesFunction({ checks, origins }: AzurePipelinesCheckDeps): HttpFunctionOptions {
  return {
    methods: ['POST'],
    authLevel: 'function',
    route: 'api/checks/azure-pipelines',
    handler: httpHandler(noQuery, async function acceptAzurePipelinesCheck(request) {
      if (checks === undefined) return checksAreOff();
      const callback = parseAzurePipelinesCallback((name) => request.headers.get(name), origins);
      const sent = await readJsonBody(request, maxBody, 'the question such as {"image": "…"}');
      if ('refusal' in sent) return callback.ok ? sent.refusal : badRequest(callback.problems);
      const body = parseCheckBody(sent.value);
      const problems: FieldProblem[] = [...(callback.ok ? [] : callback.problems), ...(body.ok ? [] : body.problems)];
      if (body.ok && body.value.images.length === 0 && body.value.release === undefined) problems.push(noImage);
      if (!callback.ok || !body.ok || problems.length > 0) return badRequest(problems);

      const { timeoutMs, ...text } = body.value;
      const asked = await checks.read(text);
      if (asked.kind === 'invalid') return badRequest(asked.problems);
      if (asked.kind === 'unknownRegistry') return problemResponse(404, asked.reason);
      const { planUrl, projectId, hubName, planId, jobId, taskInstanceId } = callback.value;
      // These ids are unique within an organisation only, so the id of the check includes the URL of the organisation.
      const id = checkId('azurePipelines', planUrl, projectId, hubName, planId, jobId, taskInstanceId);
      const address = JSON.stringify(callback.value);
      await checks.accept({ id, kind: 'azurePipelines', ...text, timeoutMs, callback: address });
      return json(200, { check: id, outcome: 'accepted' });
    }),
  };
}
