/**
 * What a deployment asks for: in its payload the same words as in every other check, and an image from the template
 * where it names none. What is wrong becomes a rejection: nobody on GitHub's side would see another answer.
 */
import type { CheckBody } from './check-body.ts';
import { parseCheckBody } from './check-body.ts';
import type { GithubRequest } from './github-check.ts';
import { fillImageTemplate } from './image-template.ts';

export interface GithubQuestion extends CheckBody {
  /** Empty when it is refused. */
  readonly image: string;
  /** Why it can have no other verdict than "failed"; `undefined` when nothing is wrong so far. */
  readonly refusal: string | undefined;
}

export function readGithubQuestion({ payload, deployed }: GithubRequest, template: string | undefined): GithubQuestion {
  // A payload may be anything; one that is no object names no image.
  const isObject = typeof payload === 'object' && payload !== null && !Array.isArray(payload);
  const body = parseCheckBody(isObject ? payload : {}, 'deployment.payload.');
  if (!body.ok) {
    const refusal = body.problems.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
    return { image: '', regions: undefined, require: undefined, timeoutMs: 0, refusal };
  }
  const image = body.value.image ?? (template === undefined ? undefined : fillImageTemplate(template, deployed));
  if (image !== undefined) return { ...body.value, image, refusal: undefined };
  const refusal = 'no image: deployment.payload.image is not set, and there is no GITHUB_IMAGE_TEMPLATE';
  return { ...body.value, image: '', refusal };
}
