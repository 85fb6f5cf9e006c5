/** The registry's manifests: a replica serves what it has by now, and the login server leads to any of them. */
import type { ManifestAnswer, ManifestReader } from '../../src/core/ports.ts';
import type { Choices } from './choices.ts';
import { between } from './choices.ts';
import type { Family } from './families.ts';
import type { Registry } from './registry.ts';

export function manifestReader(family: Family, registry: Registry, choices: Choices): ManifestReader {
  let reads = 0;
  return {
    async read(_registry, region, _repository, digest): Promise<ManifestAnswer> {
      const { replicas } = registry;
      const name = `login server ${++reads}`;
      const asked = region ?? replicas[choices.choose(name, 0, (random) => between(random, 0, replicas.length - 1))];
      if (asked === undefined || !replicas.includes(asked) || registry.isForeign(asked))
        return { kind: 'unclear', reason: 'no registry answers there', retryAfterMs: undefined };
      if (!registry.has(digest, asked)) return { kind: 'absent' };
      const image = family.digests.indexOf(digest);
      return { kind: 'manifest', mediaType: family.mediaType(image), body: family.body(image) };
    },
    referrers: async () => [],
    reaches: async () => true,
  };
}
