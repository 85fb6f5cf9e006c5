/** A request waits for an image that no replica has reported, and the tables fail while its replicas are asked. */
import { expect, test } from 'vitest';
import { memoryImageStore } from '../../../src/adapters/memory.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ImageStore, ManifestProbe } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, registryOf, replicaSetOf, repositoryOf } from '../../support/build.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';

const registry = registryOf({ regionalEndpoints: true });
const question = { registry, repository: repositoryOf('team/app'), digest: digestOf(1), tag: undefined };
const probe: ManifestProbe = {
  ask: async () => ({ kind: 'present', digest: digestOf(1), mediaType: undefined, isWhole: true }),
};

function failing(store: ImageStore, method: 'read' | 'commit', times: number): ImageStore {
  let left = times;
  const stumble = (): void => {
    if (left-- > 0) throw new UpstreamError('unavailable', 'a hiccup');
  };
  return {
    ...store,
    async read(name) {
      if (method === 'read') stumble();
      return store.read(name);
    },
    async commit(change) {
      if (method === 'commit') stumble();
      return store.commit(change);
    },
  };
}

test.each(['read', 'commit'] as const)('a %s that fails is tried again while a request waits', async (method) => {
  const store = failing(memoryImageStore(), method, 2);
  const memory = memoryTracker({ registries: [registry], probe, policy: { probeAfterMs: 60_000 }, ports: { store } });
  const requirement = defaultRequirement(replicaSetOf(registry));
  const waiting = memory.tracker.wait(question, requirement, 60_000);
  await memory.clock.advance(60_000);
  expect((await waiting).outcome).toBe('satisfied');
  expect(memory.lines.filter((line) => line.startsWith('probes failed, will retry'))).not.toEqual([]);
});
