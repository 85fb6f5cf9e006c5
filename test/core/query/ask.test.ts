/** A wait ends once the image was deleted or superseded for half a minute, even if the storage could not be read meanwhile. */
import { expect, test } from 'vitest';
import { memoryImageStore } from '../../../src/adapters/memory.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ImageStore } from '../../../src/core/ports.ts';
import { finalAfterMs } from '../../../src/core/query/ask.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { deleteOf, digestOf, pushOf, registryOf, replicaSetOf, repositoryOf, tagOf } from '../../support/build.ts';
import type { MemoryTracker } from '../../support/memory-tracker.ts';
import { memoryTracker } from '../../support/memory-tracker.ts';

const registry = registryOf();
const requirement = defaultRequirement(replicaSetOf(registry));
const name = (digest: number) => ({
  registry: 'contoso',
  repository: repositoryOf('team/app'),
  digest: digestOf(digest),
});

/** One instance that receives webhooks, and one that gets questions and cannot read for a while. */
function twoInstances() {
  const store = memoryImageStore();
  let isOut = false;
  const stumbling: ImageStore = {
    ...store,
    async read(image) {
      if (isOut) throw new UpstreamError('unavailable', 'the tables do not answer');
      return store.read(image);
    },
  };
  const receiving = memoryTracker({ registries: [registry], ports: { store } });
  const { clock } = receiving;
  const asked = memoryTracker({ registries: [registry], clock, ports: { ...portsOf(receiving), store: stumbling } });
  const report = async (kind: 'push' | 'delete', digest: number) => {
    const at = new Date(clock.now()).toISOString();
    for (const region of ['eastus', 'westeurope']) {
      const fact = kind === 'push' ? pushOf(region, at, { tag: 'v1' }) : deleteOf(region, at);
      await receiving.tracker.receive({ name: name(digest), fact });
    }
    await clock.settle();
  };
  const out = (is: boolean) => {
    isOut = is;
  };
  return { clock, asked, report, out };
}

const portsOf = ({ lists, tags, webhooks }: MemoryTracker) => ({ lists, tags, webhooks });

test.each([
  ['superseded', 'push', 2],
  ['deleted', 'delete', 1],
] as const)('deleted, and %s after it was pushed again unseen', async (outcome, kind, digest) => {
  const { clock, asked, report, out } = twoInstances();
  await report('push', 1);
  await clock.advance(1_000);
  await report('delete', 1);
  const question = { registry, repository: repositoryOf('team/app'), digest: digestOf(1), tag: tagOf('v1') };
  const startedAt = clock.now();
  const waiting = asked.tracker.wait(question, requirement, 120_000).then((result) => {
    return { outcome: result.outcome, afterMs: clock.now() - startedAt };
  });
  await clock.advance(10_000);
  out(true);
  await clock.advance(4_000);
  await report('push', 1);
  await clock.advance(1_000);
  await report(kind, digest);
  await clock.advance(3_000);
  out(false);
  await clock.advance(120_000);
  const result = await waiting;
  expect(result.outcome).toBe(outcome);
  expect(result.afterMs).toBeGreaterThanOrEqual(15_000 + finalAfterMs);
});
