/**
 * What a deployment asks for: the payload has the same fields as every other check; where it names no image, the template does.
 * Problems become a verdict "failed" with a comment, since GitHub shows no other answer.
 */
import type { FieldProblem, Parsed } from '../runtime/parsed.ts';
import { parsed, problem } from '../runtime/parsed.ts';
import type { GithubRequest } from './github-request.ts';
import { fillImageTemplate } from './image-template.ts';
import type { CheckBody } from './request-body.ts';
import { parseCheckBody } from './request-body.ts';

/** Without images when it has a refusal. */
interface GithubQuestion extends CheckBody {
  /** Why its verdict must be "failed"; `undefined` when no problem was found. */
  readonly refusal: string | undefined;
}

export function readGithubQuestion(request: GithubRequest, template: string | undefined): GithubQuestion {
  const { payload } = request;
  // A payload may be any JSON; one that is not an object names no image.
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
  const body = parseCheckBody(isObject ? payload : {}, 'deployment.payload.');
  if (!body.ok) return refused(body.problems);
  const isNamed = body.value.images.length > 0 || body.value.release !== undefined;
  const images = isNamed ? parsed(body.value.images) : imagesOf(request, template);
  return images.ok ? { ...body.value, images: images.value, refusal: undefined } : refused(images.problems);
}

function imagesOf({ deployed }: GithubRequest, template: string | undefined): Parsed<readonly string[]> {
  if (template !== undefined) return fillImageTemplate(template, deployed);
  const reason =
    'deployment.payload.image is not set, nor are images or release, and there is no GITHUB_IMAGE_TEMPLATE';
  return problem('no image', reason);
}

function refused(problems: readonly FieldProblem[]): GithubQuestion {
  const refusal = problems.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
  return { images: [], release: undefined, regions: undefined, require: undefined, timeoutMs: 0, refusal };
}
