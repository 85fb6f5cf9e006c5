/**
 * A registry answers 404 for a manifest whose media type a request does not accept. So every probe of an image has the media type
 * that a webhook reported: for presence, to confirm a report, for a deletion, and for its tags.
 */
import { expect, test } from 'vitest';
import type { VerifyMode } from '../../../src/core/model/registry.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import type { ManifestProbe } from '../../../src/core/ports.ts';
import { digestOf, registryOf, repositoryOf } from '../../support/build.ts';
import { memoryTracker, passTime } from '../../support/memory-tracker.ts';
import { bodyOf, deliver } from '../../support/webhook.ts';

const mediaType = 'application/vnd.example.thing.manifest.v7+json';
const minute = 60_000;

function setUp(verify: VerifyMode) {
  const asked: { readonly region: string; readonly isTag: boolean; readonly isNamed: boolean }[] = [];
  const probe: ManifestProbe = {
    async ask(_registry, region, _repository, reference, _depth, mediaTypes = []) {
      const isNamed = mediaTypes.includes(mediaType);
      asked.push({ region, isTag: !reference.startsWith('sha256:'), isNamed });
      return isNamed ? { kind: 'present', digest: digestOf(1), mediaType, isWhole: true } : { kind: 'absent' };
    },
  };
  const registry = registryOf({ regionalEndpoints: true, verify });
  const memory = memoryTracker({ registries: [registry], probe, policy: { probeAfterMs: minute } });
  const state = async () => {
    const question = { registry, repository: repositoryOf('team/app'), tag: undefined, digest: digestOf(1) };
    const document = await memory.tracker.answer(question, defaultRequirement(memory.tracker.replicaSet(registry)));
    return document.state;
  };
  return { memory, asked, state };
}

test.each(['missing', 'confirm', 'deep'] as const)(
  'a silent region is found with the type that was reported (%s)',
  async (verify) => {
    const { memory, asked, state } = setUp(verify);
    await deliver(memory, 'eastus', bodyOf({ target: { mediaType, tag: 'v1' } }));
    await passTime(memory, 3 * minute);
    expect(await state()).toBe('available');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter(({ isNamed }) => !isNamed)).toEqual([]);
  },
);

test('a tag that a region has not reported is asked for with it, and so is what others delete', async () => {
  const { memory, asked, state } = setUp('missing');
  await deliver(memory, 'eastus', bodyOf({ target: { mediaType, tag: 'v1' } }));
  await deliver(memory, 'westeurope', bodyOf({ target: { mediaType } }));
  await passTime(memory, 3 * minute);
  await deliver(memory, 'eastus', bodyOf({ action: 'delete', timestamp: '2026-06-01T12:00:05Z' }));
  await passTime(memory, 3 * minute);
  expect(asked.some(({ isTag }) => isTag)).toBe(true);
  expect(asked.filter(({ isNamed }) => !isNamed)).toEqual([]);
  expect(await state()).not.toBe('deleted');
});
