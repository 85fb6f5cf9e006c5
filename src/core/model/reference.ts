/**
 * An image reference as people write it, read by Docker's rules: `registry/repository[:tag][@digest]`. With rules of its own the
 * tracker could answer about another image than the one that is pulled: `localhost/app` is an image of this machine, and no tag
 * means `latest`. `app` and `team/app` are on Docker Hub, which is not tracked, so the answer is that the login server is missing.
 * Grammar: distribution/reference. Which names have a host: Docker's reference normalisation.
 */

import type { Parsed } from '../runtime/parsed.ts';
import { parsed, problem, quote } from '../runtime/parsed.ts';
import type { Digest } from './digest.ts';
import { digestRule, parseDigest } from './digest.ts';

declare const repositoryBrand: unique symbol;
export type Repository = string & { readonly [repositoryBrand]: true };
declare const tagBrand: unique symbol;
export type Tag = string & { readonly [tagBrand]: true };

export interface Reference {
  /** Host, lower case, with a port if one was written. */
  readonly registry: string;
  readonly repository: Repository;
  /** `latest` when neither tag nor digest was written. */
  readonly tag: Tag | undefined;
  readonly digest: Digest | undefined;
}

const label = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${label}(?:/${label})*$`);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const hostLabel = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const hostPattern = new RegExp(`^(?:${hostLabel}(?:\\.${hostLabel})*|\\[[0-9a-f:]+\\])(?::\\d{1,5})?$`, 'i');
const maxReference = 1024;

export const repositoryRule =
  'must be 1 to 255 characters: lower-case letters and digits, separated by "/", ".", "_", "__" or dashes';
export const tagRule = 'must be 1 to 128 characters: letters, digits, "_", "." and "-", not starting with "." or "-"';

export function parseRepository(text: unknown): Repository | undefined {
  return typeof text === 'string' && text.length <= 255 && repositoryPattern.test(text)
    ? (text as Repository)
    : undefined;
}

export function parseTag(text: unknown): Tag | undefined {
  return typeof text === 'string' && tagPattern.test(text) ? (text as Tag) : undefined;
}

/** @param field the name of the input that holds the reference, for the problem */
export function parseReference(text: string, field = 'image'): Parsed<Reference> {
  const refuse = (reason: string) => problem(field, `${reason} (got ${quote(text)})`);
  if (text === '') return refuse('must name an image, such as myregistry.azurecr.io/team/app:v1');
  if (text.length > maxReference) return refuse(`must be at most ${maxReference} characters`);
  const [scheme] = /^[a-z]+:\/\//i.exec(text) ?? [];
  if (scheme !== undefined) return refuse(`must be an image reference, without "${scheme.toLowerCase()}"`);

  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1));
  if (at >= 0 && digest === undefined) return refuse(`the digest ${digestRule}`);

  const { domain, rest } = splitDomain(at < 0 ? text : text.slice(0, at));
  const colon = rest.indexOf(':');
  const tag = colon < 0 ? undefined : parseTag(rest.slice(colon + 1));
  if (colon >= 0 && tag === undefined) return refuse(`the tag ${tagRule}`);

  const path = colon < 0 ? rest : rest.slice(0, colon);
  if (domain === undefined) {
    return refuse("must begin with the registry's login server, such as myregistry.azurecr.io/team/app:v1");
  }
  if (!hostPattern.test(domain)) return refuse('the registry must be a host name such as myregistry.azurecr.io');
  const registry = domain.toLowerCase();
  const repository = parseRepository(path);
  if (repository === undefined) return refuse(`the repository ${repositoryRule}`);

  const latest = tag === undefined && digest === undefined ? ('latest' as Tag) : tag;
  return parsed({ registry, repository, tag: latest, digest });
}

/** The first component is a host only if it looks like one. */
function splitDomain(name: string): { domain: string | undefined; rest: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || /^localhost$/i.test(first);
  return isHost ? { domain: first, rest: name.slice(slash + 1) } : { domain: undefined, rest: name };
}

/** The inverse of `parseReference`; without a tag if `tag` is `undefined`. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}
