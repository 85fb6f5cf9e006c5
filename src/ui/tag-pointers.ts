/** The digest that a tag points at in each region, compared with one image; with many regions, grouped by digest. */
import type { AvailabilityDocument } from '../core/image/availability.ts';

export interface TagLine {
  readonly name: string;
  readonly document: AvailabilityDocument;
}

export interface Pointer {
  readonly region: string;
  readonly digest: string | undefined;
  readonly isThis: boolean;
  /** The other image that it points at. */
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
  return { name, state: shownTagState(document), cells };
}

/** The tracker has no state for a tag that regions lose with their image: it is not on its way to them. */
function shownTagState({ state, tag, digest }: AvailabilityDocument): string {
  if (tag === undefined) return 'unknown';
  const isElsewhere = tag.regions.some((one) => one.digest !== digest);
  const isLost = (state === 'deleting' || state === 'deleted') && !isElsewhere;
  return isLost && tag.state !== 'converged' ? state : tag.state;
}

/** The tags that this image has or had. */
export function tagsOf(document: Pick<AvailabilityDocument, 'tag' | 'tags'>, pushed: readonly string[]): string[] {
  const asked = document.tag === undefined ? [] : [String(document.tag.name)];
  return [...new Set([...asked, ...document.tags, ...pushed])];
}

/** An event about a tag has the subject `repository:tag`. */
export function tagOfSubject(subject: string): string | undefined {
  return /^[^@]*:([^@]*)$/.exec(subject)?.[1];
}

export interface PointerGroups {
  /** Regions that resolve the tag to the shown image. */
  readonly here: readonly string[];
  /** Regions that resolve it to another image, grouped by image, in the order of their first region. */
  readonly elsewhere: readonly { readonly pointer: Pointer; readonly regions: readonly string[] }[];
  /** Regions that resolve it to none. */
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
