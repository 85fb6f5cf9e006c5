/**
 * Reads the parameters that availability, wait and events share: the image and its required regions. Refusals name the
 * field and what would be accepted.
 */
import type { HttpResponseInit } from '@azure/functions';
import * as z from 'zod';
import type { AvailabilityQuery } from '../../core/image/availability.ts';
import type { Registry } from '../../core/model/registry.ts';
import { findRegistryByHost, findRegistryByName } from '../../core/model/registry.ts';
import { isKnown } from '../../core/model/replica-set.ts';
import { ReplicasUnknownError } from '../../core/model/replicas-unknown.ts';
import type { Requirement } from '../../core/model/requirement.ts';
import { parseRequirement } from '../../core/model/requirement.ts';
import { describeUntracked, listRegistries, parseParts, resolveImage } from '../../core/query/resolve-image.ts';
import type { Tracker } from '../../core/tracker.ts';
import type { Query, Read } from './input.ts';
import { readInput, registryInput } from './input.ts';
import { badRequest, problemResponse, upstreamProblem } from './problem.ts';

export const imageInput = z
  .string('is required: an image reference such as myregistry.azurecr.io/team/app:v1')
  .trim()
  .meta({
    description:
      'An image reference. No tag and no digest means `:latest`; regional login servers mean the same image.',
    examples: ['myregistry.azurecr.io/team/app:v1', 'myregistry.azurecr.io/team/app:v1@sha256:…'],
  });

export const imageQuery = z.object({ image: imageInput });

/** `parseRequirement` checks what depends on the replica set; it reads an empty text as the default. */
export const requirementQuery = z.object({
  regions: z
    .string()
    .optional()
    .meta({
      description:
        'Regions that must have it, separated by commas or line breaks, or each by itself. Default: all expected.',
      examples: ['eastus,westeurope'],
    }),
  require: z.string().optional().meta({
    description: 'How many of these regions must have it: `all` (default), `any` or a number.',
    pattern: '^\\s*(all|any|[1-9][0-9]{0,2})?\\s*$',
    default: 'all',
  }),
  platforms: z
    .string()
    .optional()
    .meta({
      description: 'Of an index, only the manifests of these platforms are waited for, separated by commas.',
      examples: ['linux/amd64,linux/arm64'],
    }),
  artifacts: z
    .string()
    .optional()
    .meta({
      description:
        'What must be attached to it and be there as well, separated by commas: `signature`, `sbom`, `attestation`, or artifact types.',
      examples: ['signature,sbom'],
    }),
});

export const registryQuery = z.object({ registry: registryInput.optional() });

export function readQuestion(query: Query, tracker: Tracker): Read<AvailabilityQuery> {
  const input = readInput(imageQuery, query);
  if ('refusal' in input) return input;
  const resolved = resolveImage(input.value.image, tracker.registries);
  if (resolved.kind === 'invalid') return { refusal: badRequest(resolved.problems) };
  if (resolved.kind === 'untracked') return { refusal: unknownRegistry(resolved.host, tracker) };
  const parts = parseParts(query('artifacts') ?? undefined, query('platforms') ?? undefined);
  return parts.ok ? { value: { ...resolved.image, ...parts.value } } : { refusal: badRequest(parts.problems) };
}

export async function readRequirement(query: Query, registry: Registry, tracker: Tracker): Promise<Read<Requirement>> {
  await tracker.ready(registry);
  const set = tracker.replicaSet(registry);
  // Observed regions are in the set already before ARM has reported the others.
  if (!isKnown(set)) return { refusal: upstreamProblem(new ReplicasUnknownError(registry, set)) };
  const input = readInput(requirementQuery, query);
  if ('refusal' in input) return input;
  const { regions, require } = input.value;
  const requirement = parseRequirement({ regions, require }, set);
  return requirement.ok ? { value: requirement.value } : { refusal: badRequest(requirement.problems) };
}

/** By name or login server; optional while only one registry is tracked. */
export function readRegistry(query: Query, tracker: Tracker): Read<Registry> {
  const input = readInput(registryQuery, query);
  if ('refusal' in input) return input;
  const name = input.value.registry;
  const [only, ...others] = tracker.registries;
  if (name === undefined) {
    if (only !== undefined && others.length === 0) return { value: only };
    return refuse('registry', `is required: one of ${listRegistries(tracker.registries)}`);
  }
  const registry = findRegistryByName(tracker.registries, name) ?? findRegistryByHost(tracker.registries, name);
  return registry === undefined ? { refusal: unknownRegistry(name, tracker) } : { value: registry };
}

export function unknownRegistry(name: string, tracker: Tracker): HttpResponseInit {
  return problemResponse(404, describeUntracked(name, tracker.registries));
}

export function refuse(field: string, reason: string): { readonly refusal: HttpResponseInit } {
  return { refusal: badRequest([{ field, reason }]) };
}
