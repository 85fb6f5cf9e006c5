/**
 * Names the images of a deployment whose payload does not: `contoso.azurecr.io/{owner}/{repo}:sha-{sha:7}`, or several,
 * separated by white space. Values are made valid for image names: owner and repository in lower case, slashes of a branch
 * as dashes.
 */

import { parseReference } from '../model/reference.ts';
import { maxImages, splitImages } from '../query/several-images.ts';
import type { Parsed } from '../runtime/parsed.ts';
import { parsed, problem, quote } from '../runtime/parsed.ts';

export interface Deployed {
  readonly owner: string;
  readonly repository: string;
  /** The full id, as GitHub gives it; `undefined` where it gives none. */
  readonly commit: string | undefined;
  readonly ref: string | undefined;
  readonly environment: string;
}

/** A template is valid if it gives image references with these values. */
const example: Deployed = {
  owner: 'contoso',
  repository: 'app',
  commit: 'd6fde92930d4715a2b49857d24b940956b26d2d3',
  ref: 'main',
  environment: 'production',
};

/** @returns `undefined` where the request does not say */
type Filler = (deployed: Deployed, digits: number | undefined) => string | undefined;

const fillers: Readonly<Record<string, Filler>> = {
  '{owner}': ({ owner }) => owner.toLowerCase(),
  '{repo}': ({ repository }) => repository.toLowerCase(),
  '{sha}': ({ commit }, digits) => commit?.slice(0, digits),
  '{ref}': ({ ref }) => (ref === undefined ? undefined : toWord(ref.replace(/^refs\/(?:heads|tags)\//, ''))),
  '{environment}': ({ environment }) => toWord(environment),
};
/** A commit's id has 40 digits. */
const placeholder = /\{(?:(owner|repo|sha|ref|environment)|sha:([1-9]|[1-3]\d|40))\}/g;
const known = '{owner} {repo} {sha} {sha:1} to {sha:40} {ref} {environment}';

/** @returns the template itself, once it is valid for `fillImageTemplate` */
export function parseImageTemplate(template: string, field = 'GITHUB_IMAGE_TEMPLATE'): Parsed<string> {
  const [unknown] = /\{[^}]*\}?/.exec(template.replaceAll(placeholder, '')) ?? [];
  if (unknown !== undefined) return problem(field, `${quote(unknown)} is none of ${known} (got ${quote(template)})`);
  const filled = fillImageTemplate(template, example, field);
  if (!filled.ok) return filled;
  const [first = '', ...more] = filled.value;
  if (more.length >= maxImages) return problem(field, `must name at most ${maxImages} images (got ${more.length + 1})`);
  const invalid = [first, ...more].map((image) => parseReference(image, field)).find(({ ok }) => !ok);
  return invalid === undefined || invalid.ok ? parsed(template) : invalid;
}

/** @returns each image once; a problem where the request does not have a value that the template names */
export function fillImageTemplate(
  template: string,
  deployed: Deployed,
  field = 'GITHUB_IMAGE_TEMPLATE',
): Parsed<readonly string[]> {
  const absent = new Set<string>();
  const fill = (image: string) =>
    image.replaceAll(placeholder, (found: string, name = 'sha', digits?: string) => {
      const value = fillers[`{${name}}`]?.(deployed, digits === undefined ? undefined : Number(digits));
      if (value === undefined) absent.add(found);
      return value ?? '';
    });
  // Split before filling: white space or commas in a value make no further image.
  const images = [...new Set(splitImages(template).map(fill))];
  if (absent.size === 0) return parsed(images);
  return problem(field, `names ${[...absent].join(' and ')}, which GitHub did not send`);
}

function toWord(text: string): string {
  return text.replaceAll(/[^\w.-]+/g, '-');
}
