/** Lists in each order, with each filter, and search, at the end: exactly the requested images, each once. */
import { listOrders } from '../../src/core/catalogue/ports.ts';
import { parseSearch } from '../../src/core/catalogue/search.ts';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { Region } from '../../src/core/model/region.ts';
import { expectedRegions } from '../../src/core/model/replica-set.ts';
import type { ImageQuery, ListableState } from '../../src/core/query/list-images.ts';
import { listableStates } from '../../src/core/query/list-images.ts';
import type { Case } from './case.ts';
import type { Instance } from './instance.ts';
import type { Counted } from './judge-counts.ts';
import { isDelayed, isIn, isIncomplete } from './judge-counts.ts';

type Documents = readonly AvailabilityDocument[];

const maxPages = 100;
/** Few enough that an image with hundreds of tags is not searched for by each. */
const maxTags = 3;

/** The filter of a list, and the images that it must have. */
interface Asked {
  readonly filter: Partial<ImageQuery>;
  readonly must: (one: AvailabilityDocument) => boolean;
}

/** @param query without filters */
export async function judgeLists(on: Case, instance: Instance, counted: Counted, query: ImageQuery): Promise<void> {
  const all = [...counted.documents.values()];
  const set = instance.tracker.replicaSet(on.settings);
  // One order in each schedule: three of them would be a tenth of all steps.
  const sort = listOrders[on.plan.commands.length % listOrders.length] ?? 'newest';
  const ask = async (filter: Partial<ImageQuery>) => everyPage(instance, { ...query, ...filter });
  for (const { filter, must } of questionsOf(on, counted, expectedRegions(set))) {
    const found = await ask({ ...filter, sort });
    const what = `${instance.label}, asked for ${JSON.stringify({ ...filter, sort })}`;
    judgeList(on, what, found, all.filter(must));
    judgeOrder(on, what, found, sort);
  }
  await judgeSearch(on, instance, counted, ask);
}

function questionsOf(on: Case, { diverged, unpublished }: Counted, [region]: readonly Region[]): Asked[] {
  const byState: Readonly<Record<ListableState, Omit<Asked, 'filter'>>> = {
    replicating: { must: ({ state }) => state === 'replicating' },
    available: { must: ({ state }) => state === 'available' },
    deleting: { must: ({ state }) => state === 'deleting' },
    deleted: { must: ({ state }) => state === 'deleted' },
    delayed: { must: isDelayed },
    diverged: { must: ({ digest }) => diverged.some((one) => one.digest === digest) },
    unpublished: { must: ({ digest }) => unpublished.has(on.imageOf(digest) ?? -1) },
  };
  const ofRegion: Asked[] =
    region === undefined
      ? []
      : [
          { filter: { region }, must: (one) => isIn(one, region) },
          { filter: { region, missing: true }, must: (one) => !isBeingDeleted(one) && !isIn(one, region) },
        ];
  return [
    // Pages of one, so that there are several.
    { filter: { limit: 1 }, must: () => true },
    ...listableStates.map((state): Asked => ({ filter: { state }, ...byState[state] })),
    ...ofRegion,
  ];
}

/** Or deleted: no region is expected to get it. */
function isBeingDeleted({ state }: AvailabilityDocument): boolean {
  return state === 'deleting' || state === 'deleted';
}

async function everyPage({ tracker }: Instance, query: ImageQuery): Promise<Documents> {
  const found: AvailabilityDocument[] = [];
  let { cursor } = query;
  for (let pages = 0; pages < maxPages; pages++) {
    const { images, next } = await tracker.images({ ...query, cursor });
    found.push(...images);
    if (next === null) return found;
    cursor = next;
  }
  return found;
}

function namesOf(on: Case, documents: Documents): (number | undefined)[] {
  return documents.map(({ digest }) => on.imageOf(digest)).sort();
}

function judgeList(on: Case, what: string, found: Documents, wanted: Documents): void {
  const [names, due] = [namesOf(on, found), namesOf(on, wanted)];
  on.counters.count('counts', due.length > 0 ? 'lists judged' : 'empty lists judged');
  if (names.join() !== due.join())
    on.violate('a list has exactly the requested images', `${what}, lists ${names}, and not ${due}`);
}

function judgeOrder(on: Case, what: string, found: Documents, sort: ImageQuery['sort']): void {
  const isBefore = (a: AvailabilityDocument, b: AvailabilityDocument): boolean => {
    const [first, second] = [a, b].map(({ firstSeenAt }) => Date.parse(firstSeenAt ?? '')) as [number, number];
    // All are of one repository.
    if (sort !== 'lag') return first >= second;
    if (!isIncomplete(b)) return true;
    // For an image that was everywhere before, the document does not say since when it waits.
    return isIncomplete(a) && (a.availableAt !== null || b.availableAt !== null || first <= second);
  };
  found.slice(1).forEach((one, i) => {
    const before = found[i];
    if (before !== undefined && !isBefore(before, one))
      on.violate(
        'a list has exactly the requested images',
        `${what}, lists ${found.map(({ digest }) => on.imageOf(digest))}`,
      );
  });
}

async function judgeSearch(
  on: Case,
  { label }: Instance,
  { documents }: Counted,
  ask: (asked: Partial<ImageQuery>) => Promise<Documents>,
): Promise<void> {
  const all = [...documents.values()];
  const judge = async (text: string, isWanted: (one: AvailabilityDocument) => boolean) => {
    const search = parseSearch(text, on.settings);
    const found = search === undefined ? [] : await ask({ search });
    on.counters.count('counts', 'searches judged');
    const [names, due] = [namesOf(on, found), namesOf(on, all.filter(isWanted))];
    if (names.join() !== due.join())
      on.violate('a search finds each image', `${label}, asked for ${text}, finds ${names}, and not ${due}`);
  };
  const starts = new Set(all.map(({ digest }) => digest?.slice(0, 'sha256:'.length + 8) ?? ''));
  for (const start of starts) await judge(start, ({ digest }) => digest?.startsWith(start) === true);
  const tags = [...new Set(all.flatMap((one) => one.tags))].slice(0, maxTags);
  for (const tag of tags) {
    const isWanted = (one: AvailabilityDocument) => one.tags.some((own) => own.includes(tag));
    await judge(tag, isWanted);
  }
  if (all.length > 0) await judge('eam/ap', () => true);
}
