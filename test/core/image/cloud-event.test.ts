import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Announcement, AnnouncementKind } from '../../../src/core/image/announcement-key.ts';
import { announcementKey, announcementTypes, parseAnnouncementKey } from '../../../src/core/image/announcement-key.ts';
import type { Fact } from '../../../src/core/image/arrival.ts';
import { availability } from '../../../src/core/image/availability.ts';
import { eventId, toEvent } from '../../../src/core/image/cloud-event.ts';
import { decide } from '../../../src/core/image/decide.ts';
import { buildEvents } from '../../../src/core/image/due-events.ts';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import { defaultRequirement } from '../../../src/core/model/requirement.ts';
import {
  at,
  deleteOf,
  digestOf,
  policy,
  pushOf,
  recordOf,
  regionOf,
  regionsOf,
  registryOf,
  replicaSetOf,
  repositoryOf,
  tagOf,
} from '../../support/build.ts';

const digest = digestOf(1);
const repository = repositoryOf('team/app');
const registry = registryOf({ observedOnly: regionsOf('australiaeast') });
const set = replicaSetOf(registry);
const pushes = [
  pushOf('eastus', '2026-06-01T12:00:00Z', { tag: 'v1' }),
  pushOf('westeurope', '2026-06-01T12:00:12.5Z'),
  // Only observed: not one of the regions that the duration is about.
  pushOf('australiaeast', '2026-06-01T12:05:00Z'),
];

function document(facts: readonly Fact[] = pushes) {
  const question = { registry, repository, digest, tag: undefined };
  const record = recordOf(digest, facts, set);
  return availability(
    question,
    { record, pointers: undefined },
    defaultRequirement(set),
    set,
    at('2026-06-01T12:06:00Z'),
    900_000,
  );
}

function event(announcement: Partial<Announcement> = {}, facts: readonly Fact[] = pushes, of = registry) {
  const whole: Announcement = { kind: 'availableInAllReplicas', generation: 1, region: undefined, ...announcement };
  return toEvent(whole, recordOf(digest, facts, set), of, document(facts), at('2026-06-01T12:00:12.5Z'));
}

describe('types', () => {
  test.each<[AnnouncementKind, string]>([
    ['availableInRegion', 'AcrReplication.ImageAvailableInRegion'],
    ['availableInAllReplicas', 'AcrReplication.ImageAvailableInAllReplicas'],
    ['deletedInRegion', 'AcrReplication.ImageDeletedInRegion'],
    ['deletedInAllReplicas', 'AcrReplication.ImageDeletedInAllReplicas'],
    ['delayed', 'AcrReplication.ReplicationDelayed'],
  ])('%s is published as %s', (kind, type) => {
    expect(announcementTypes[kind]).toBe(type);
    expect(event({ kind }).type).toBe(type);
  });
});

describe('a delay', () => {
  test('lists the regions that were missing then, even if all have had it since and one has it again after a delete', () => {
    const dueAt = at('2026-06-01T12:20:00Z');
    const name = { registry: registry.name, repository, digest };
    const before = recordOf(digest, pushes.slice(0, 1), set);
    const late = decide(before, name, { kind: 'reevaluate' }, { set, policy, now: dueAt }).record;
    const after = [
      deleteOf('eastus', '2026-06-01T12:21:00Z'),
      pushOf('eastus', '2026-06-01T12:22:00Z'),
      pushOf('westeurope', '2026-06-01T12:22:00Z'),
    ].reduce(
      (record, fact) => decide(record, name, { kind: 'fact', fact }, { set, policy, now: fact.receivedAt }).record,
      late,
    );
    const delayed = announcementKey({ kind: 'delayed', generation: 1 });
    const missingIn = (record: ImageRecord | undefined) =>
      record && buildEvents(record, [delayed], registry, set, dueAt).map(({ event: { data } }) => data.missing);
    expect(late?.announcements.map(({ key }) => key)).toContain(delayed);
    expect(missingIn(late)).toEqual([['westeurope']]);
    expect(missingIn(after)).toEqual([['westeurope']]);
  });
});

