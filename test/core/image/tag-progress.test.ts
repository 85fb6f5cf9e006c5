/** The progress of a tag with one digest, command by command. */
import { describe, expect, test } from 'vitest';
import type { ImageRecord, TagProgress } from '../../../src/core/image/record.ts';
import { tagPushes } from '../../../src/core/image/record.ts';
import {
  carryOpenTags,
  notePushedTag,
  tagCompared,
  tagMoved,
  tagsThatMayDiverge,
} from '../../../src/core/image/tag-progress.ts';
import { deleteOf, digestOf, eventTimeOf, pushOf, recordOf, replicaSetOf, tagOf } from '../../support/build.ts';

const tag = tagOf('v1');
const time = (second: number) => `2026-06-01T12:00:0${second}Z`;
const at = (second: number) => eventTimeOf(time(second));
const tagged = pushOf('eastus', time(1), { tag: 'v1' });

function withTag(changes: Partial<TagProgress>, record = recordOf(digestOf(1), [tagged])): ImageRecord {
  const progress = record.tags.v1 ?? expect.fail('no tag');
  return { ...record, uncomparedTags: [], tags: { v1: { ...progress, isCompared: true, ...changes } } };
}

describe('the next region that reports it', () => {
  const next = pushOf('westeurope', time(4), { tag: 'v1' });
  const moved = { state: 'superseded', movedTo: digestOf(2) } as const;
  test.each<[string, Partial<TagProgress>, boolean]>([
    ['where the order is known', {}, false],
    ['where the order to one of the others is not', { isOrdered: false }, true],
    ['where it has moved on in another region', { ...moved, movedBy: { eastus: at(2) } }, true],
    ['where it has moved on before that', { ...moved, movedBy: { westeurope: at(3) } }, true],
    ['where it has moved on after that', { ...moved, movedBy: { westeurope: at(5) } }, false],
  ])('%s has it compared: %s', (_, changes, isCompared) => {
    expect(notePushedTag(withTag(changes), next).uncomparedTags).toEqual(isCompared ? ['v1'] : []);
  });
});

describe('pushed with another digest', () => {
  test.each<[TagProgress['state'], TagProgress['state'], number]>([
    ['open', 'superseded', 3],
    ['converged', 'moved', 3],
    ['superseded', 'superseded', 2],
    ['moved', 'moved', 2],
  ])('it is %s, then %s', (state, then, movedTo) => {
    const isBefore = state === 'superseded' || state === 'moved';
    const before = isBefore ? { movedTo: digestOf(2), movedBy: { eastus: at(2) } } : {};
    const pushes = { eastus: at(3) };
    const { tags } = tagMoved(withTag({ state, ...before }), { tag, to: digestOf(3), pushes });
    expect(tags.v1).toMatchObject({ state: then, movedTo: digestOf(movedTo), movedBy: pushes });
  });

  test('earlier than with this one, it stays', () => {
    const { tags } = tagMoved(withTag({}), { tag, to: digestOf(3), pushes: { eastus: at(0) } });
    expect(tags.v1).toMatchObject({ state: 'open', movedTo: null, others: { eastus: at(0) } });
  });
});

describe('a comparison', () => {
  const record = { ...withTag({ isCompared: false }), uncomparedTags: ['v1'] };
  const comparison = {
    tag,
    seen: record.tags.v1,
    own: tagPushes(record, tag),
    others: { eastus: at(0) },
    isNewest: true,
    isOrdered: true,
    isComplete: true,
  };

  test('is stored', () => {
    const { tags, uncomparedTags } = tagCompared(record, comparison);
    expect([tags.v1, uncomparedTags]).toMatchObject([{ isCompared: true, others: { eastus: at(0) } }, []]);
  });

  test('stays open while one is on its way', () => {
    expect(tagCompared(record, { ...comparison, isComplete: false })).toMatchObject({
      tags: { v1: { isCompared: true } },
      uncomparedTags: ['v1'],
    });
  });

  test('of one that had moved on and is the newest opens another round', () => {
    const moved = { ...withTag({ state: 'superseded', movedTo: digestOf(2), movedBy: { eastus: at(0) } }) };
    const { tags } = tagCompared(moved, { ...comparison, seen: moved.tags.v1 });
    expect(tags.v1).toMatchObject({ round: 2, state: 'open', movedTo: null, movedBy: null });
  });

  test.each<[string, Partial<typeof comparison>]>([
    ['it was pushed meanwhile', { own: {} }],
    ['it has moved on meanwhile', { seen: { ...(record.tags.v1 as TagProgress), movedBy: { eastus: at(9) } } }],
    ['it has come back meanwhile', { seen: { ...(record.tags.v1 as TagProgress), round: 2 } }],
  ])('is void where %s', (_, changes) => {
    expect(tagCompared(record, { ...comparison, ...changes })).toBe(record);
  });
});

describe('of the tags of a generation that is over', () => {
  const both = [tagged, pushOf('japaneast', time(1), { tag: 'v1' })];
  test('those stay open that are still there, compared or not', () => {
    const record = withTag({}, recordOf(digestOf(1), [...both, deleteOf('eastus', time(2))]));
    expect(carryOpenTags(record)).toEqual({ tags: record.tags, uncomparedTags: [] });
    expect(carryOpenTags({ ...record, uncomparedTags: ['v1', 'v2'] }).uncomparedTags).toEqual(['v1']);
  });

  test.each<[string, ImageRecord]>([
    ['is nowhere', withTag({}, recordOf(digestOf(1), [tagged, deleteOf('eastus', time(2))]))],
    ['has converged', withTag({ state: 'converged' })],
  ])('none stays that %s', (_, record) => {
    expect(carryOpenTags(record)).toEqual({ tags: {}, uncomparedTags: [] });
  });
});

describe('a tag', () => {
  const both = recordOf(digestOf(1), [tagged, pushOf('westeurope', time(1), { tag: 'v1' })]);
  const one = recordOf(digestOf(1), [tagged, pushOf('westeurope', time(1))]);
  const none = recordOf(digestOf(1), [tagged, deleteOf('eastus', time(2)), pushOf('westeurope', time(1))]);
  const others = { eastus: at(0) };
  const moved = { state: 'moved', movedBy: { eastus: at(0) }, others } as const;
  test.each<[string, ImageRecord, boolean]>([
    ['that is open', withTag({ others }, one), true],
    ['that has converged, and is not in every region', withTag({ state: 'converged', others }, one), true],
    ['that is not compared', withTag({ isCompared: false }, one), true],
    ['that was pushed with no other digest', withTag({}, one), false],
    ['that is in every region', withTag({ others }, both), false],
    ['that is in no region', withTag({ others }, none), false],
    ['that has moved on', withTag(moved, one), false],
    ['that may have moved on', withTag({ ...moved, isOrdered: false }, one), true],
  ])('%s may diverge, or may not', (_, record, may) => {
    expect(tagsThatMayDiverge(record, replicaSetOf())).toEqual(may ? ['v1'] : []);
  });
});
