import { describe, expect, test } from 'vitest';
import type { Fact } from '../../../src/core/image/arrival.ts';
import type { AvailabilityDocument, AvailabilityQuery } from '../../../src/core/image/availability.ts';
import { availability, waitOutcome } from '../../../src/core/image/availability.ts';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import { tagPointers } from '../../../src/core/image/tag-resolution.ts';
import type { Registry } from '../../../src/core/model/registry.ts';
import type { ReplicaSet } from '../../../src/core/model/replica-set.ts';
import { parseRequirement } from '../../../src/core/model/requirement.ts';
import {
  at,
  deleteOf,
  digestOf,
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
const newer = digestOf(2);
const manifest = 'application/vnd.oci.image.manifest.v1+json';
const plain = { members: [], membersKnown: true, bytes: null };
const image = `contoso.azurecr.io/team/app@${digest}`;

interface Asked {
  readonly tag?: string;
  readonly digest?: typeof digest;
  readonly regions?: string;
  readonly require?: string;
  readonly registry?: Registry;
  readonly set?: ReplicaSet;
  readonly records?: readonly ImageRecord[];
  readonly now?: string;
}

/** As the tracker puts a question together: the image asked for, or the one the tag's newest push points at. */
function ask(asked: Asked) {
  const { records = [], registry = registryOf(), set = replicaSetOf(registry) } = asked;
  const tag = asked.tag === undefined ? undefined : tagOf(asked.tag);
  const question: AvailabilityQuery = { registry, repository: repositoryOf('team/app'), tag, digest: asked.digest };
  const requirement = parseRequirement({ regions: asked.regions, require: asked.require }, set);
  if (!requirement.ok) throw new Error(requirement.problems[0]?.reason);
  const pointers = tag === undefined ? undefined : tagPointers(tag, records);
  const wanted = asked.digest ?? pointers?.newest?.digest;
  const known = { record: records.find((record) => record.name.digest === wanted), pointers };
  const now = at(asked.now ?? '2026-06-01T12:30:00Z');
  const document = availability(question, known, requirement.value, set, now, 900_000);
  return { document, outcome: waitOutcome(question, known, requirement.value, document) };
}

/** As a caller receives it. */
function documentOf(asked: Asked): unknown {
  return JSON.parse(JSON.stringify(ask(asked).document));
}

const missing = { state: 'missing', since: null, eventTime: null, lagSeconds: null, evidence: [] };
const listed = { required: true, expected: true, globalRouting: true };
const fromSettings = { source: 'settings', refreshedAt: '2026-06-01T12:00:00.000Z', stale: false };

const pushedEast = pushOf('eastus', '2026-06-01T12:22:07.095Z', {
  eventTime: '2026-06-01T12:22:06.9009999Z',
  tag: 'v1',
  mediaType: manifest,
  ...plain,
});
const pushedWest = pushOf('westeurope', '2026-06-01T12:22:19.595Z', { eventTime: '2026-06-01T12:22:18Z', tag: 'v1' });

const unknown = {
  image,
  registry: 'contoso.azurecr.io',
  repository: 'team/app',
  digest,
  mediaType: null,
  members: null,
  membersKnown: false,
  bytes: null,
  state: 'unknown',
  satisfied: false,
  requirement: { regions: ['eastus', 'westeurope'], require: 'all', needed: 2, have: 0 },
  missing: ['eastus', 'westeurope'],
  regions: [
    { region: 'eastus', ...listed, ...missing },
    { region: 'westeurope', ...listed, ...missing },
  ],
  tags: [],
  firstSeenAt: null,
  availableAt: null,
  announcedAt: null,
  delayed: false,
  replicas: fromSettings,
};

const eastAvailable = {
  region: 'eastus',
  ...listed,
  state: 'available',
  since: '2026-06-01T12:22:07.095Z',
  eventTime: '2026-06-01T12:22:06.900Z',
  lagSeconds: 0,
  evidence: ['webhook'],
};
const westAvailable = {
  region: 'westeurope',
  ...listed,
  state: 'available',
  since: '2026-06-01T12:22:19.595Z',
  eventTime: '2026-06-01T12:22:18.000Z',
  lagSeconds: 12.5,
  evidence: ['webhook'],
};

const partial = {
  ...unknown,
  mediaType: manifest,
  ...plain,
  state: 'replicating',
  requirement: { ...unknown.requirement, have: 1 },
  missing: ['westeurope'],
  regions: [eastAvailable, { region: 'westeurope', ...listed, ...missing }],
  tags: ['v1'],
  firstSeenAt: '2026-06-01T12:22:07.095Z',
};

const available = {
  ...partial,
  state: 'available',
  satisfied: true,
  requirement: { ...unknown.requirement, have: 2 },
  missing: [],
  regions: [eastAvailable, westAvailable],
  availableAt: '2026-06-01T12:22:19.595Z',
};

const deletedEast = deleteOf('eastus', '2026-06-01T12:25:00.250Z', { eventTime: '2026-06-01T12:24:59Z' });
const deletedWest = deleteOf('westeurope', '2026-06-01T12:26:00Z');
const everywhere = [pushedEast, pushedWest];

describe('the document about a digest', () => {
  test('that no region has reported', () => {
    expect(documentOf({ digest })).toEqual(unknown);
  });

  test('in some regions', () => {
    expect(documentOf({ digest, records: [recordOf(digest, [pushedEast])] })).toEqual(partial);
  });

  test('in every region', () => {
    expect(documentOf({ digest, records: [recordOf(digest, everywhere)] })).toEqual(available);
  });

  test('announced', () => {
    const record = { ...recordOf(digest, everywhere), announcedAt: at('2026-06-01T12:22:19.8Z') };
    expect(documentOf({ digest, records: [record] })).toEqual({
      ...available,
      announcedAt: '2026-06-01T12:22:19.800Z',
    });
  });

  test('called delayed', () => {
    const record = { ...recordOf(digest, [pushedEast]), delayedAt: at('2026-06-01T12:37:08Z') };
    expect(documentOf({ digest, records: [record] })).toEqual({ ...partial, delayed: true });
  });

  test('going away', () => {
    expect(documentOf({ digest, records: [recordOf(digest, [...everywhere, deletedEast])] })).toEqual({
      ...available,
      state: 'deleting',
      satisfied: false,
      requirement: { ...unknown.requirement, have: 1 },
      missing: ['eastus'],
      regions: [
        {
          ...eastAvailable,
          state: 'deleted',
          since: '2026-06-01T12:25:00.250Z',
          eventTime: '2026-06-01T12:24:59.000Z',
          lagSeconds: null,
        },
        // Still behind the region that had it first.
        westAvailable,
      ],
    });
  });

  test('gone', () => {
    const { document, outcome } = ask({
      digest,
      records: [recordOf(digest, [...everywhere, deletedEast, deletedWest])],
    });
    expect(document).toMatchObject({
      state: 'deleted',
      satisfied: false,
      missing: ['eastus', 'westeurope'],
      tags: ['v1'],
    });
    expect(document.regions.map(({ state, lagSeconds }) => [state, lagSeconds])).toEqual([
      ['deleted', null],
      ['deleted', null],
    ]);
    expect(outcome).toBe('deleted');
  });

  test('that only some regions ever had, gone from those', () => {
    const { document, outcome } = ask({ digest, records: [recordOf(digest, [pushedEast, deletedEast])] });
    expect(document.state).toBe('deleted');
    expect(document.regions.map(({ state }) => state)).toEqual(['deleted', 'missing']);
    expect(outcome).toBe('deleted');
  });

  test('first reported by the region that was pushed to later: no distance is negative', () => {
    const late = pushOf('eastus', '2026-06-01T12:23:00Z', { eventTime: '2026-06-01T12:00:00Z' });
    const { document } = ask({ digest, records: [recordOf(digest, [pushedWest, late])] });
    expect(document.regions.map(({ region, lagSeconds }) => [region, lagSeconds])).toEqual([
      ['eastus', 40.405],
      ['westeurope', 0],
    ]);
  });

  describe('that a region deleted: lag', () => {
    const index = 'application/vnd.oci.image.index.v1+json';
    const lagsAfter = (...facts: Fact[]) => {
      const { document } = ask({ digest, records: [recordOf(digest, facts)] });
      return document.regions.map(({ lagSeconds }) => lagSeconds);
    };

    test('is behind the first region that had it, also once that one has it again', () => {
      expect(lagsAfter(...everywhere, deletedEast)).toEqual([null, 12.5]);
      expect(lagsAfter(...everywhere, deletedWest)).toEqual([0, null]);
      const again = pushOf('eastus', '2026-06-01T12:26:07.095Z');
      expect(lagsAfter(...everywhere, deletedEast, again)).toEqual([240, 12.5]);
    });

    test('of an index is not known, since its record has no time of the first region that had all members', () => {
      const ofIndex = (fact: Fact) => ({ ...fact, mediaType: index });
      expect(lagsAfter(ofIndex(pushedEast), ofIndex(pushedWest), deletedEast)).toEqual([null, null]);
    });

    test('starts at 0 again after all regions deleted it', () => {
      const again = (mediaType: string) => pushOf('westeurope', '2026-06-01T13:00:00Z', { mediaType });
      for (const mediaType of [manifest, index]) {
        expect(lagsAfter(...everywhere, deletedEast, deletedWest, again(mediaType))).toEqual([null, 0]);
      }
    });
  });

  test('with more than one source', () => {
    const again = { ...pushedEast, evidence: 'eventGrid', receivedAt: at('2026-06-01T12:23:00Z') } as const;
    const { document } = ask({ digest, records: [recordOf(digest, [pushedEast, again])] });
    expect(document.regions[0]).toMatchObject({
      evidence: ['webhook', 'eventGrid'],
      since: '2026-06-01T12:22:07.095Z',
    });
  });

  test('with every tag it has in some region, in alphabetical order', () => {
    const facts = [
      pushOf('westeurope', '2026-06-01T12:22:08Z', { tag: 'v2' }),
      pushOf('eastus', '2026-06-01T12:22:09Z', { tag: 'latest' }),
      pushOf('eastus', '2026-06-01T12:22:10Z', { tag: 'v2' }),
    ];
    expect(ask({ digest, records: [recordOf(digest, facts)] }).document.tags).toEqual(['latest', 'v2']);
  });
});

describe('regions', () => {
  const observing = registryOf({ observedOnly: regionsOf('australiaeast') });

  test('only observed are listed, and never waited for by default', () => {
    const facts = [...everywhere, pushOf('australiaeast', '2026-06-01T12:23:00Z')];
    const set = replicaSetOf(observing);
    const document = documentOf({ digest, registry: observing, records: [recordOf(digest, everywhere, set)] });
    expect(document).toEqual({
      ...available,
      regions: [
        { region: 'australiaeast', ...missing, required: false, expected: false, globalRouting: true },
        eastAvailable,
        westAvailable,
      ],
    });
    const later = ask({ digest, registry: observing, records: [recordOf(digest, facts, set)] }).document;
    expect(later.regions[0]).toMatchObject({ state: 'available', required: false, expected: false });
  });

  test('only observed do not make an image available', () => {
    const record = recordOf(digest, [pushOf('australiaeast', '2026-06-01T12:23:00Z')], replicaSetOf(observing));
    const { document } = ask({ digest, registry: observing, records: [record] });
    expect(document).toMatchObject({ state: 'replicating', satisfied: false, requirement: { have: 0 } });
  });

  test('outside the set are listed once they have reported', () => {
    const record = recordOf(digest, [...everywhere, pushOf('northeurope', '2026-06-01T12:22:08.095Z')]);
    expect(documentOf({ digest, records: [record] })).toEqual({
      ...available,
      regions: [
        eastAvailable,
        {
          region: 'northeurope',
          required: false,
          expected: false,
          globalRouting: true,
          state: 'available',
          since: '2026-06-01T12:22:08.095Z',
          eventTime: '2026-06-01T12:22:08.095Z',
          lagSeconds: 1,
          evidence: ['webhook'],
        },
        westAvailable,
      ],
    });
  });

  test('show the routing that ARM reports', () => {
    const set: ReplicaSet = {
      verify: 'missing',
      source: 'arm',
      refreshedAt: at('2026-06-01T12:29:00Z'),
      replicas: replicaSetOf().replicas.map((replica) => ({
        ...replica,
        globalRouting: replica.region === regionOf('eastus'),
      })),
    };
    const { document } = ask({ digest, set });
    expect(document.regions.map(({ globalRouting }) => globalRouting)).toEqual([true, false]);
    expect(document.replicas).toEqual({ source: 'arm', refreshedAt: '2026-06-01T12:29:00.000Z', stale: false });
  });

  test.each([
    ['2026-06-01T13:00:00.000Z', false],
    ['2026-06-01T13:00:00.001Z', true],
  ])('remembered since noon are at %s stale: %s', (now, stale) => {
    const set: ReplicaSet = { ...replicaSetOf(), source: 'remembered' };
    expect(documentOf({ digest, set, now })).toEqual({
      ...unknown,
      replicas: { source: 'remembered', refreshedAt: '2026-06-01T12:00:00.000Z', stale },
    });
  });
});

describe('the requirement', () => {
  const records = [recordOf(digest, [pushedEast])];

  test.each<[string, Asked, boolean, number, string[]]>([
    ['all', {}, false, 1, ['westeurope']],
    ['any', { require: 'any' }, true, 1, ['westeurope']],
    ['1', { require: '1' }, true, 1, ['westeurope']],
    ['2', { require: '2' }, false, 1, ['westeurope']],
    ['the region that has it', { regions: 'East US' }, true, 1, []],
    ['the region that has it not', { regions: 'westeurope', require: 'any' }, false, 0, ['westeurope']],
  ])('%s: the answer counts over its regions', (_what, asked, satisfied, have, lacking) => {
    const { document, outcome } = ask({ digest, records, ...asked });
    expect(document).toMatchObject({ satisfied, missing: lacking, state: 'replicating', requirement: { have } });
    expect(outcome).toBe(satisfied ? 'satisfied' : 'waiting');
  });

  test('marks the regions it names', () => {
    const { document } = ask({ digest, records, regions: 'westeurope' });
    expect(document.regions.map(({ region, required }) => [region, required])).toEqual([
      ['eastus', false],
      ['westeurope', true],
    ]);
  });

  test('met before the rest is gone stays met', () => {
    const going = [recordOf(digest, [...everywhere, deletedEast])];
    expect(ask({ digest, records: going, regions: 'westeurope' }).outcome).toBe('satisfied');
  });
});

describe('a tag', () => {
  const overwritten = pushOf('eastus', '2026-06-01T12:40:00Z', { tag: 'v1' });
  const overwrittenWest = pushOf('westeurope', '2026-06-01T12:41:00Z', { tag: 'v1' });

  test('that no region has reported', () => {
    expect(documentOf({ tag: 'v1' })).toEqual({
      ...unknown,
      image: 'contoso.azurecr.io/team/app:v1',
      digest: null,
      tag: { name: 'v1', state: 'unknown', regions: [] },
    });
  });

  test('in every region the same', () => {
    expect(documentOf({ tag: 'v1', records: [recordOf(digest, everywhere)] })).toEqual({
      ...available,
      tag: {
        name: 'v1',
        state: 'converged',
        regions: [
          { region: 'eastus', digest, since: '2026-06-01T12:22:07.095Z' },
          { region: 'westeurope', digest, since: '2026-06-01T12:22:19.595Z' },
        ],
      },
    });
  });

  test('in one region: the other does not agree yet', () => {
    expect(documentOf({ tag: 'v1', records: [recordOf(digest, [pushedEast])] })).toEqual({
      ...partial,
      tag: {
        name: 'v1',
        state: 'converging',
        regions: [{ region: 'eastus', digest, since: '2026-06-01T12:22:07.095Z' }],
      },
    });
  });

  test('overwritten in one region: the newest digest is asked for, and only regions that point at it count', () => {
    const records = [
      recordOf(digest, everywhere),
      // Already there under another name: present is not enough, the tag must point at it.
      recordOf(newer, [pushOf('westeurope', '2026-06-01T12:10:00Z', { tag: 'v0' }), overwritten]),
    ];
    const { document, outcome } = ask({ tag: 'v1', records, now: '2026-06-01T12:42:00Z' });
    expect(document).toMatchObject({
      image: `contoso.azurecr.io/team/app@${newer}`,
      digest: newer,
      satisfied: false,
      requirement: { have: 1 },
      missing: ['westeurope'],
      tag: {
        state: 'converging',
        regions: [
          { region: 'eastus', digest: newer, since: '2026-06-01T12:40:00.000Z' },
          { region: 'westeurope', digest, since: '2026-06-01T12:22:19.595Z' },
        ],
      },
    });
    expect(outcome).toBe('waiting');
  });

  test('overwritten everywhere', () => {
    const records = [recordOf(digest, everywhere), recordOf(newer, [overwritten, overwrittenWest])];
    const { document, outcome } = ask({ tag: 'v1', records, now: '2026-06-01T12:42:00Z' });
    expect(document).toMatchObject({ digest: newer, satisfied: true, tag: { state: 'converged' } });
    expect(outcome).toBe('satisfied');
  });

  test('of one region asked about', () => {
    const records = [recordOf(digest, everywhere), recordOf(newer, [overwritten])];
    expect(ask({ tag: 'v1', regions: 'eastus', records }).document).toMatchObject({
      digest: newer,
      satisfied: true,
      tag: { state: 'converged' },
    });
  });

  test('whose image is deleted points nowhere, and is answered with what it pointed at', () => {
    const records = [recordOf(digest, [...everywhere, deletedEast, deletedWest])];
    const { document, outcome } = ask({ tag: 'v1', records });
    expect(document).toMatchObject({
      digest,
      state: 'deleted',
      satisfied: false,
      tag: { state: 'unknown', regions: [] },
    });
    expect(outcome).toBe('deleted');
  });

  describe('with a digest', () => {
    test('it points at everywhere', () => {
      const { document, outcome } = ask({ tag: 'v1', digest, records: [recordOf(digest, everywhere)] });
      expect(document).toMatchObject({ image, digest, satisfied: true, tag: { state: 'converged' } });
      expect(outcome).toBe('satisfied');
    });

    test('it has left everywhere: superseded', () => {
      const records = [recordOf(digest, everywhere), recordOf(newer, [overwritten, overwrittenWest])];
      const { document, outcome } = ask({ tag: 'v1', digest, records });
      expect(document).toMatchObject({
        image,
        digest,
        state: 'available',
        satisfied: false,
        requirement: { have: 0 },
        missing: ['eastus', 'westeurope'],
        tag: { state: 'converged', regions: [{ digest: newer }, { digest: newer }] },
      });
      expect(outcome).toBe('superseded');
    });

    test('it has left in one region only: not superseded yet', () => {
      const records = [recordOf(digest, everywhere), recordOf(newer, [overwritten])];
      expect(ask({ tag: 'v1', digest, records }).outcome).toBe('waiting');
    });

    test('it has left in every region that was asked for: superseded', () => {
      const records = [recordOf(digest, everywhere), recordOf(newer, [overwritten])];
      expect(ask({ tag: 'v1', digest, records, regions: 'eastus' }).outcome).toBe('superseded');
    });

    test('it does not point at yet: waiting, not superseded', () => {
      const { document, outcome } = ask({ tag: 'v1', digest: newer, records: [recordOf(digest, everywhere)] });
      expect(document).toMatchObject({ digest: newer, state: 'unknown', satisfied: false });
      expect(outcome).toBe('waiting');
    });

    test('that is there without the tag: waiting', () => {
      const records = [
        recordOf(digest, everywhere),
        recordOf(newer, [pushOf('eastus', '2026-06-01T12:40:00Z'), pushOf('westeurope', '2026-06-01T12:40:00Z')]),
      ];
      const { document, outcome } = ask({ tag: 'v1', digest: newer, records });
      expect(document).toMatchObject({ digest: newer, state: 'available', satisfied: false, requirement: { have: 0 } });
      expect(outcome).toBe('waiting');
    });

    test('that is deleted', () => {
      const records = [recordOf(digest, [...everywhere, deletedEast, deletedWest])];
      expect(ask({ tag: 'v1', digest, records }).outcome).toBe('deleted');
    });
  });
});

describe('the keys of every document are those of the contract', () => {
  const keys = [
    'image registry repository digest mediaType members membersKnown bytes state satisfied requirement missing regions tags',
    'firstSeenAt availableAt announcedAt delayed replicas',
  ]
    .join(' ')
    .split(' ');
  const regionKeys = 'region state required expected since eventTime lagSeconds evidence globalRouting'.split(' ');

  test.each<[string, Asked, string[]]>([
    ['never reported', { digest }, keys],
    ['partly there', { digest, records: [recordOf(digest, [pushedEast])] }, keys],
    ['there', { digest, records: [recordOf(digest, everywhere)] }, keys],
    ['a tag never reported', { tag: 'v1' }, [...keys, 'tag']],
    ['a tag', { tag: 'v1', records: [recordOf(digest, everywhere)] }, [...keys, 'tag']],
  ])('%s', (_what, asked, expected) => {
    const document = documentOf(asked) as AvailabilityDocument;
    expect(Object.keys(document).sort()).toEqual([...expected].sort());
    expect(Object.keys(document.requirement).sort()).toEqual(['have', 'needed', 'regions', 'require']);
    expect(Object.keys(document.replicas).sort()).toEqual(['refreshedAt', 'source', 'stale']);
    for (const region of document.regions) expect(Object.keys(region).sort()).toEqual([...regionKeys].sort());
    for (const region of document.tag?.regions ?? []) {
      expect(Object.keys(region).sort()).toEqual(['digest', 'region', 'since']);
    }
  });

  test('for every list of facts, regions and missing are in alphabetical order', () => {
    const facts: Fact[] = ['westeurope', 'northeurope', 'eastus', 'australiaeast'].map((region) =>
      pushOf(region, '2026-06-01T12:22:07Z'),
    );
    const { document } = ask({ digest, records: [recordOf(digest, facts)] });
    expect(document.regions.map(({ region }) => region)).toEqual([
      'australiaeast',
      'eastus',
      'northeurope',
      'westeurope',
    ]);
  });
});

test('a wait for an image that is being deleted goes on: it may be pushed again', () => {
  const deleted = deleteOf('westeurope', '2026-06-01T12:25:00Z');
  const { document, outcome } = ask({ digest, records: [recordOf(digest, [pushedEast, pushedWest, deleted])] });
  expect([document.state, outcome]).toEqual(['deleting', 'waiting']);
});
