/**
 * Accepts GitHub's requests for a custom deployment protection rule. The signature over the raw bytes authenticates
 * them, so the body is parsed only after the signature matches. GitHub shows our answer to no one, so a fault in the
 * question is returned as a rejection with a comment.
 */
import type { HttpFunctionOptions, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import * as z from 'zod';
import type { CallbackOrigins } from '../../core/checks/callback-origins.ts';
import { checkId } from '../../core/checks/check-id.ts';
import type { Checks } from '../../core/checks/checks.ts';
import { readGithubQuestion } from '../../core/checks/github-question.ts';
import { parseGithubRequest } from '../../core/checks/github-request.ts';
import { describeAsked } from '../../core/checks/resolve-question.ts';
import { failed } from '../../core/checks/verdict-messages.ts';
import { quote } from '../../core/runtime/parsed.ts';
import { checkAccepted, checksAreOff } from '../documents/check-answers.ts';
import { isSignedByGithub } from '../http/github-signature.ts';
import { httpHandler, json, noQuery } from '../http/http.ts';
import { emptyBody } from '../http/json-body.ts';
import { badRequest, problemResponse } from '../http/problem.ts';
import type { RouteDescription } from '../http/route.ts';
import { named, refusals } from '../http/route.ts';

interface GithubCheckDeps {
  /** `undefined` without `CALLBACK_KEY`. */
  readonly checks: Pick<Checks, 'read' | 'accept'> | undefined;
  readonly origins: CallbackOrigins;
  readonly webhookSecret: string;
  /** For deployments whose payload names no image. */
  readonly imageTemplate: string | undefined;
}

const maxBody = 1024 * 1024;
const ruleEvent = 'deployment_protection_rule';
const maxDelivery = 200;

const checkIgnored = named('CheckIgnored', () => z.object({ outcome: z.enum(['pong', 'ignored']) }));

export function describeGithubCheck(): RouteDescription {
  const header = (text: string) => z.string().describe(text);
  return {
    operation: 'acceptGithubCheck',
    method: 'post',
    path: '/api/checks/github',
    summary: 'Accepts a request of a GitHub deployment protection rule; the verdict follows as a callback',
    detail: 'If the image or the regions are wrong, the deployment is rejected with a comment, where people see it.',
    auth: 'githubSignature',
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

export function checkGithubFunction(parts: GithubCheckDeps): HttpFunctionOptions {
  return {
    methods: ['POST'],
    // GitHub would show a function key in its settings; the signature authenticates it.
    authLevel: 'anonymous',
    route: 'api/checks/github',
    handler: httpHandler(noQuery, async function acceptGithubCheck(request, context) {
      const tooLarge = () => problemResponse(413, `The body may have at most ${maxBody} bytes.`);
      if (Number(request.headers.get('content-length') ?? 0) > maxBody) return tooLarge();
      const bytes = new Uint8Array(await request.arrayBuffer());
      if (bytes.byteLength > maxBody) return tooLarge();
      // Before the signature, which cannot match an empty body: the body was lost between GitHub and the app.
      if (bytes.byteLength === 0) return emptyBody("one of GitHub's events");
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
      return acceptRequest(parts, request, bytes, context);
    }),
  };
}

async function acceptRequest(
  { checks, origins, imageTemplate }: GithubCheckDeps,
  request: HttpRequest,
  bytes: Uint8Array,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  if (checks === undefined) return checksAreOff();
  const body = parseGithubRequest(parseJson(bytes), origins);
  if (!body.ok) return badRequest(body.problems);
  if (body.value === undefined) return ignored(context, 'action');
  const delivery = request.headers.get('x-github-delivery') ?? '';
  if (delivery === '' || delivery.length > maxDelivery) {
    return badRequest([{ field: 'X-GitHub-Delivery', reason: 'is required: the id of the delivery' }]);
  }
  const { callback } = body.value;
  const question = readGithubQuestion(body.value, imageTemplate);
  const asked = question.refusal === undefined ? await checks.read(question) : undefined;
  const isRefused = asked?.kind === 'invalid' || asked?.kind === 'unknownRegistry';
  const refusal = isRefused ? describeAsked(asked) : question.refusal;
  const id = checkId('github', delivery, callback.callbackUrl, callback.environment);
  await checks.accept({
    id,
    kind: 'github',
    images: question.images,
    release: question.release,
    regions: question.regions,
    require: question.require,
    artifacts: question.artifacts,
    platforms: question.platforms,
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
