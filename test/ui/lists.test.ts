/** Lists of images on the page: merging, counting, announcing what has changed. */
import { describe, expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { describeImage } from '../../src/core/image/availability.ts';
import { familyLine } from '../../src/ui/family-line.ts';
import { byPlace, placeLabel } from '../../src/ui/geography.ts';
import type { HeadlineFacts } from '../../src/ui/headline.ts';
import { headline, headlineText } from '../../src/ui/headline.ts';
import { stateNote } from '../../src/ui/image-words.ts';
import { distribution, lagShapes, lagSpan } from '../../src/ui/lag-shape.ts';
import { mergePage } from '../../src/ui/merge-page.ts';
import { cellKind, cellValue, lagText, laterEventText } from '../../src/ui/region-state.ts';
import { countListed, describeChanges, listTitle, statesOf, totalText } from '../../src/ui/summary.ts';
import { timelineOf } from '../../src/ui/timeline.ts';
import { eventWord, kindWord } from '../../src/ui/words.ts';
import {
  at,
  deleteOf,
  digestOf,
  pushOf,
  recordOf,
  regionOf,
  registryOf,
  replicaSetOf,
  tagOf,
} from '../support/build.ts';

const now = at('2026-06-01T13:00:00Z');

/** Image `number`, first seen in that minute after twelve. */
function imageOf(number: number, changes: Partial<AvailabilityDocument> = {}): AvailabilityDocument {
  const record = recordOf(digestOf(number), [pushOf('eastus', `2026-06-01T12:${String(number).padStart(2, '0')}:00Z`)]);
  return { ...describeImage(record, registryOf(), replicaSetOf(), now), ...changes };
}

const imagesOf = (...numbers: number[]) => numbers.map((number) => imageOf(number));
const digestsOf = (images: readonly AvailabilityDocument[]) => images.map(({ digest }) => digest);

describe('the newest page', () => {
  test.each<[string, number[], number[], string | null, number[]]>([
    ['brings what is new', [3, 2, 1], [5, 4, 3], 'more', [5, 4, 3, 2, 1]],
    ['takes away what is no more on it', [5, 4, 3, 2, 1], [5, 3], 'more', [5, 3, 2, 1]],
    ['that is all there is replaces everything', [5, 4, 3], [5], null, [5]],
    ['that is empty, with more behind it, says nothing', [2, 1], [], 'more', [2, 1]],
    ['keeps the list to its length', [4, 3, 2, 1], [6, 5], 'more', [6, 5, 4, 3]],
  ])('%s', (_title, known, page, next, merged) => {
    const max = 4 + (next === 'more' && merged.length === 5 ? 1 : 0);
    expect(digestsOf(mergePage(imagesOf(...known), { images: imagesOf(...page), next }, max))).toEqual(
      merged.map(digestOf),
    );
  });

  test('has the newer word about each image', () => {
    const page = { images: [imageOf(2, { state: 'available' })], next: 'more' };
    const merged = mergePage(imagesOf(2, 1), page, 10);
    expect(merged.map(({ state }) => state)).toEqual(['available', 'replicating']);
  });
});

describe('a list in a few words', () => {
  const mixed = [imageOf(1), imageOf(2, { delayed: true }), imageOf(3, { state: 'available' }), imageOf(4)];

  test('counts what needs attention first', () => {
    expect(countListed(mixed)).toEqual([
      ['delayed', 1],
      // The delayed image is one of them: the list by that state has three.
      ['replicating', 3],
      ['available', 1],
    ]);
    expect(listTitle(countListed(mixed), 'contoso')).toBe('1 delayed, 3 replicating · contoso');
    expect(listTitle(countListed([]), 'contoso')).toBe('0 images · contoso');
    const counts = [['available', 2] as const, ['diverged', 1] as const, ['unpublished', 1] as const];
    expect(listTitle(counts, 'contoso')).toBe('2 images · contoso');
  });

  test('says what has changed, and nothing when nothing has', () => {
    const before = statesOf(mixed);
    expect(describeChanges(before, mixed)).toBe('');
    const after = [imageOf(5), imageOf(6), imageOf(1, { state: 'available' }), ...mixed.slice(1)];
    expect(describeChanges(before, after)).toBe('2 new images. 1 image now available.');
  });
});

describe('a cell of the matrix', () => {
  const set = replicaSetOf();
  const pushed = [pushOf('eastus', '2026-06-01T12:00:00Z')];
  const gone = [...pushed, deleteOf('eastus', '2026-06-01T12:01:00Z')];
  const documentOf = (facts: typeof pushed) => describeImage(recordOf(digestOf(1), facts, set), registryOf(), set, now);

  test.each([
    ['eastus', documentOf(pushed), 'available'],
    ['westeurope', documentOf(pushed), 'waiting'],
    ['westeurope', { ...documentOf(pushed), delayed: true }, 'delayed'],
    ['eastus', documentOf(gone), 'deleted'],
    ['westeurope', documentOf(gone), 'absent'],
    ['northeurope', documentOf(pushed), 'none'],
  ])('%s', (region, document, kind) => {
    expect(cellValue(document, region).kind).toBe(kind);
  });

  test('waits for no region that is only observed', () => {
    const [entry] = documentOf(pushed).regions.slice(1);
    if (entry === undefined) throw new Error('no region');
    expect(cellKind({ ...entry, expected: false }, { state: 'replicating', delayed: false })).toBe('absent');
    expect(cellKind(entry, { state: 'deleting', delayed: false })).toBe('missing');
  });

  test.each([
    [null, ''],
    [0, 'first'],
    [2.34, '+2.3 s'],
  ])('lag %j is %j', (lag, text) => {
    expect(lagText(lag)).toBe(text);
  });
});

describe('the line of time', () => {
  const pushes = (...seconds: number[]) =>
    seconds.map((second, index) =>
      pushOf(`region${index}`, new Date(at('2026-06-01T12:00:00Z') + second * 1000).toISOString()),
    );
  const regionsOf = (...seconds: number[]) => {
    const set = replicaSetOf(registryOf({ regions: pushes(0, 0, 0).map(({ region }) => region) }));
    return describeImage(recordOf(digestOf(1), pushes(...seconds), set), registryOf(), set, now).regions;
  };

  test('ends with the last region once all have it', () => {
    const { bars, ticks } = timelineOf(regionsOf(0, 4, 8), 'available', now);
    expect(bars.map(({ kind }) => kind)).toEqual(['arrived', 'arrived', 'arrived']);
    expect(bars.map(({ length }) => length)).toEqual([0, expect.closeTo(0.845, 2), 1]);
    expect(ticks.map(({ at: place, label }) => [label, place])).toEqual([
      ['0', 0],
      ['0.1 s', expect.closeTo(0.158, 2)],
      ['1.0 s', expect.closeTo(0.546, 2)],
      ['8.0 s', 1],
    ]);
  });

  test('ends now while a region is missing, and shows a tenth of a second beside an hour', () => {
    const { bars, ticks } = timelineOf(regionsOf(0, 0.1), 'replicating', now);
    expect(bars.map(({ kind }) => kind)).toEqual(['arrived', 'arrived', 'waiting']);
    expect(bars[1]?.length).toBeGreaterThan(0.05);
    expect(bars[2]?.length).toBe(1);
    expect(ticks.at(-1)).toEqual({ at: 1, label: 'now' });
    const gaps = ticks.slice(1).map(({ at: place }, i) => place - (ticks[i]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0.13);
  });

  test('waits for nobody when the image is on its way out', () => {
    expect(timelineOf(regionsOf(0), 'deleting', now).bars[1]).toEqual({ kind: 'none', length: 0 });
  });

  test('keeps the time of a delete', () => {
    const facts = [
      ...pushes(0, 2),
      deleteOf('region0', '2026-06-01T12:05:00Z'),
      deleteOf('region1', '2026-06-01T12:10:00Z'),
    ];
    const set = replicaSetOf(registryOf({ regions: pushes(0, 0).map(({ region }) => region) }));
    const { regions, firstSeenAt } = describeImage(recordOf(digestOf(1), facts, set), registryOf(), set, now);
    const { bars, ticks } = timelineOf(regions, 'deleted', now, firstSeenAt);
    expect(bars.map(({ kind }) => kind)).toEqual(['deleted', 'deleted']);
    expect(bars[1]?.length).toBe(1);
    expect(bars[0]?.length).toBeGreaterThan(0.8);
    expect(ticks.at(-1)?.label).toBe('10 min');
  });
});

describe('the answer in a sentence', () => {
  const regions = pushOf('eastus', '2026-06-01T12:00:00Z');
  const one = describeImage(recordOf(digestOf(1), [regions]), registryOf(), replicaSetOf(), now);
  const deletedThere = deleteOf('westeurope', '2026-06-01T12:01:00Z');
  const deletedHere = deleteOf('eastus', '2026-06-01T12:02:00Z');
  const usual = (seconds: number) => new Map([['westeurope', seconds]]);
  const soon = at('2026-06-01T12:11:00Z');
  const sentenceOf = (document: AvailabilityDocument, facts: HeadlineFacts = {}) =>
    headlineText(headline(document, soon, facts), soon);

  test.each<[string, AvailabilityDocument, ReadonlyMap<string, number>, string]>([
    ['while it is missing', one, new Map(), 'In 1 of 2 regions; missing in westeurope for 11 min.'],
    [
      'as long as usual',
      one,
      usual(900),
      'In 1 of 2 regions; missing in westeurope for 11 min, as is usual there (15 min).',
    ],
    [
      'longer',
      one,
      usual(400),
      'In 1 of 2 regions; missing in westeurope for 11 min, longer than usual there (6 min 40 s).',
    ],
    [
      'far longer',
      one,
      usual(220),
      'In 1 of 2 regions; missing in westeurope for 11 min, 3 times longer than usual there (3 min 40 s).',
    ],
    [
      'in none of them known to be whole',
      { ...one, regions: one.regions.map((region) => ({ ...region, state: 'unverified' as const })) },
      usual(220),
      'In 1 of 2 regions; unverified in westeurope.',
    ],
    [
      'deleted in one region',
      describeImage(recordOf(digestOf(1), [regions, deletedThere]), registryOf(), replicaSetOf(), now),
      usual(220),
      'Still in eastus; deleted in westeurope.',
    ],
    ['unknown', { ...one, state: 'unknown' }, new Map(), 'No region has reported this image.'],
    ['deleted', { ...one, state: 'deleted' }, new Map(), 'Deleted in every region that had it.'],
    [
      'deleted, with when and where',
      describeImage(recordOf(digestOf(1), [regions, deletedThere, deletedHere]), registryOf(), replicaSetOf(), now),
      new Map(),
      'Deleted in every region that had it: eastus and westeurope; the last 9 min ago.',
    ],
  ])('%s', (_, document, known, sentence) => {
    expect(sentenceOf(document, { usual: known })).toBe(sentence);
  });

  test('once it is everywhere, and where a tag has diverged', () => {
    const both = [regions, pushOf('westeurope', '2026-06-01T12:00:04Z')];
    const document = describeImage(recordOf(digestOf(1), both), registryOf(), replicaSetOf(), now);
    const there = { ...document, availableAt: '2026-06-01T12:00:04.000Z' };
    expect(sentenceOf(there)).toBe('In all 2 regions, 4.0 s after the first.');
    const tag = { name: tagOf('prod'), state: 'diverged' as const, regions: [] };
    expect(sentenceOf({ ...there, tag })).toContain('Regions resolve prod to different digests.');
    const west = { region: regionOf('westeurope'), digest: digestOf(2), since: '2026-06-01T12:00:00.000Z' };
    const ofTag = { ...there, tag: { ...tag, regions: [west] } };
    expect(sentenceOf(there, { ofTags: [ofTag] })).toBe(
      'In all 2 regions, 4.0 s after the first. westeurope resolves prod to another digest.',
    );
    const artifacts = ['signature', 'sbom'].map((kind) => ({ kind, known: true, missing: [] }));
    expect(sentenceOf({ ...there, artifacts })).toBe('In all 2 regions with signature and sbom.');
    const unsigned = {
      ...there,
      artifacts: [{ kind: 'signature', known: true, missing: [regionOf('westeurope')] }],
      missing: [regionOf('westeurope')],
      requirement: { ...there.requirement, have: 1 },
    };
    expect(sentenceOf(unsigned)).toBe('In 1 of 2 regions with signature; westeurope has the image without signature.');
    expect(sentenceOf(there, { attached: unsigned })).toBe(
      'In all 2 regions, 4.0 s after the first. Its signature is missing in westeurope.',
    );
    // As after the question for it: a region without the image lacks its signature as well.
    const gone = { ...unsigned, artifacts: [{ kind: 'signature', known: true, missing: [west.region] }] };
    const [first] = unsigned.regions;
    if (first === undefined) throw new Error('no region');
    const north = { ...first, region: regionOf('northeurope'), state: 'missing' as const };
    const lacking = {
      ...{ ...gone, regions: [...gone.regions, north], missing: [west.region, north.region] },
      artifacts: [{ kind: 'signature', known: true, missing: [north.region, west.region] }],
      requirement: { ...gone.requirement, regions: [...gone.requirement.regions, north.region] },
    };
    expect(sentenceOf(there, { attached: lacking })).toContain(
      'Its signature is missing in northeurope and westeurope.',
    );
    const alone = { ...lacking, artifacts: [{ kind: 'signature', known: true, missing: [north.region] }] };
    expect(sentenceOf(there, { attached: alone })).not.toContain('signature');
    // No region has one: nothing says that there must be one.
    const none = { ...unsigned, artifacts: [{ kind: 'sbom', known: true, missing: there.requirement.regions }] };
    expect(sentenceOf(there, { attached: none })).toBe('In all 2 regions, 4.0 s after the first.');
  });

  test('of a tag that some regions resolve to another image, once', () => {
    const both = [regions, pushOf('westeurope', '2026-06-01T12:00:04Z')];
    const document = describeImage(recordOf(digestOf(1), both), registryOf(), replicaSetOf(), now);
    const west = { region: regionOf('westeurope'), digest: digestOf(2), since: '2026-06-01T12:00:00.000Z' };
    const tag = { name: tagOf('prod'), state: 'diverged' as const, regions: [west] };
    const of = { ...document, tag, missing: [west.region], requirement: { ...document.requirement, have: 1 } };
    expect(sentenceOf(of)).toBe(
      'prod points at this image in 1 of 2 regions; westeurope resolves it to another digest.',
    );
    expect(sentenceOf({ ...of, tag: { ...tag, regions: [] } })).toBe(
      'prod points at this image in 1 of 2 regions; westeurope has the image, but not as prod.',
    );
  });

  test('of an image that a tag has left, but not in every region', () => {
    const there = describeImage(recordOf(digestOf(1), [regions]), registryOf(), replicaSetOf(), now);
    const since = '2026-06-01T12:00:00.000Z';
    const pointing = (west: number) => ({
      ...there,
      digest: digestOf(2),
      tag: {
        ...{ name: tagOf('prod'), state: 'diverged' as const },
        regions: [
          { region: regionOf('eastus'), digest: digestOf(2), since },
          { region: regionOf('westeurope'), digest: digestOf(west), since },
        ],
      },
    });
    expect(sentenceOf(there, { ofTags: [pointing(1)] })).toContain(
      '. prod has moved to another image; westeurope resolves it to this one.',
    );
    expect(sentenceOf(there, { ofTags: [pointing(2)] })).toMatch(/\. prod has moved to another image\.$/);
  });

  test('of an image that lacks a platform somewhere', () => {
    const member = (n: number, platform: string, missing: readonly string[]) =>
      ({ digest: digestOf(n), kind: 'platform', platform, artifactType: null, missing }) as never;
    const arm = member(3, 'linux/arm64', ['westeurope']);
    expect(sentenceOf({ ...one, members: [member(2, 'linux/amd64', []), arm] })).toBe(
      'In 1 of 2 regions; linux/arm64 missing in westeurope for 11 min.',
    );
    // What is usual is that of the region that is named, not of one that lacks only a part.
    const north = pushOf('northeurope', '2026-06-01T12:00:00Z');
    const places = replicaSetOf(registryOf({ regions: ['eastus', 'northeurope', 'westeurope'].map(regionOf) }));
    const three = describeImage(recordOf(digestOf(1), [regions, north], places), registryOf(), places, now);
    const part = member(3, 'linux/arm64', ['northeurope', 'westeurope']);
    const split = {
      ...three,
      members: [member(2, 'linux/amd64', ['westeurope']), part],
      missing: ['northeurope', 'westeurope'].map(regionOf),
      regions: three.regions.map((one) => (one.region === 'northeurope' ? { ...one, state: 'missing' as const } : one)),
      requirement: { ...three.requirement, have: 1 },
    };
    const lags = new Map([
      ['northeurope', 600],
      ['westeurope', 220],
    ]);
    expect(sentenceOf(split, { usual: lags })).toBe(
      'In 1 of 3 regions; missing in westeurope for 11 min, 3 times longer than usual there (3 min 40 s); linux/arm64 missing in northeurope.',
    );
    // Where all of them are missing, the image is.
    expect(sentenceOf({ ...one, members: [arm] })).toBe('In 1 of 2 regions; missing in westeurope for 11 min.');
  });

  test('of an image that is being deleted names the regions that still have it', () => {
    const [first] = one.regions;
    if (first === undefined) throw new Error('no region');
    const region = (name: string, state: 'available' | 'deleted') => ({ ...first, region: regionOf(name), state });
    const gone = ['centralus', 'eastus', 'uksouth', 'westus'].map((name) => region(name, 'deleted'));
    const missing = gone.map((entry) => entry.region);
    const deleting = {
      ...one,
      state: 'deleting' as const,
      missing,
      regions: [region('japaneast', 'available'), ...gone],
    };
    expect(sentenceOf(deleting)).toBe('Still in japaneast; deleted in 4 regions.');
    expect(sentenceOf({ ...deleting, regions: deleting.regions.slice(0, 3) })).toBe(
      'Still in japaneast; deleted in centralus and eastus.',
    );
  });

  test('of an image that a probe found in the last region is an upper bound', () => {
    const both = [regions, pushOf('westeurope', '2026-06-01T12:01:06Z')];
    const document = describeImage(recordOf(digestOf(1), both), registryOf(), replicaSetOf(), now);
    const late = document.regions.map((region) =>
      region.region === 'westeurope' ? { ...region, evidence: ['probe' as const] } : region,
    );
    const there = { ...document, availableAt: '2026-06-01T12:01:07.000Z' };
    // The region's own time is shown in the table; the sentence has the same.
    expect(sentenceOf(there)).toBe('In all 2 regions, 1 min 6 s after the first.');
    expect(sentenceOf({ ...there, regions: late })).toBe('In all 2 regions, at most 1 min 6 s after the first.');
    expect(stateNote({ ...there, regions: late })).toBe('in at most 1 min 6 s');
    expect(timelineOf(late, 'available', now).bars.map(({ kind }) => kind)).toEqual(['arrived', 'late']);
    expect(lagText(66.4, true)).toBe('≤ 1 min 6 s');
  });
});

describe('the shape of a lag', () => {
  const images = [
    imageOf(2),
    describeImage(
      recordOf(digestOf(1), [pushOf('eastus', '2026-06-01T12:00:00Z'), pushOf('westeurope', '2026-06-01T12:00:30Z')]),
      registryOf(),
      replicaSetOf(),
      now,
    ),
  ];

  test('is the lag of each image, the oldest first, with what is missing', () => {
    const lags = lagShapes(images, ['eastus', 'westeurope']).map(({ points }) => points.map(({ lag }) => lag));
    expect(lags).toEqual([
      [0, 0],
      [30, null],
    ]);
  });

  test('leaves out what is deleted, or is being deleted: no region waits for it', () => {
    const gone = images.map((image, n) => ({
      ...image,
      state: n === 0 ? ('deleting' as const) : ('deleted' as const),
    }));
    expect(lagShapes(gone, ['eastus']).map(({ points }) => points)).toEqual([[]]);
  });

  test('can be counted', () => {
    const lags = [0, 0.9, 5, 30, 599, 3_599, 90_000, null];
    const counts = distribution({ region: 'x', points: lags.map((lag, at) => ({ at, lag })) });
    expect(counts.map(([, count]) => count)).toEqual([2, 1, 1, 1, 1, 1, 1]);
  });
});

test.each([
  ['a day, where there are no older ones', false, 0, 100_000_000 - 86_400_000],
  ['since the oldest, where there may be older ones', true, 90_000_000, 90_000_000],
  ['a day, where the oldest is older', true, 1, 100_000_000 - 86_400_000],
] as const)('the lag is drawn over %s', (_title, isCut, at, from) => {
  const shape = { region: 'x', points: [{ at, lag: 0 }] };
  expect(lagSpan(shape, isCut, 100_000_000)).toEqual({ from, until: 100_000_000 });
});

test.each([
  ['Europe', 'Europe', 2],
  ['Asia Pacific', 'Asia', 2],
  ['Asia Pacific', 'Asia Pacific', 3],
  ['Middle East and Africa', 'MEA', 3],
  ['Middle East and Africa', 'Middle East and Africa', 6],
  ['Americas', 'AM', 1],
  ['Europe', 'EU', 1],
  ['Middle East and Africa', 'ME', 1],
  ['Asia Pacific', 'AP', 1],
  ['Elsewhere', '…', 1],
])('%s is %s above %i columns', (name, label, columns) => {
  expect(placeLabel(name, columns, true)).toBe(label);
  expect(placeLabel('Middle East and Africa', 1, false)).toBe('MEA');
  expect(placeLabel('Middle East and Africa', 2, false)).toBe('Middle East and Africa');
});

test('regions stand together by where they are', () => {
  expect(byPlace(['westeurope', 'eastus', 'japaneast', 'uaenorth', 'moon', 'westus3', 'uksouth'])).toEqual([
    { name: 'Americas', regions: ['eastus', 'westus3'] },
    { name: 'Europe', regions: ['uksouth', 'westeurope'] },
    { name: 'Middle East and Africa', regions: ['uaenorth'] },
    { name: 'Asia Pacific', regions: ['japaneast'] },
    { name: 'Elsewhere', regions: ['moon'] },
  ]);
});

describe('words', () => {
  test.each([
    ['AcrReplication.ImageAvailableInRegion', 'available in a region'],
    ['AcrReplication.SomethingNew', 'SomethingNew'],
    ['constructor', 'constructor'],
  ])('for the event %s', (type, word) => {
    expect(eventWord(type)).toBe(word);
  });

  test.each([
    [null, undefined],
    ['application/vnd.oci.image.manifest.v1+json', undefined],
    ['application/vnd.oci.image.index.v1+json', 'multi-platform'],
    ['application/vnd.docker.distribution.manifest.list.v2+json', 'multi-platform'],
    ['application/vnd.cncf.helm.config.v1+json', 'other artifact'],
  ])('for the media type %s', (mediaType, word) => {
    expect(kindWord(mediaType)).toBe(word);
  });
});

describe('what belongs to an image', () => {
  const member = (kind: 'platform' | 'attestation', missing: readonly string[] = []) =>
    ({ digest: digestOf(9), kind, platform: null, artifactType: null, missing }) as never;
  const index = { mediaType: 'application/vnd.oci.image.index.v1+json', state: 'available' } as const;

  test.each<[string, Partial<AvailabilityDocument>]>([
    ['A single manifest: no other platforms.', { members: [] }],
    ['', { members: null, membersKnown: false }],
    ['This index lists nothing.', { ...index, members: [] }],
    [
      'What this index lists could not be read: it counts by its own reports alone.',
      { ...index, members: null, membersKnown: false },
    ],
    [
      '2 platforms, 1 attestation. A region has this image once it has all of them.',
      { ...index, members: [member('platform'), member('platform'), member('attestation')] },
    ],
    [
      '2 platforms. 1 of them is missing somewhere.',
      { ...index, members: [member('platform', ['eastus']), member('platform')] },
    ],
    ['', { members: null, membersKnown: false, state: 'unknown' }],
  ])('%s', (line, changes) => {
    expect(familyLine(imageOf(1, { membersKnown: true, ...changes }))).toBe(line);
  });
});

test.each([
  ['2026-06-01T12:00:00.500Z', '2026-06-01T12:00:00.000Z', false],
  ['2026-06-01T12:00:00.500Z', '2026-06-01T12:00:00.900Z', false],
  ['2026-06-01T12:00:00.500Z', '2026-06-01T14:00:00.000Z', true],
  [null, '2026-06-01T14:00:00.000Z', false],
  ['2026-06-01T12:00:00.500Z', null, false],
])('recorded at %s, an event of %s is explained: %s', (since, eventTime, isExplained) => {
  expect(laterEventText({ since, eventTime }) !== '').toBe(isExplained);
});

test.each([
  ['6 images', 6, false, 6, false],
  ['7 images, of which one is not counted yet', 7, false, 6, false],
  ['900 images', 100, true, 900, false],
  ['7 found, 6 images in all', 7, false, 6, true],
  ['at least 100 found, 900 images in all', 100, true, 900, true],
  ['7 found', 7, false, undefined, true],
])('above the list: %s', (text, listed, isMore, counted, isNarrowed) => {
  const images = { available: counted ?? 0, replicating: 0, deleting: 0, deleted: 0 };
  const summary = counted === undefined ? undefined : { images };
  expect(totalText(listed, isMore, summary, isNarrowed)).toBe(text.replace(/, of which.*/, ''));
});