describe('an event', () => {
  test('is a CloudEvent about the digest', () => {
    expect(event()).toMatchObject({
      specversion: '1.0',
      source: 'https://contoso.azurecr.io',
      type: 'AcrReplication.ImageAvailableInAllReplicas',
      subject: `team/app@${digest}`,
      time: '2026-06-01T12:00:12.500Z',
      datacontenttype: 'application/json',
    });
  });

  test('comes from the ARM id where there is one', () => {
    const resourceId = '/subscriptions/1/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contoso';
    expect(event({}, pushes, registryOf({ resourceId })).source).toBe(resourceId);
  });

  test('carries the document without the requirement, and its generation', () => {
    const { satisfied, requirement, ...described } = document();
    expect([satisfied, requirement.have]).toEqual([true, 2]);
    expect(event({ kind: 'availableInRegion', generation: 3 }).data).toEqual({ ...described, generation: 3 });
  });

  test('about a region names it', () => {
    const region = regionOf('eastus');
    expect(event({ kind: 'availableInRegion', region }).data).toMatchObject({ region: 'eastus', generation: 1 });
    expect(event({ kind: 'availableInRegion', region }).data).not.toHaveProperty('durationSeconds');
  });

  test('about all replicas has the time from the first expected region to the last', () => {
    expect(event().data).toMatchObject({ durationSeconds: 12.5 });
    expect(event().data).not.toHaveProperty('region');
  });

  test('about one replica has a duration of 0', () => {
    expect(event({}, pushes.slice(0, 1)).data).toMatchObject({ durationSeconds: 0 });
  });

  test('about the last deletion has the time from the first region to the last', () => {
    const deletes = [deleteOf('eastus', '2026-06-01T13:00:00Z'), deleteOf('westeurope', '2026-06-01T13:00:07.25Z')];
    const { data } = event({ kind: 'deletedInAllReplicas' }, [...pushes.slice(0, 2), ...deletes]);
    expect(data).toMatchObject({ state: 'deleted', durationSeconds: 7.25 });
  });
});

describe('the id', () => {
  const known = recordOf(digest, pushes, set);
  const base: Announcement = { kind: 'availableInRegion', generation: 1, region: regionOf('eastus') };

  test('is the same for the same fact, whatever else is known by then', () => {
    const first = event(base, pushes.slice(0, 1)).id;
    expect(event(base, pushes).id).toBe(first);
    expect(toEvent(base, known, registry, document(), at('2027-01-01T00:00:00Z')).id).toBe(first);
    expect(first).toMatch(/^[0-9a-f]{40}$/);
  });

  // Consumers remember ids: one that changes between versions makes an old fact a new one to them.
  test('of a known fact is what it has always been', () => {
    expect(event(base).id).toBe('09f2662f63c982ae7447beb91c3da672a47ccf0b');
  });

  test('is another one for every other fact', () => {
    const ids = [
      event(base),
      event({ ...base, region: regionOf('westeurope') }),
      event({ ...base, generation: 2 }),
      event({ ...base, kind: 'deletedInRegion' }),
      event({ kind: 'availableInAllReplicas' }),
      toEvent(base, { ...known, name: { ...known.name, digest: digestOf(2) } }, registry, document(), 0),
      toEvent(
        base,
        { ...known, name: { ...known.name, repository: repositoryOf('team/other') } },
        registry,
        document(),
        0,
      ),
      toEvent(base, known, registryOf({ name: 'fabrikam' }), document(), 0),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('keeps neighbouring parts apart', () => {
    expect(eventId(['ab', 'c'])).not.toBe(eventId(['a', 'bc']));
    expect(eventId(['a', ''])).not.toBe(eventId(['', 'a']));
  });
});

describe('the key', () => {
  const kinds = Object.keys(announcementTypes) as AnnouncementKind[];
  const isOfTag = (kind: AnnouncementKind) => kind.startsWith('tag');
  const generation = fc.integer({ min: 1, max: 999_999 });
  const tag = fc.record({
    name: fc.constantFrom(...['v1', '1.0.2', '_', 'A.b-c_d', '2.x'].map(tagOf)),
    round: fc.integer({ min: 1, max: 99 }),
  });
  const region = fc.option(fc.constantFrom(...regionsOf('eastus', 'westeurope', 'eastus2')), { nil: undefined });
  const announcement: fc.Arbitrary<Announcement> = fc.oneof(
    fc.record({ kind: fc.constantFrom(...kinds.filter((kind) => !isOfTag(kind))), generation, region }),
    fc.record({ kind: fc.constantFrom(...kinds.filter(isOfTag)), generation, tag }),
  );

  test('is read back as it was made', () => {
    fc.assert(
      fc.property(announcement, (made) => {
        expect(parseAnnouncementKey(announcementKey(made))).toEqual(made);
      }),
    );
  });

  test('of a later generation sorts behind', () => {
    fc.assert(
      fc.property(announcement, announcement, (a, b) => {
        fc.pre(a.generation < b.generation);
        expect(announcementKey(a) < announcementKey(b)).toBe(true);
      }),
    );
  });

  test('holds nothing that a table key cannot', () => {
    fc.assert(
      fc.property(announcement, (made) => {
        expect(announcementKey(made)).toMatch(/^[A-Za-z0-9._-]+$/);
      }),
    );
  });
});
