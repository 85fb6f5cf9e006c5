import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImageRecord } from '../../../src/core/image/record.ts';
import { isSuperseded, tagPointers, tagState } from '../../../src/core/image/tag-resolution.ts';
import {
  at,
  deleteOf,
  digestOf,
  eventTimeOf,
  pushOf,
  recordOf,
  regionOf,
  regionsOf,
  tagOf,
} from '../../support/build.ts';

const v1 = tagOf('v1');
const [low, high] = [digestOf(1), digestOf(2)];
const both = regionsOf('eastus', 'westeurope');

function pushed(region: string, time: string, tag = 'v1') {
  return pushOf(region, `2026-06-01T${time}Z`, { tag });
}

function pointed(records: readonly ImageRecord[], tag = v1) {
  return Object.fromEntries([...tagPointers(tag, records).regions].map(([region, { digest }]) => [region, digest]));
}

describe('a tag points', () => {
  test('nowhere while no region has reported it', () => {
    expect(tagPointers(v1, [])).toEqual({ regions: new Map(), newest: null });
    expect(tagPointers(v1, [recordOf(low, [pushed('eastus', '12:00:00', 'v2')])]).newest).toBeNull();
  });

  test('in each region to the digest pushed last there, whatever order the images come in', () => {
    const records = [
      recordOf(low, [pushed('eastus', '12:00:00'), pushed('westeurope', '12:00:09')]),
      recordOf(high, [pushed('eastus', '12:00:05')]),
    ];
    const expected = { eastus: high, westeurope: low };
    expect(pointed(records)).toEqual(expected);
    expect(pointed([...records].reverse())).toEqual(expected);
  });

  test('again to the newest digest of all regions, with the time of that push and of its receipt', () => {
    const late = pushOf('westeurope', '2026-06-01T13:00:00Z', { tag: 'v1', eventTime: '2026-06-01T12:00:01.0000001Z' });
    const records = [recordOf(low, [pushed('eastus', '12:00:01')]), recordOf(high, [late])];
    expect(tagPointers(v1, records).newest).toMatchObject({
      digest: high,
      pushedAt: eventTimeOf('2026-06-01T12:00:01.0000001Z'),
      since: at('2026-06-01T13:00:00Z'),
    });
  });

  test('since the push of the tag, if the image was there before', () => {
    const record = recordOf(low, [pushed('eastus', '12:00:00'), pushed('eastus', '14:00:00', 'v2')]);
    const sinceOf = (tag: string) => tagPointers(tagOf(tag), [record]).regions.get(regionOf('eastus'))?.since;
    expect([sinceOf('v1'), sinceOf('v2')]).toEqual([at('2026-06-01T12:00:00Z'), at('2026-06-01T14:00:00Z')]);
  });

  test('for two pushes at one instant to the same digest on every instance', () => {
    const records = [recordOf(high, [pushed('eastus', '12:00:00')]), recordOf(low, [pushed('eastus', '12:00:00')])];
    expect(pointed(records)).toEqual({ eastus: high });
    expect(pointed([...records].reverse())).toEqual({ eastus: high });
  });

  test('no longer to what a region has deleted', () => {
    const gone = recordOf(high, [pushed('eastus', '12:00:05'), deleteOf('eastus', '2026-06-01T12:00:09Z')]);
    expect(pointed([gone])).toEqual({});
    // The registry deletes the tags with the manifest: the tag does not fall back to an older digest.
    expect(pointed([recordOf(low, [pushed('eastus', '12:00:00')]), gone])).toEqual({});
  });

  test('to what was deleted last, once no region has it', () => {
    const gone = recordOf(high, [pushed('eastus', '12:00:05'), deleteOf('eastus', '2026-06-01T12:00:09Z')]);
    expect(tagPointers(v1, [gone]).newest).toMatchObject({ digest: high });
    expect(tagState(tagPointers(v1, [gone]), regionsOf('eastus'), at('2026-06-01T12:30:00Z'), 900_000)).toBe('unknown');
    const elsewhere = recordOf(low, [pushed('westeurope', '12:00:00')]);
    expect(tagPointers(v1, [gone, elsewhere]).newest).toMatchObject({ digest: low });
  });

  test('back to a digest that was pushed again', () => {
    const again = recordOf(low, [pushed('eastus', '12:00:00'), pushed('eastus', '12:00:09')]);
    expect(pointed([again, recordOf(high, [pushed('eastus', '12:00:05')])])).toEqual({ eastus: low });
  });

  test('at what was pushed later where both were pushed, however late the older one arrives elsewhere', () => {
    const older = recordOf(low, [pushed('eastus', '12:00:00'), pushed('westeurope', '12:00:09')]);
    const newer = recordOf(high, [pushed('eastus', '12:00:05')]);
    for (const records of [
      [older, newer],
      [newer, older],
    ]) {
      expect(tagPointers(v1, records).newest?.digest).toBe(high);
      expect(pointed(records)).toEqual({ eastus: high, westeurope: low });
    }
  });

  test('nowhere once it has moved to a digest whose record is gone', () => {
    const old = recordOf(low, [pushed('eastus', '12:00:00')]);
    const moved = { ...old.tags.v1, movedTo: high, movedBy: { eastus: eventTimeOf('2026-06-01T12:00:05Z') } };
    const left = { ...old, tags: { v1: { ...moved, state: 'moved' } } } as ImageRecord;
    expect(pointed([left])).toEqual({});
    expect(pointed([left, recordOf(high, [pushed('westeurope', '12:00:05')])])).toEqual({
      eastus: low,
      westeurope: high,
    });
  });

  test('in alphabetical order of the regions', () => {
    const record = recordOf(low, [pushed('westeurope', '12:00:00'), pushed('australiaeast', '12:00:01')]);
    expect([...tagPointers(v1, [record]).regions.keys()]).toEqual(['australiaeast', 'westeurope']);
  });

  test('wherever the newest push leads, in any order of images and facts', () => {
    const push = fc.record({
      digest: fc.constantFrom(low, high, digestOf(3)),
      region: fc.constantFrom('eastus', 'westeurope'),
      second: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(push, { selector: ({ digest, region }) => digest + region }), (pushes) => {
        const records = pushes.map(({ digest, region, second }) =>
          recordOf(digest, [pushed(region, `12:00:0${second}`)]),
        );
        const expected = Object.fromEntries(
          [...pushes]
            .sort((a, b) => a.second - b.second || (a.digest < b.digest ? -1 : 1))
            .map(({ digest, region }) => [region, digest]),
        );
        expect(pointed(records)).toEqual(expected);
        expect(pointed([...records].reverse())).toEqual(expected);
      }),
    );
  });
});

