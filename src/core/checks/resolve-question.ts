/**
 * Turns the text of a check into questions and their requirements. This is done when the check is accepted and at each
 * evaluation: the replica set, and even the settings, may have changed.
 */

import { parseArtifacts } from '../image/attached.ts';
import { parsePlatforms } from '../image/platforms.ts';
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { isKnown } from '../model/replica-set.ts';
import { ReplicasUnknownError } from '../model/replicas-unknown.ts';
import { parseRequirement } from '../model/requirement.ts';
import type { Asked } from '../query/ask.ts';
import { describeUntracked, resolveImage } from '../query/resolve-image.ts';
import { withoutRepeats } from '../query/several-images.ts';
import type { FieldProblem } from '../runtime/parsed.ts';
import type { AskedText } from './check.ts';

export type ResolvedCheck =
  /** One for each image, in the order asked, without repeats. */
  | { readonly kind: 'asked'; readonly asked: readonly Asked[] }
  /** The replicas are not known yet, so the requirement cannot be evaluated. */
  | { readonly kind: 'tooEarly'; readonly reason: string }
  | { readonly kind: 'unknownRegistry'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly problems: readonly FieldProblem[] };

/** @param text names at least one image */
export function resolveCheck(
  text: AskedText,
  registries: readonly Registry[],
  replicaSet: (registry: Registry) => ReplicaSet,
): ResolvedCheck {
  const asked: Asked[] = [];
  let tooEarly: ResolvedCheck | undefined;
  for (const image of text.images) {
    const one = readImage(image, text, registries, replicaSet);
    // Permanent problems are returned at once, also while the replicas of another registry are not known.
    if (one.kind === 'invalid' || one.kind === 'unknownRegistry') return one;
    if (one.kind === 'tooEarly') tooEarly ??= one;
    else asked.push(...one.asked);
  }
  return tooEarly ?? { kind: 'asked', asked: withoutRepeats(asked) };
}

function readImage(
  image: string,
  text: AskedText,
  registries: readonly Registry[],
  replicaSet: (registry: Registry) => ReplicaSet,
): ResolvedCheck {
  const resolved = resolveImage(image, registries);
  if (resolved.kind === 'invalid') return resolved;
  if (resolved.kind === 'untracked') {
    return { kind: 'unknownRegistry', reason: describeUntracked(resolved.host, registries) };
  }
  const { registry } = resolved.image;
  const set = replicaSet(registry);
  if (!isKnown(set)) return { kind: 'tooEarly', reason: new ReplicasUnknownError(registry, set).message };
  const requirement = parseRequirement(text, set);
  if (!requirement.ok) return { kind: 'invalid', problems: requirement.problems };
  const artifacts = parseArtifacts(text.artifacts);
  if (!artifacts.ok) return { kind: 'invalid', problems: artifacts.problems };
  const platforms = parsePlatforms(text.platforms);
  if (!platforms.ok) return { kind: 'invalid', problems: platforms.problems };
  const question = { ...resolved.image, artifacts: artifacts.value, platforms: platforms.value };
  return { kind: 'asked', asked: [{ question, requirement: requirement.value }] };
}

/** The registries of those images whose reference names a tracked one, each once. */
export function registriesOfAsked({ images }: AskedText, registries: readonly Registry[]): Registry[] {
  const meant = images.flatMap((image) => {
    const resolved = resolveImage(image, registries);
    return resolved.kind === 'image' ? [resolved.image.registry] : [];
  });
  return [...new Set(meant)];
}

/** What is wrong, in one line; `undefined` when nothing is. */
export function describeAsked(asked: ResolvedCheck): string | undefined {
  if (asked.kind === 'asked') return undefined;
  if (asked.kind !== 'invalid') return asked.reason;
  return asked.problems.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
}
