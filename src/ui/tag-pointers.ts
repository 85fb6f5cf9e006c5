/** Where a tag points in each region, seen from the page of one image; with many regions, by what it points at. */
import type { AvailabilityDocument } from '../core/image/availability.ts';

export interface TagLine {
  readonly name: string;
  readonly document: AvailabilityDocument;
}

export interface Pointer {
  readonly region: string;
  readonly digest: string | undefined;
  readonly isThis: boolean;
  /** The image it points at instead. */
  readonly image: string | undefined;
}

export interface TagPointers {
  readonly name: string;
  readonly state: string;
  readonly cells: readonly Pointer[];
}

export function pointersOf(
  { name, document }: TagLine,
  regions: readonly string[],
  digest: string | null,
): TagPointers {
  const { registry, repository, tag } = document;
  const cells = regions.map((region): Pointer => {
    const pointed = tag?.regions.find((each) => each.region === region)?.digest;
    const isThis = pointed !== undefined && pointed === digest;
    const image = pointed === undefined || isThis ? undefined : `${registry}/${repository}@${pointed}`;
    return { region, digest: pointed, isThis, image };
  });
  return { name, state: tag?.state ?? 'unknown', cells };
}

export interface PointerGroups {
  /** Regions that resolve it to the image that is shown. */
  readonly here: readonly string[];
  /** To another: by image, each where its first region is. */
  readonly elsewhere: readonly { readonly pointer: Pointer; readonly regions: readonly string[] }[];
  /** To none. */
  readonly nowhere: readonly string[];
}

export function groupPointers(pointers: readonly Pointer[]): PointerGroups {
  const names = (some: readonly Pointer[]) => some.map(({ region }) => region);
  const others = Map.groupBy(
    pointers.filter(({ isThis, digest }) => !isThis && digest !== undefined),
    ({ digest }) => digest,
  );
  return {
    here: names(pointers.filter(({ isThis }) => isThis)),
    elsewhere: [...others.values()].flatMap((group) => {
      const [pointer] = group;
      return pointer === undefined ? [] : [{ pointer, regions: names(group) }];
    }),
    nowhere: names(pointers.filter(({ digest }) => digest === undefined)),
  };
}
