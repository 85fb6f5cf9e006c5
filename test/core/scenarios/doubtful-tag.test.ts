/** A delete that names a tag and no digest: the replica's answer in the background decides, without a waiting request. */
import { expect, test } from 'vitest';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ManifestProbe, ProbeAnswer } from '../../../src/core/ports.ts';
import { digestOf, pushOf, registryOf, replicaSetOf, repositoryOf, tagOf } from '../../support/build.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';

const minute = 60_000;
const registry = registryOf({ regionalEndpoints: true });
const place = { registry: 'contoso', repository: repositoryOf('team/app') };
const tag = tagOf('v1');
const present = (n: number): ProbeAnswer => ({
  kind: 'present',
  digest: digestOf(n),
  mediaType: undefined,
  isWhole: true,
});
const absent: ProbeAnswer = { kind: 'absent' };

/** Everywhere and converged for some hours, then removed in West Europe by a delete. */
async function removedTag(answerIn: (sinceMs: number) => ProbeAnswer) {
  const askedAt: number[] = [];
  const probe: ManifestProbe = {
    async ask(_registry, region, _repository, reference) {
      if (reference !== tag || region !== 'westeurope') return present(1);
      askedAt.push(memory.clock.now() - removedAt);
      return answerIn(memory.clock.now() - removedAt);
    },
  };
  const memory = memoryTracker({ registries: [registry], probe, policy: { probeAfterMs: minute } });
  const [{ tracker }, now] = [memory, () => new Date(memory.clock.now()).toISOString()];
  for (const region of ['eastus', 'westeurope']) {
    await tracker.receive({ name: { ...place, digest: digestOf(1) }, fact: pushOf(region, now(), { tag }) });
  }
  await passTime(memory, 180 * minute, minute);
  askedAt.length = 0;
  const removedAt = memory.clock.now();
  const { region, eventTime, receivedAt, evidence } = pushOf('westeurope', now());
  await tracker.receive({ ...place, tag, region, eventTime, receivedAt, evidence });
  const question = { registry, repository: place.repository, digest: undefined, tag };
  const missing = async () => {
    const answer = await tracker.answer(question, defaultRequirement(replicaSetOf(registry)));
    return answer.missing;
  };
  expect(await missing()).toEqual(['westeurope']);
  return { memory, askedAt, missing };
}

test('a tag that its replica still has counts again', async () => {
  const { memory, askedAt, missing } = await removedTag(() => present(1));
  await passTime(memory, 2 * minute);
  expect(await missing()).toEqual([]);
  expect(askedAt).toEqual([minute]);
  expect(memory.timer.set).toEqual([]);
});

test('a replica that gave no clear answer is asked again', async () => {
  const { memory, missing } = await removedTag((sinceMs) =>
    sinceMs < 10 * minute ? { kind: 'unclear', reason: '503', retryAfterMs: undefined } : present(1),
  );
  await passTime(memory, 30 * minute, 10_000);
  expect(await missing()).toEqual([]);
});

test('a tag that its replica does not have stays missing, and is not asked for any more', async () => {
  const { memory, askedAt, missing } = await removedTag(() => absent);
  await passTime(memory, 24 * 60 * minute, minute);
  expect(await missing()).toEqual(['westeurope']);
  expect(askedAt).toEqual([minute]);
  expect(memory.timer.set).toEqual([]);
});

test('a tag that its replica has at another digest is there', async () => {
  const { memory, missing } = await removedTag(() => present(2));
  await passTime(memory, 2 * minute);
  expect(await missing()).toEqual(['eastus']);
});
