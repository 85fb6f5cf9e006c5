/**
 * Takes GitHub's requests for a custom deployment protection rule. The signature is the lock: nothing of the body is
 * looked at before it fits, and it is over the bytes as they were sent. GitHub shows nobody what we answer here, so what
 * is wrong with the question itself comes back as a rejection that says why.
 */
import type { HttpFunctionOptions, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import * as z from 'zod';
import type { CallbackOrigins } from '../core/checks/callback-origins.ts';
import { checkId } from '../core/checks/check-id.ts';
import { describeAsked } from '../core/checks/check-question.ts';
import { failed } from '../core/checks/check-words.ts';
import type { Checks } from '../core/checks/checks.ts';
import { parseGithubRequest } from '../core/checks/github-check.ts';
import { readGithubQuestion } from '../core/checks/github-question.ts';
import { quote } from '../core/parsed.ts';
import { checkAccepted, checksAreOff } from './check-answers.ts';
import { isSignedByGithub } from './github-signature.ts';
import { httpHandler, json } from './http.ts';
import { badRequest, problemResponse } from './problem.ts';
import type { RouteDescription } from './route.ts';
import { named, refusals } from './route.ts';

export interface GithubCheckParts {
  /** `undefined` without `CALLBACK_KEY`. */
  readonly checks: Pick<Checks, 'read' | 'accept'> | undefined;
  readonly origins: CallbackOrigins;
  readonly webhookSecret: string;
  /** For deployments whose payload names no image. */
  readonly imageTemplate: string | undefined;
}

const largestBody = 1024 * 1024;
const ruleEvent = 'deployment_protection_rule';
const longestDelivery = 200;

const checkIgnored = named('CheckIgnored', () => z.object({ outcome: z.enum(['pong', 'ignored']) }));

export function describeGithubCheck(): RouteDescription {
  const header = (text: string) => z.string().describe(text);
  return {
    operation: 'acceptGithubCheck',
    method: 'post',
    path: '/api/checks/github',
    summary: 'Takes a request of a GitHub deployment protection rule; the verdict is called back',
    detail: 'What is wrong with the image or the regions is told by a rejection with a comment, where people see it.',
    lock: 'githubSignature',
    headers: z.object({
      'X-GitHub-Event': header('`deployment_protection_rule`; every other event is ignored.'),
      'X-GitHub-Delivery': header('The same for a delivery that is sent again.'),
    }),
    body: z.looseObject({
      action: z.string(),
      environment: z.string().optional(),
      deployment_callback_url: z.string().optional().describe('`CALLBACK_ORIGINS` must allow it.'),
    }),
    answers: {
      200: { description: 'Nothing that asks for a verdict.', schema: checkIgnored() },
      202: { description: 'Stored. The same delivery sent again is answered the same.', schema: checkAccepted() },
      ...refusals(400, 401, 413, 503),
    },
  };
}

export function checkGithubFunction(parts: GithubCheckParts): HttpFunctionOptions {
  return {
    methods: ['POST'],
    // GitHub can send no function key without showing it in its settings; the signature is the lock.
    authLevel: 'anonymous',
    route: 'api/checks/github',
    handler: httpHandler(async function acceptGithubCheck(request, context) {
      const tooLarge = () => problemResponse(413, `The body may have at most ${largestBody} bytes.`);
      if (Number(request.headers.get('content-length') ?? 0) > largestBody) return tooLarge();
      const bytes = new Uint8Array(await request.arrayBuffer());
      if (bytes.byteLength > largestBody) return tooLarge();
      if (!isSignedByGithub(request.headers.get('x-hub-signature-256'), bytes, parts.webhookSecret)) {
        const detail = "X-Hub-Signature-256 must be GitHub's signature of the body, with the secret of the app.";
        return problemResponse(401, detail);
      }
      const event = request.headers.get('x-github-event') ?? '';
      if (event === '') {
        return badRequest([{ field: 'X-GitHub-Event', reason: 'is required: the name of the event' }]);
      }
      if (event === 'ping') return json(200, { outcome: 'pong' });
      if (event !== ruleEvent) return ignored(context, `event ${quote(event)}`);
      return takeRequest(parts, request, bytes, context);
    }),
  };
}

async function takeRequest(
  { checks, origins, imageTemplate }: GithubCheckParts,
  request: HttpRequest,
  bytes: Uint8Array,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  if (checks === undefined) return checksAreOff();
  const body = parseGithubRequest(parseJson(bytes), origins);
  if (!body.ok) return badRequest(body.problems);
  if (body.value === undefined) return ignored(context, 'action');
  const delivery = request.headers.get('x-github-delivery') ?? '';
  if (delivery === '' || delivery.length > longestDelivery) {
    return badRequest([{ field: 'X-GitHub-Delivery', reason: 'is required: the id of the delivery' }]);
  }
  const { callback } = body.value;
  const question = readGithubQuestion(body.value, imageTemplate);
  const asked = question.refusal === undefined ? await checks.read(question) : undefined;
  const isRefused = asked?.kind === 'wrong' || asked?.kind === 'unknownRegistry';
  const refusal = isRefused ? describeAsked(asked) : question.refusal;
  const id = checkId('github', delivery, callback.callbackUrl, callback.environment);
  await checks.accept({
    id,
    kind: 'github',
    image: question.image,
    regions: question.regions,
    require: question.require,
    timeoutMs: question.timeoutMs,
    callback: JSON.stringify(callback),
    ...(refusal === undefined ? {} : { verdict: failed(refusal) }),
  });
  return json(202, { check: id, outcome: 'accepted' });
}

function ignored(context: InvocationContext, what: string): HttpResponseInit {
  context.info(`ignored ${what} from GitHub`);
  return json(200, { outcome: 'ignored' });
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