// Valid tags that every plain object already answers to.
describe.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'])('a tag named %s', (name) => {
  const tag = tagOf(name);

  const pushedAt = eventTimeOf('2026-06-01T12:00:00Z');

  test('points where it was pushed, since then', () => {
    const pointers = tagPointers(tag, [recordOf(low, [pushed('eastus', '12:00:00', name)])]);
    expect(pointers.newest).toMatchObject({ digest: low, pushedAt, since: at('2026-06-01T12:00:00Z') });
  });

  test('points nowhere in a region that only knows another tag', () => {
    expect(pointed([recordOf(low, [pushed('eastus', '12:00:00')])], tag)).toEqual({});
  });

  test('is recorded for an image that is known without it', () => {
    const facts = [pushOf('eastus', '2026-06-01T12:00:00Z'), pushed('eastus', '12:00:00', name)];
    expect(Object.entries(recordOf(low, facts).arrivals.eastus?.tags ?? {})).toEqual([[name, pushedAt]]);
  });

  test('supersedes nothing while it is not known which regions count', () => {
    const records = [
      recordOf(low, [pushed('eastus', '12:00:00', name)]),
      recordOf(high, [pushed('eastus', '12:00:09', name)]),
    ];
    expect(isSuperseded(tagPointers(tag, records), records[0], tag, [])).toBe(false);
  });

  test('does not supersede an image that never had it', () => {
    const never = recordOf(low, [pushed('eastus', '12:00:00')]);
    const pointers = tagPointers(tag, [recordOf(high, [pushed('eastus', '12:00:09', name)])]);
    expect(isSuperseded(pointers, never, tag, regionsOf('eastus'))).toBe(false);
  });
});

