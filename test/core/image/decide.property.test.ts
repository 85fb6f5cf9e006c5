/**
 * The guarantees of the core, for any set of deliveries in any order with any repeats: the answer is the same, and each event is
 * announced once.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Announcement } from '../../../src/core/image/announcement-key.ts';
import { announcementKey } from '../../../src/core/image/announcement-key.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import { availability } from '../../../src/core/image/availability.ts';
import type { DecisionContext } from '../../../src/core/image/context.ts';
import { decide } from '../../../src/core/image/decide.ts';
import type { ImageName, ImageRecord } from '../../../src/core/image/record.ts';
import { nextRequeueAt } from '../../../src/core/image/requeue.ts';
import { imageState } from '../../../src/core/image/state.ts';
import type { Digest } from '../../../src/core/model/digest.ts';
import { toEventTime } from '../../../src/core/model/event-time.ts';
import type { Repository, Tag } from '../../../src/core/model/reference.ts';
import type { Region } from '../../../src/core/model/region.ts';
import type { Registry } from '../../../src/core/model/registry.ts';
import { replicaSetFromSettings } from '../../../src/core/model/replica-set.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';

const regions = ['australiaeast', 'eastus', 'westeurope'] as Region[];
const registry: Registry = {
  name: 'contoso',
  loginServer: 'contoso.azurecr.io',
  resourceId: undefined,
  regions,
  observedOnly: [],
  regionalEndpoints: false,
  verify: 'missing',
};
const set = replicaSetFromSettings(registry, 0);
const name: ImageName = {
  registry: 'contoso',
  repository: 'team/app' as Repository,
  digest: `sha256:${'a'.repeat(64)}` as Digest,
};
const decisionContext: DecisionContext = {
  set,
  policy: { delayedAfterMs: 900_000, probeAfterMs: undefined, outboxCheckMs: 30_000 },
  now: 5_000,
};

const factArbitrary: fc.Arbitrary<Fact> = fc.record({
  region: fc.constantFrom(...regions),
  kind: fc.constantFrom('push', 'push', 'push', 'delete'),
  eventTime: fc.integer({ min: 0, max: 12 }).map((n) => toEventTime(1_700_000_000_000 + n)),
  receivedAt: fc.constant(1_700_000_000_500),
  evidence: fc.constant('webhook'),
  tag: fc.constantFrom<(Tag | undefined)[]>(undefined, 'v1' as Tag, 'v2' as Tag),
  mediaType: fc.constant('application/vnd.oci.image.manifest.v1+json'),
});

function fold(facts: readonly Fact[], around = decisionContext) {
  let record: ImageRecord | undefined;
  const announcements: Announcement[] = [];
  for (const fact of facts) {
    const decision = decide(record, name, { kind: 'fact', fact }, around);
    record = decision.record;
    announcements.push(...decision.announcements);
  }
  return { record, announcements };
}

function documentOf(record: ImageRecord | undefined) {
  const question = { registry, repository: name.repository, digest: name.digest, tag: undefined };
  const document = availability(question, { record, pointers: undefined }, defaultRequirement(set), set, 0, 0);
  // Both depend on the order by their nature: when we learned that it was in every region, and of how many generations.
  return { ...document, availableAt: null, firstSeenAt: null };
}

const deliveries = fc.array(factArbitrary, { minLength: 1, maxLength: 14 });
const shuffled = deliveries.chain((facts) =>
  fc.tuple(
    fc.constant(facts),
    fc.shuffledSubarray([...facts, ...facts], { minLength: facts.length * 2, maxLength: facts.length * 2 }),
  ),
);

describe('any order, any repeats', () => {
  test('the answer is the same', () => {
    fc.assert(
      fc.property(shuffled, ([facts, again]) => {
        // Records may differ where a delete came before any push; only the answers are compared.
        expect(documentOf(fold(again).record)).toEqual(documentOf(fold(facts).record));
        // A generation begins with its first report, or a millisecond after the one before it.
        for (const { record } of [fold(facts), fold(again)]) {
          const late = (record?.firstSeenAt ?? 0) - 1_700_000_000_500;
          expect(late).toBe((record?.generation ?? 0) - 1);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('a repeat of a report changes nothing and announces nothing', () => {
    fc.assert(
      fc.property(deliveries, fc.nat(), (facts, pick) => {
        const { record } = fold(facts);
        const fact = facts[pick % facts.length];
        if (fact === undefined) return;
        const again = decide(record, name, { kind: 'fact', fact }, decisionContext);
        expect(again.record).toBe(record);
        expect(again.announcements).toEqual([]);
        expect(again.outcome).not.toBe('recorded');
      }),
    );
  });

  test('each announcement is made once', () => {
    fc.assert(
      fc.property(shuffled, ([, facts]) => {
        const keys = fold(facts).announcements.map(announcementKey);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  test('"in all replicas" is announced by the very command that makes it true, never before', () => {
    fc.assert(
      fc.property(shuffled, ([, facts]) => {
        let record: ImageRecord | undefined;
        for (const fact of facts) {
          const decision = decide(record, name, { kind: 'fact', fact }, decisionContext);
          record = decision.record;
          const isAnnounced = decision.announcements.some((one) => one.kind === 'availableInAllReplicas');
          if (isAnnounced) expect(documentOf(record).state).toBe('available');
        }
        const document = documentOf(record);
        if (document.state === 'available') expect(record?.completedFor).toEqual(regions);
      }),
    );
  });

  test('two "in all replicas" of one image have a deletion everywhere between them', () => {
    fc.assert(
      fc.property(shuffled, ([, facts]) => {
        const announced = fold(facts).announcements.filter(
          ({ kind }) => kind === 'availableInAllReplicas' || kind === 'deletedInAllReplicas',
        );
        announced.forEach((one, i) => {
          if (one.kind === 'availableInAllReplicas') expect(announced[i - 1]?.kind).not.toBe('availableInAllReplicas');
        });
      }),
    );
  });

  test('the last event about all replicas matches the state in the end', () => {
    const last = { available: 'availableInAllReplicas', deleted: 'deletedInAllReplicas' } as const;
    // With only two regions it is more often available, or deleted, in all of them.
    const both = replicaSetFromSettings({ ...registry, regions: regions.slice(0, 2) }, 0);
    const inBoth = fc.tuple(factArbitrary, fc.constantFrom(...regions.slice(0, 2)), fc.boolean());
    fc.assert(
      fc.property(fc.array(inBoth, { minLength: 6, maxLength: 14 }), (drawn) => {
        const facts = drawn.map(
          ([fact, region, isPush]): Fact => ({ ...fact, region, kind: isPush ? 'push' : 'delete' }),
        );
        const { record, announcements } = fold(facts, { ...decisionContext, set: both });
        const announced = announcements
          .map(({ kind }) => kind)
          .filter((kind) => Object.values<string>(last).includes(kind));
        const state = imageState(record, both);
        if (state === 'available' || state === 'deleted') expect(announced.at(-1)).toBe(last[state]);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('push and delete', () => {
  const push = (region: string, at: number, tag?: string): Fact => ({
    region: region as Region,
    kind: 'push',
    eventTime: toEventTime(at),
    receivedAt: at + 100,
    evidence: 'webhook',
    tag: tag as Tag | undefined,
    mediaType: undefined,
  });
  const remove = (region: string, at: number): Fact => ({ ...push(region, at), kind: 'delete' });

  test('a delete that arrives before its older push holds', () => {
    const { record } = fold([remove('eastus', 2_000), push('eastus', 1_000)]);
    expect(documentOf(record).regions.find((entry) => entry.region === 'eastus')?.state).toBe('deleted');
  });

  test('a push and a delete of the same instant count as deleted, in either order', () => {
    for (const facts of [
      [push('eastus', 1_000), remove('eastus', 1_000)],
      [remove('eastus', 1_000), push('eastus', 1_000)],
    ]) {
      expect(documentOf(fold(facts).record).state).toBe('deleted');
    }
  });

  test('pushed again after it was deleted everywhere: a new generation with events of its own', () => {
    const all = (at: number) => regions.map((region, i) => push(region, at + i));
    const { record, announcements } = fold([
      ...all(1_000),
      ...regions.map((region, i) => remove(region, 2_000 + i)),
      ...all(3_000),
    ]);
    expect(record?.generation).toBe(2);
    const announced = announcements.filter((one) => one.kind === 'availableInAllReplicas');
    expect(announced.map((one) => one.generation)).toEqual([1, 2]);
  });

  test('no two generations begin at one time, or removing one from the lists would remove the other', () => {
    const starts = new Set<number>();
    let record: ImageRecord | undefined;
    for (const fact of [
      push('eastus', 1),
      remove('eastus', 2),
      push('eastus', 3),
      remove('eastus', 4),
      push('eastus', 5),
    ]) {
      record = decide(record, name, { kind: 'fact', fact: { ...fact, receivedAt: 1_000 } }, decisionContext).record;
      starts.add(record?.firstSeenAt ?? 0);
    }
    expect(record?.generation).toBe(3);
    expect(starts.size).toBe(3);
  });

  test('what was deleted before a generation is not published in it, and what is deleted in it is', () => {
    const gone = [
      push('eastus', 1_000),
      push('westeurope', 1_000),
      remove('eastus', 2_000),
      remove('westeurope', 2_000),
    ];
    const again = [
      push('eastus', 3_000),
      remove('eastus', 4_000),
      push('westeurope', 5_000),
      remove('westeurope', 6_000),
    ];
    // Its push was never received.
    const { announcements } = fold([...gone, ...again, remove('eastus', 7_000)]);
    const deleted = announcements.filter(({ kind }) => kind.startsWith('deleted'));
    expect(deleted.map((one) => [one.kind, one.region, one.generation].filter(Boolean).join(' '))).toEqual([
      'deletedInRegion eastus 1',
      'deletedInRegion westeurope 1',
      'deletedInAllReplicas 1',
      'deletedInRegion eastus 2',
      'deletedInAllReplicas 2',
      'deletedInRegion westeurope 3',
      'deletedInAllReplicas 3',
      'deletedInRegion eastus 3',
    ]);
  });

  test('deleted in one region and pushed again there is the same generation, published once', () => {
    const { record, announcements } = fold([
      ...regions.map((region) => push(region, 1_000)),
      remove('eastus', 2_000),
      push('eastus', 3_000),
    ]);
    expect(record?.generation).toBe(1);
    expect(announcements.filter((one) => one.kind === 'availableInAllReplicas')).toHaveLength(1);
  });

  test('a region that reports before its replica is known keeps the image from being gone', () => {
    const known = replicaSetFromSettings({ ...registry, regions: ['eastus'] as Region[] }, 0);
    const asked = { ...decisionContext, set: { ...known, source: 'arm' as const, refreshedAt: 2_500 } };
    const grown = replicaSetFromSettings({ ...registry, regions: ['eastus', 'westeurope'] as Region[] }, 0);
    const facts = [push('eastus', 1_000), remove('eastus', 2_000), push('westeurope', 3_000)];
    let record: ImageRecord | undefined;
    for (const fact of facts) record = decide(record, name, { kind: 'fact', fact }, asked).record;
    if (record === undefined) throw new Error('there is no record');
    expect(imageState(record, asked.set)).toBe('replicating');
    // Soon, since the next answer of ARM decides its state.
    expect(nextRequeueAt(record, asked)).toBe(asked.now + asked.policy.outboxCheckMs);
    expect(imageState(record, { ...grown, source: 'arm', refreshedAt: 4_000 })).toBe('replicating');
    const without = { ...asked, set: { ...asked.set, refreshedAt: 4_000 } };
    expect(imageState(record, without.set)).toBe('deleted');
    expect(decide(record, name, { kind: 'reevaluate' }, without).announcements).toEqual([]);
  });

  test('complete again for a set that has grown: a new generation, published once more', () => {
    const { record } = fold(regions.map((region) => push(region, 1_000)));
    const grownSet = replicaSetFromSettings({ ...registry, regions: [...regions, 'northeurope' as Region] }, 0);
    const grown = { ...decisionContext, set: grownSet };
    const command = { kind: 'fact', fact: push('northeurope', 1_500) } as const;
    const decision = decide(record, name, command, grown);
    expect(decision.record?.generation).toBe(2);
    expect(decision.announcements.map((one) => one.kind)).toEqual(['availableInRegion', 'availableInAllReplicas']);
  });

  test('a set that has shrunk completes the images that waited for it', () => {
    const { record } = fold([push('eastus', 1_000), push('westeurope', 1_000)]);
    const shrunk = replicaSetFromSettings({ ...registry, regions: ['eastus', 'westeurope'] as Region[] }, 0);
    const decision = decide(record, name, { kind: 'reevaluate' }, { ...decisionContext, set: shrunk });
    expect(decision.announcements.map((one) => one.kind)).toEqual(['availableInAllReplicas']);
  });

  test('is not called delayed while the replicas are not known', () => {
    const unknown = { ...replicaSetFromSettings({ ...registry, regions: [] }, 0), source: 'remembered' as const };
    const later = { ...decisionContext, set: unknown, now: 1_000 + decisionContext.policy.delayedAfterMs * 10 };
    const { record, announcements } = decide(undefined, name, { kind: 'fact', fact: push('eastus', 1_000) }, later);
    if (record === undefined) throw new Error('there is no record');
    expect(announcements.map((one) => one.kind)).toEqual(['availableInRegion']);
    // It is evaluated again, in case they are known by then.
    expect(nextRequeueAt(record, later)).not.toBeNull();
  });

  test('delayed is published once, only while something is missing, and stays with the image', () => {
    const { record } = fold([push('eastus', 1_000)]);
    const later = { ...decisionContext, now: 1_000 + 100 + decisionContext.policy.delayedAfterMs };
    const delayed = decide(record, name, { kind: 'reevaluate' }, later);
    expect(delayed.announcements.map((one) => one.kind)).toEqual(['delayed']);
    expect(decide(delayed.record, name, { kind: 'reevaluate' }, later).announcements).toEqual([]);
    const rest = regions.map((region) => push(region, 5_000));
    let last = delayed.record;
    for (const fact of rest) last = decide(last, name, { kind: 'fact', fact }, later).record;
    expect(documentOf(last)).toMatchObject({ state: 'available', delayed: true });
  });
});
