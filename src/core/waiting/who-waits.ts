/**
 * What is waited for, with which requirement, by how many and since when: combines the rows of all instances and the checks
 * without a verdict. Pure.
 */
import type { AskedText, Check } from '../checks/check.ts';
import { askedText } from '../checks/check.ts';
import { parseArtifacts } from '../image/attached.ts';
import type { AvailabilityQuery } from '../image/availability.ts';
import { parsePlatforms } from '../image/platforms.ts';
import { formatReference, parseReference } from '../model/reference.ts';
import { parseRegion, sortRegions } from '../model/region.ts';
import type { Registry } from '../model/registry.ts';
import { findRegistryByHost } from '../model/registry.ts';
import type { Requirement } from '../model/requirement.ts';
import { parseRequire } from '../model/requirement.ts';
import type { Asked } from '../query/ask.ts';
import { splitList } from '../runtime/text-list.ts';
import type { InstanceWaits, Required } from './ports.ts';
import type { Waited } from './wait-board.ts';
import { keyOf } from './wait-board.ts';

type WaitedFor = Waited & {
  /** Requests that wait now, or did some seconds ago. */
  readonly requests: number;
  readonly checks: number;
  /** When the oldest of them began to wait, milliseconds since 1970. */
  readonly since: number;
};

/**
 * @param registry only images of this registry; all releases, since a release may have images of several registries
 * @returns those that have waited longest first
 */
export function whoWaits(
  instances: readonly InstanceWaits[],
  checks: readonly Check[],
  registries: readonly Registry[],
  registry: Registry,
): WaitedFor[] {
  const found = new Map<string, WaitedFor>();

  function add(
    waited: Waited,
    { requests = 0, checks: more = 0, since }: { requests?: number; checks?: number; since: number },
  ): void {
    if (waited.registry !== null && waited.registry !== registry.name) return;
    const key = keyOf(waited);
    const before = found.get(key) ?? { ...waited, requests: 0, checks: 0, since };
    found.set(key, {
      ...before,
      requests: before.requests + requests,
      checks: before.checks + more,
      since: Math.min(before.since, since),
    });
  }

  for (const { waits } of instances) {
    for (const { requests, since, ...waited } of waits) add(waited, { requests, since });
  }
  for (const check of checks) {
    for (const waited of waitedBy(check, registries)) add(waited, { checks: 1, since: check.acceptedAt });
  }
  return [...found.values()].sort((a, b) => a.since - b.since);
}

/** Leaves out images of a registry that is no longer tracked. */
function waitedBy(check: Check, registries: readonly Registry[]): Waited[] {
  const { images, release, ...asked } = askedText(check);
  if (release !== undefined) return [{ kind: 'release', name: release, registry: null }];
  return images.flatMap((image): Waited[] => {
    const reference = parseReference(image);
    const registry = reference.ok ? findRegistryByHost(registries, reference.value.registry) : undefined;
    if (!reference.ok || registry === undefined) return [];
    return [{ ...nameOf({ ...reference.value, registry }), ...requiredBy(asked) }];
  });
}

export function waitedImage({ question, requirement }: Asked): Waited {
  const { regions, require, isForEveryExpected } = requirement;
  const named = isForEveryExpected === true ? [] : regions;
  const { artifacts = [], platforms = [] } = question;
  return { ...nameOf(question), ...withoutDefaults({ regions: named, require, artifacts, platforms }) };
}

/** One name for each image, also where a request used an alias of the registry. */
function nameOf({ registry, repository, tag, digest }: ImageQuestion): Waited {
  const name = formatReference({ registry: registry.loginServer, repository, tag, digest });
  return { kind: 'image', name, registry: registry.name };
}

type ImageQuestion = Pick<AvailabilityQuery, 'registry' | 'repository' | 'tag' | 'digest'>;

/** It was valid when the check was accepted: what cannot be read now is left out. */
function requiredBy({
  regions = '',
  require = '',
  artifacts = '',
  platforms = '',
}: Omit<AskedText, 'images'>): Required {
  const attached = parseArtifacts(artifacts);
  const narrowed = parsePlatforms(platforms);
  return withoutDefaults({
    regions: sortRegions(splitList(regions).flatMap((name) => parseRegion(name) ?? [])),
    require: parseRequire(require.trim()) ?? 'all',
    artifacts: attached.ok ? attached.value : [],
    platforms: narrowed.ok ? narrowed.value : [],
  });
}

function withoutDefaults({
  regions,
  require,
  artifacts,
  platforms,
}: Pick<Requirement, 'require'> & Record<'regions' | 'artifacts' | 'platforms', readonly string[]>): Required {
  return {
    ...(regions.length === 0 ? {} : { regions }),
    ...(require === 'all' ? {} : { require }),
    ...(artifacts.length === 0 ? {} : { artifacts }),
    ...(platforms.length === 0 ? {} : { platforms }),
  };
}
