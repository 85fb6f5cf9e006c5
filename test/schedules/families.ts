/**
 * Which images of a schedule belong together: indexes, and what they list. The first three images, to which the commands of
 * every schedule go, are two members and their index; what else there is follows.
 */
import type { Digest } from '../../src/core/model/digest.ts';
import { digestOf } from '../support/build.ts';
import type { Listed } from '../support/index-of.ts';
import { indexOf, indexType, manifestType, platformOf } from '../support/index-of.ts';
import type { Attachment } from './attached.ts';
import { attachmentsTo } from './attached.ts';
import type { FamilyShape } from './plan.ts';

export interface Family {
  /** Of each image. */
  readonly digests: readonly Digest[];
  /** What an index lists, with what an index in it lists; empty for other images. */
  members(image: number): readonly number[];
  /** Those that list it, in one of theirs too. */
  indexes(image: number): readonly number[];
  /** What a manifest is for that an index lists, `linux/cpu1`. */
  platform(image: number): string;
  /** What the image is attached to, and how; `undefined` if it is not an artifact. */
  attachment(image: number): Attachment | undefined;
  /** What is attached to it. */
  artifacts(image: number): readonly number[];
  /** As webhooks and replicas report it; `undefined` in a schedule without families and artifacts. */
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

/** How many images there are in a world without indexes. */
const withoutFamilies = 3;

/** Artifacts not counted. */
export function imagesOf(shape: FamilyShape | undefined): number {
  if (shape === undefined) return withoutFamilies;
  return 1 + Math.max(...[...shapes[shape]].flatMap(([index, listed]) => [index, ...listed]));
}

export function indexesOf(shape: FamilyShape): readonly number[] {
  return [...shapes[shape].keys()];
}

export function listedBy(shape: FamilyShape, index: number): readonly number[] {
  return shapes[shape].get(index) ?? [];
}

/** @param signed the image that artifacts are attached to */
export function familyOf(shape: FamilyShape | undefined, signed: number | undefined): Family {
  const lists = shape === undefined ? new Map<number, readonly number[]>() : shapes[shape];
  const count = imagesOf(shape);
  const digests = Array.from({ length: count }, (_, image) => digestOf(image + 1));
  const bodies = Array.from({ length: count }, () => JSON.stringify({ schemaVersion: 2, mediaType: manifestType }));
  const listed = (image: number): Listed =>
    lists.has(image) ? { digest: digests[image] as Digest, mediaType: indexType } : platformOf(image + 1, cpuOf(image));
  for (const [image, members] of lists) {
    const { digest, body } = indexOf(...members.map(listed));
    digests[image] = digest;
    bodies[image] = body;
  }
  const attached = signed === undefined ? [] : attachmentsTo(signed, digests[signed] as Digest);
  for (const { digest, body } of attached) {
    digests.push(digest);
    bodies.push(body);
  }
  const all = (image: number): readonly number[] =>
    (lists.get(image) ?? []).flatMap((member) => [member, ...all(member)]);
  const members = digests.map((_, image) => [...new Set(all(image))]);
  const indexes = digests.map((_, image) => [...lists.keys()].filter((index) => members[index]?.includes(image)));
  return {
    digests,
    members: (image) => members[image] ?? [],
    indexes: (image) => indexes[image] ?? [],
    platform: (image) => `linux/${cpuOf(image)}`,
    attachment: (image) => attached[image - count],
    artifacts: (image) => (image === signed ? attached.map((_, i) => count + i) : []),
    mediaType: (image) =>
      lists.size === 0 && signed === undefined ? undefined : lists.has(image) ? indexType : manifestType,
    body: (image) => bodies[image] ?? '',
  };
}

function cpuOf(image: number): string {
  return `cpu${image + 1}`;
}
