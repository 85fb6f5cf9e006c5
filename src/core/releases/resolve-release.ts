/**
 * Turns the content of a release into questions. This is done at each evaluation: the replica set, and even the settings, may
 * have changed.
 */
import type { Registry } from '../model/registry.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import { isKnown } from '../model/replica-set.ts';
import { ReplicasUnknownError } from '../model/replicas-unknown.ts';
import type { Requirement } from '../model/requirement.ts';
import { neededOf, withSet } from '../model/requirement.ts';
import type { Asked } from '../query/ask.ts';
import { resolveImage } from '../query/resolve-image.ts';
import { UpstreamError } from '../runtime/errors.ts';
import type { Tracker } from '../tracker.ts';
import type { ReleaseContent } from './release.ts';

type ResolvedRelease =
  /** One for each image, in the order of the content. */
  | { readonly kind: 'asked'; readonly asked: readonly Asked[] }
  /** A registry was removed from the settings. */
  | { readonly kind: 'untracked'; readonly loginServer: string };

/** Fails with a `ReplicasUnknownError` while the replicas of a registry are not known: the requirement cannot be evaluated. */
export async function resolveRelease(
  content: ReleaseContent,
  tracker: Pick<Tracker, 'registries' | 'ready' | 'replicaSet'>,
): Promise<ResolvedRelease> {
  const asked: Asked[] = [];
  const sets = new Map<Registry, ReplicaSet>();
  for (const image of content.images) {
    const resolved = resolveImage(image, tracker.registries);
    if (resolved.kind === 'invalid') throw new UpstreamError('invalid', `a release names what is no image: ${image}`);
    if (resolved.kind === 'untracked') return { kind: 'untracked', loginServer: resolved.host };
    const { registry } = resolved.image;
    if (!sets.has(registry)) await tracker.ready(registry);
    const set = sets.get(registry) ?? tracker.replicaSet(registry);
    sets.set(registry, set);
    if (!isKnown(set)) throw new ReplicasUnknownError(registry, set);
    const { artifacts = [], platforms = [] } = content;
    asked.push({ question: { ...resolved.image, artifacts, platforms }, requirement: requirementOf(content, set) });
  }
  return { kind: 'asked', asked };
}

/** The content was checked when it was stored; a region that has left the set since is still required. */
function requirementOf({ regions, require }: ReleaseContent, set: ReplicaSet): Requirement {
  const needed = neededOf(require, regions ?? []);
  if (regions !== null) return { regions, require, needed };
  return withSet({ regions: [], require, needed, isForEveryExpected: true }, set);
}
