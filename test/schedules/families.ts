/**
 * Which images of a schedule belong together: indexes, and what they list. The first three images, to which the commands of
 * every schedule go, are two members and their index; what else there is follows.
 */
import type { Digest } from '../../src/core/model/digest.ts';
import { digestOf } from '../support/build.ts';
import type { Listed } from '../support/index-of.ts';
import { indexOf, indexType, manifestType, platformOf } from '../support/index-of.ts';
import type { FamilyShape } from './plan.ts';

export interface Family {
  /** Of each image. */
  readonly digests: readonly Digest[];
  /** What an index lists, with what an index in it lists; nothing for other images. */
  members(image: number): readonly number[];
  /** Those that list it, in one of theirs too. */
  indexes(image: number): readonly number[];
  /** As webhooks and replicas say it; `undefined` in a schedule without families. */
  mediaType(image: number): string | undefined;
  /** As a registry serves it. */
  body(image: number): string;
}

/** By image; an index after what it lists. */
const shapes: Readonly<Record<FamilyShape, ReadonlyMap<number, readonly number[]>>> = {
  two: new Map([[2, [0, 1]]]),
  four: new Map([[2, [0, 1, 3, 4]]]),
  shared: new Map([
    [2, [0, 1]],
    [4, [1, 3]],
  ]),
  nested: new Map([
    [2, [0, 1]],
    [4, [2, 3]],
  ]),
};

/** How many images there are where nothing is an index. */
const withoutFamilies = 3;

export function imagesOf(shape: FamilyShape): number {
  return 1 + Math.max(...[...shapes[shape]].flatMap(([index, listed]) => [index, ...listed]));
}

export function indexesOf(shape: FamilyShape): readonly number[] {
  return [...shapes[shape].keys()];
}

export function listedBy(shape: FamilyShape, index: number): readonly number[] {
  return shapes[shape].get(index) ?? [];
}

export function familyOf(shape: FamilyShape | undefined): Family {
  const lists = shape === undefined ? new Map<number, readonly number[]>() : shapes[shape];
  const count = shape === undefined ? withoutFamilies : imagesOf(shape);
  const digests = Array.from({ length: count }, (_, image) => digestOf(image + 1));
  const bodies = Array.from({ length: count }, () => JSON.stringify({ schemaVersion: 2, mediaType: manifestType }));
  const listed = (image: number): Listed =>
    lists.has(image)
      ? { digest: digests[image] as Digest, mediaType: indexType }
      : platformOf(image + 1, `cpu${image + 1}`);
  for (const [image, members] of lists) {
    const { digest, body } = indexOf(...members.map(listed));
    digests[image] = digest;
    bodies[image] = body;
  }
  const all = (image: number): readonly number[] =>
    (lists.get(image) ?? []).flatMap((member) => [member, ...all(member)]);
  const members = digests.map((_, image) => [...new Set(all(image))]);
  const indexes = digests.map((_, image) => [...lists.keys()].filter((index) => members[index]?.includes(image)));
  return {
    digests,
    members: (image) => members[image] ?? [],
    indexes: (image) => indexes[image] ?? [],
    mediaType: (image) => (lists.size === 0 ? undefined : lists.has(image) ? indexType : manifestType),
    body: (image) => bodies[image] ?? '',
  };
}
