/** What the page makes of lists of images: merging, counting, telling what has changed. */
import { describe, expect, test } from 'vitest';
import type { AvailabilityDocument } from '../../src/core/availability.ts';
import { describeImage } from '../../src/core/availability.ts';
import { mergePage } from '../../src/ui/merge-page.ts';
import { cellKind, cellValue, lagText } from '../../src/ui/region-state.ts';
import { countStates, describeChanges, hear, listTitle } from '../../src/ui/summary.ts';
import { timelineOf } from '../../src/ui/timeline.ts';
import { eventWord, kindWord } from '../../src/ui/words.ts';
import { at, deleteOf, digestOf, pushOf, recordOf, registryOf, replicaSetOf } from '../support/build.ts';

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
    const most = 4 + (next === 'more' && merged.length === 5 ? 1 : 0);
    expect(digestsOf(mergePage(imagesOf(...known), { images: imagesOf(...page), next }, most))).toEqual(
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
    expect(countStates(mixed)).toEqual([
      ['delayed', 1],
      ['replicating', 2],
      ['available', 1],
    ]);
    expect(listTitle(countStates(mixed), 'contoso')).toBe('1 delayed, 2 replicating · contoso');
    expect(listTitle(countStates([]), 'contoso')).toBe('0 images · contoso');
  });

  test('says what has changed, and nothing when nothing has', () => {
    const before = hear(mixed);
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
    ['westeurope', { ...documentOf(pushed), delayed: true }, 'late'],
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
    expect(bars.map(({ kind, length }) => [kind, length])).toEqual([
      ['arrived', 0],
      ['arrived', 0.5],
      ['arrived', 1],
    ]);
    expect(ticks.map(({ label }) => label)).toEqual(['0', '2.0 s', '4.0 s', '6.0 s', '8.0 s']);
  });

  test('is not stretched by one that keeps silent for an hour', () => {
    const { bars } = timelineOf(regionsOf(0, 10), 'replicating', now);
    expect(bars).toEqual([
      { kind: 'arrived', length: 0, isCut: false },
      { kind: 'arrived', length: 10 / 16, isCut: false },
      { kind: 'waiting', length: 1, isCut: true },
    ]);
  });

  test('grows with the time while only the first has it', () => {
    const { bars } = timelineOf(regionsOf(0), 'replicating', at('2026-06-01T12:00:30Z'));
    expect(bars[1]).toEqual({ kind: 'waiting', length: 1, isCut: false });
  });

  test('waits for nobody when the image is on its way out', () => {
    expect(timelineOf(regionsOf(0), 'deleting', now).bars[1]).toEqual({ kind: 'none', length: 0, isCut: false });
  });
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
