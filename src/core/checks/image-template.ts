/**
 * Which image a deployment is of, where nobody says: `contoso.azurecr.io/{owner}/{repo}:{sha}`. Filled in with names
 * that images may have: owner and repository in lower case, and a branch's slashes as dashes.
 */
import type { Parsed } from '../parsed.ts';
import { parsed, problem, quote } from '../parsed.ts';
import { parseReference } from '../reference.ts';

export interface Deployed {
  readonly owner: string;
  readonly repository: string;
  /** Its full id, as GitHub gives it. */
  readonly commit: string;
  readonly ref: string;
  readonly environment: string;
}

/** Filled in with these, a template must make an image's name. */
const example: Deployed = {
  owner: 'contoso',
  repository: 'app',
  commit: 'd6fde92930d4715a2b49857d24b940956b26d2d3',
  ref: 'main',
  environment: 'production',
};

const fillers: Readonly<Record<string, (deployed: Deployed) => string>> = {
  '{owner}': ({ owner }) => owner.toLowerCase(),
  '{repo}': ({ repository }) => repository.toLowerCase(),
  '{sha}': ({ commit }) => commit,
  '{ref}': ({ ref }) => toWord(ref.replace(/^refs\/(?:heads|tags)\//, '')),
  '{environment}': ({ environment }) => toWord(environment),
};
const placeholders = Object.keys(fillers);

/** @returns the template itself, which is good for `fillImageTemplate` */
export function parseImageTemplate(template: string, field = 'GITHUB_IMAGE_TEMPLATE'): Parsed<string> {
  const unknown = template.match(/\{[^}]*\}?/g)?.find((found) => !placeholders.includes(found));
  if (unknown !== undefined) {
    return problem(field, `${quote(unknown)} is none of ${placeholders.join(' ')} (got ${quote(template)})`);
  }
  const filled = parseReference(fillImageTemplate(template, example), field);
  return filled.ok ? parsed(template) : filled;
}

export function fillImageTemplate(template: string, deployed: Deployed): string {
  return template.replaceAll(/\{[a-z]+\}/g, (name) => fillers[name]?.(deployed) ?? name);
}

function toWord(text: string): string {
  return text.replaceAll(/[^\w.-]+/g, '-');
}
