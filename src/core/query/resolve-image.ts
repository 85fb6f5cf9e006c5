/**
 * Resolves a text to an image of a registry, and parses which parts of it are asked for. All entry points read these alike; each
 * reports problems in its own way.
 */
import { parseArtifacts } from '../image/attached.ts';
import type { AvailabilityQuery } from '../image/availability.ts';
import { parsePlatforms } from '../image/platforms.ts';
import { parseReference } from '../model/reference.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByHost } from '../model/registry.ts';
import type { FieldProblem, Parsed } from '../runtime/parsed.ts';
import { parsed, quote } from '../runtime/parsed.ts';

type ResolvedImage =
  | { readonly kind: 'image'; readonly image: Pick<AvailabilityQuery, 'registry' | 'repository' | 'tag' | 'digest'> }
  | { readonly kind: 'invalid'; readonly problems: readonly FieldProblem[] }
  /** The host is not a registry of the settings. */
  | { readonly kind: 'untracked'; readonly host: string };

/** @param field the name of the input that holds the text, for the problem */
export function resolveImage(text: string, registries: readonly Registry[], field?: string): ResolvedImage {
  const reference = parseReference(text, field);
  if (!reference.ok) return { kind: 'invalid', problems: reference.problems };
  const { registry: host, repository, tag, digest } = reference.value;
  const registry = findRegistryByHost(registries, host);
  if (registry === undefined) return { kind: 'untracked', host };
  return { kind: 'image', image: { registry, repository, tag, digest } };
}

export function describeUntracked(name: string, registries: readonly Registry[]): string {
  return `Registry ${quote(name)} is not tracked here; tracked: ${listRegistries(registries)}.`;
}

export function listRegistries(registries: readonly Registry[]): string {
  return registries.map(({ loginServer }) => loginServer).join(', ');
}

/** Parses the artifacts that must be attached, and the platforms that are enough; both separated by commas. */
export function parseParts(
  artifacts: string | undefined,
  platforms: string | undefined,
): Parsed<{ readonly artifacts: readonly string[]; readonly platforms: readonly string[] }> {
  const attached = parseArtifacts(artifacts);
  if (!attached.ok) return attached;
  const run = parsePlatforms(platforms);
  return run.ok ? parsed({ artifacts: attached.value, platforms: run.value }) : run;
}
