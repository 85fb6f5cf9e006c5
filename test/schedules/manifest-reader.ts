/**
 * The registry's manifests: a replica serves what it has by now, and the login server any manifest of any replica. A
 * replica lists the attached artifacts that it has; sometimes its list lacks some, or it does not answer.
 */
import type { Region } from '../../src/core/model/region.ts';
import type { ManifestAnswer, ManifestReader, Referrer } from '../../src/core/ports.ts';
import type { Case } from './case.ts';
import type { Choices } from './choices.ts';
import { between } from './choices.ts';

type Lapse = 'none' | 'no answer' | 'lacks the first' | 'lacks the last' | 'empty';

export function manifestReader(on: Case, choices: Choices): ManifestReader {
  const { family, registry, counters } = on;
  let reads = 0;
  let lists = 0;

  /** The replica that a request gets to. */
  function placeOf(region: Region | undefined, name: string): Region | undefined {
    const { replicas } = registry;
    const place = region ?? replicas[choices.choose(name, 0, (random) => between(random, 0, replicas.length - 1))];
    return place === undefined || !replicas.includes(place) || registry.isForeign(place) ? undefined : place;
  }

  function lapse(): Lapse {
    const { faultsPercent } = on.plan.world;
    if (faultsPercent === 0 || registry.isCalm) return 'none';
    return choices.choose<Lapse>(`referrers ${lists} lapse`, 'none', (random) => {
      if (random() < 0.75) return 'none';
      return (['no answer', 'lacks the first', 'lacks the last', 'empty'] as const)[between(random, 0, 3)] ?? 'none';
    });
  }

  return {
    async read(_registry, region, _repository, digest): Promise<ManifestAnswer> {
      const asked = placeOf(region, `login server ${++reads}`);
      if (asked === undefined) return { kind: 'unclear', reason: 'no registry answers there', retryAfterMs: undefined };
      if (!registry.has(digest, asked)) return { kind: 'absent' };
      const image = family.digests.indexOf(digest);
      return { kind: 'manifest', mediaType: family.mediaType(image), body: family.body(image) };
    },
    async referrers(_registry, region, _repository, digest): Promise<readonly Referrer[] | undefined> {
      const asked = placeOf(region, `login server for referrers ${++lists}`);
      if (asked === undefined) return undefined;
      const subject = family.digests.indexOf(digest);
      const all = family.artifacts(subject).flatMap((artifact): Referrer[] => {
        const attachment = family.attachment(artifact);
        if (attachment === undefined || attachment.tag !== undefined) return [];
        if (!registry.has(attachment.digest, asked)) return [];
        return [{ digest: attachment.digest, artifactType: attachment.artifactType, content: null }];
      });
      const how = lapse();
      if (how !== 'none') counters.count('artifacts', `a list of referrers: ${how}`);
      if (how === 'no answer') return undefined;
      if (how === 'empty') return [];
      return how === 'lacks the first' ? all.slice(1) : how === 'lacks the last' ? all.slice(0, -1) : all;
    },
    reaches: async () => true,
  };
}