describe('a tag is', () => {
  const inBoth = recordOf(low, [pushed('eastus', '12:00:00'), pushed('westeurope', '12:00:01')]);
  const inEast = recordOf(high, [pushed('eastus', '12:00:05')]);

  test.each<[string, ImageRecord[], string[], string, string?]>([
    ['unknown before any region has reported it', [], ['eastus', 'westeurope'], 'unknown'],
    ['converged when all agree', [inBoth], ['eastus', 'westeurope'], 'converged'],
    ['converging while one still has another', [inBoth, inEast], ['eastus', 'westeurope'], 'converging', '12:15:05'],
    ['diverged when one has another for long', [inBoth, inEast], ['eastus', 'westeurope'], 'diverged', '12:15:06'],
    ['converging while one has not reported it', [inEast], ['eastus', 'westeurope'], 'converging', '18:00:00'],
    ['converged over the regions asked about', [inBoth, inEast], ['eastus'], 'converged'],
    ['converging where none of the required regions has reported it', [inEast], ['westeurope'], 'converging'],
  ])('%s', (_what, records, regions, state, time = '12:00:10') => {
    const now = at(`2026-06-01T${time}Z`);
    expect(tagState(tagPointers(v1, records), regionsOf(...regions), now, 900_000)).toBe(state);
  });
});

describe('a digest is superseded', () => {
  const old = recordOf(low, [pushed('eastus', '12:00:00'), pushed('westeurope', '12:00:03')]);
  const superseded = (records: readonly ImageRecord[], of: ImageRecord | undefined, regions = both) =>
    isSuperseded(tagPointers(v1, records), of, v1, regions);

  test('once the tag was pushed with another one in every region after its own last push', () => {
    const next = recordOf(high, [pushed('eastus', '12:00:05'), pushed('westeurope', '12:00:06')]);
    expect(superseded([old, next], old)).toBe(true);
  });

  test('also where it arrived in one region after the other one had been pushed in another', () => {
    const next = recordOf(high, [pushed('eastus', '12:00:02'), pushed('westeurope', '12:00:06')]);
    expect(superseded([old, next], old)).toBe(true);
  });

  test('not while it is on its way: newer where both are, and not yet where it is asked for', () => {
    const back = recordOf(low, [pushed('eastus', '12:00:09')]);
    const other = recordOf(high, [pushed('eastus', '12:00:05'), pushed('westeurope', '12:00:10')]);
    expect(superseded([back, other], back, regionsOf('westeurope'))).toBe(false);
  });

  test.each<[string, ImageRecord[]]>([
    ['while one region still has it', [old, recordOf(high, [pushed('eastus', '12:00:05')])]],
    ['by itself', [old]],
  ])('not %s', (_what, records) => {
    expect(superseded(records, old)).toBe(false);
  });

  test('not while no region has reported both, whatever their clocks say', () => {
    // The webhook of the older one in eastus is late; westeurope got it after eastus had got the newer one.
    const older = recordOf(low, [pushed('westeurope', '12:00:09')]);
    const newer = recordOf(high, [pushed('eastus', '12:00:05')]);
    expect(superseded([older, newer], newer, regionsOf('westeurope'))).toBe(false);
    expect(superseded([older, newer], older, regionsOf('eastus'))).toBe(false);
    const known = recordOf(low, [pushed('westeurope', '12:00:09'), pushed('eastus', '12:00:00')]);
    expect(superseded([known, newer], known, regionsOf('eastus'))).toBe(true);
  });

  test('not while regions contradict each other', () => {
    const one = recordOf(low, [pushed('eastus', '12:00:09'), pushed('westeurope', '12:00:01')]);
    const other = recordOf(high, [pushed('eastus', '12:00:05'), pushed('westeurope', '12:00:06')]);
    expect(superseded([one, other], other, regionsOf('eastus'))).toBe(false);
    expect(superseded([one, other], one, regionsOf('westeurope'))).toBe(false);
  });

  test('not when it never had the tag: it is not there yet', () => {
    const never = recordOf(high, [pushOf('eastus', '2026-06-01T11:00:00Z')]);
    expect(superseded([old, never], never)).toBe(false);
    expect(superseded([old], undefined)).toBe(false);
  });
});
