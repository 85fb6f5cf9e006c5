/**
 * Takes an Azure Pipelines check "Invoke Azure Function" in callback mode. The pipeline gives us three seconds, asks
 * once and then stands still: so the answer is 200 only after the check is stored where it cannot be lost.
 */
import type { HttpFunctionOptions } from '@azure/functions';
import * as z from 'zod';
import { parseAzurePipelinesCallback } from '../core/checks/azure-pipelines-check.ts';
import type { CallbackOrigins } from '../core/checks/callback-origins.ts';
import { checkBody, parseCheckBody } from '../core/checks/check-body.ts';
import { checkId } from '../core/checks/check-id.ts';
import type { Checks } from '../core/checks/checks.ts';
import type { FieldProblem } from '../core/parsed.ts';
import { checkAccepted, checksAreOff } from './check-answers.ts';
import { httpHandler, json } from './http.ts';
import { readJsonBody } from './json-body.ts';
import { badRequest, problemResponse } from './problem.ts';
import type { RouteDescription } from './route.ts';
import { noKey, refusals } from './route.ts';

export interface AzurePipelinesCheckParts {
  /** `undefined` without `CALLBACK_KEY`. */
  readonly checks: Pick<Checks, 'read' | 'accept'> | undefined;
  readonly origins: CallbackOrigins;
}

const largestBody = 64 * 1024;

export function describeAzurePipelinesCheck(): RouteDescription {
  const header = (text: string) => z.string().describe(text);
  return {
    operation: 'acceptAzurePipelinesCheck',
    method: 'post',
    path: '/api/checks/azure-pipelines',
    summary: 'Takes an Azure Pipelines check; the verdict is called back',
    detail: 'For the check "Invoke Azure Function" with the completion event "Callback", which sends these headers.',
    lock: 'functionKey',
    headers: z.object({
      PlanUrl: header('The address of the organisation; `CALLBACK_ORIGINS` must allow it.'),
      ProjectId: header('`$(system.TeamProjectId)`'),
      HubName: header('`$(system.HostType)`'),
      PlanId: header('`$(system.PlanId)`'),
      JobId: header('`$(system.JobId)`'),
      TimelineId: header('`$(system.TimelineId)`'),
      TaskInstanceId: header('`$(system.TaskInstanceId)`'),
      AuthToken: header('`$(system.AccessToken)`; stored encrypted until the verdict is taken.'),
    }),
    body: checkBody.required({ image: true }),
    answers: {
      200: { description: 'Stored. The same check sent again is answered the same.', schema: checkAccepted() },
      ...refusals(400, 404, 413, 503),
      ...noKey,
    },
  };
}

export function checkAzurePipelinesFunction({ checks, origins }: AzurePipelinesCheckParts): HttpFunctionOptions {
  return {
    methods: ['POST'],
    authLevel: 'function',
    route: 'api/checks/azure-pipelines',
    handler: httpHandler(async function acceptAzurePipelinesCheck(request) {
      if (checks === undefined) return checksAreOff();
      const callback = parseAzurePipelinesCallback((name) => request.headers.get(name), origins);
      const sent = await readJsonBody(request, largestBody, 'the question such as {"image": "…"}');
      if ('refusal' in sent) return callback.ok ? sent.refusal : badRequest(callback.problems);
      const body = parseCheckBody(sent.value);
      const problems: FieldProblem[] = [...(callback.ok ? [] : callback.problems), ...(body.ok ? [] : body.problems)];
      if (body.ok && body.value.image === undefined) {
        problems.push({
          field: 'image',
          reason: 'is required: an image reference such as myregistry.azurecr.io/app:v1',
        });
      }
      if (!callback.ok || !body.ok || problems.length > 0) return badRequest(problems);

      const { image = '', regions, require, timeoutMs } = body.value;
      const asked = await checks.read({ image, regions, require });
      if (asked.kind === 'wrong') return badRequest(asked.problems);
      if (asked.kind === 'unknownRegistry') return problemResponse(404, asked.reason);
      const { planId, jobId, taskInstanceId } = callback.value;
      const id = checkId('azurePipelines', planId, jobId, taskInstanceId);
      const address = JSON.stringify(callback.value);
      await checks.accept({ id, kind: 'azurePipelines', image, regions, require, timeoutMs, callback: address });
      return json(200, { check: id, outcome: 'accepted' });
    }),
  };
}
