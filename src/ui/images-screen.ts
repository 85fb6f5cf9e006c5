/** The list of images as a matrix, with its filters, a summary line, and a button for older images. */

import type { AvailabilityDocument } from '../core/image/availability.ts';
import { askImages } from './ask-images.ts';
import { make, painted, part, setHidden, setText } from './dom.ts';
import { enterTarget } from './enter-target.ts';
import type { SearchKey } from './filters.ts';
import { createFilters } from './filters.ts';
import type { View } from './hash-state.ts';
import { formatHash, parseHash, states } from './hash-state.ts';
import { createMatrix, regionsOf } from './matrix.ts';
import { withIndexes } from './member-rows.ts';
import type { ImagesPage } from './merge-page.ts';
import { imageKey, mergePage } from './merge-page.ts';
import { statePill } from './parts.ts';
import type { Attention, Listed, Overview } from './registry-counts.ts';
import { askOverview, countsOf, noOverview } from './registry-counts.ts';
import type { RegistryName } from './registry-name.ts';
import type { Ask, Page, Screen, Shown } from './screen.ts';
import { isDigest } from './search-text.ts';
import type { AnnouncedStates, Counts } from './summary.ts';
import { countListed, describeChanges, listTitle, statesOf, totalText } from './summary.ts';
import { Unanswered } from './tracker.ts';
import type { CountedBy } from './words.ts';

/** The newest page is requested at every poll, older ones rarely, since they seldom change. */
const pageSize = 100;
const maxImages = 500;
const wholeEvery = 5;
/** The overview of the registry is requested at every third poll. */
const overviewEvery = 3;

export interface ImagesScreen extends Screen {
  offerRegistries(registries: readonly RegistryName[]): void;
}

export function imagesScreen(page: Page): ImagesScreen {
  const filters = createFilters(page, onSearchKey);
  const matrix = createMatrix(part('matrix'), page.now);
  const more = part<HTMLButtonElement>('more');
  const paintCounts = painted<{ counts: Counts; view: View }>(part('counts'), ({ counts, view }) =>
    counts.map(([state, count]) => countItem(state, count, view)),
  );
  let known: readonly AvailabilityDocument[] = [];
  let overview: Overview = noOverview;
  let announced: AnnouncedStates | undefined;
  let filter = '';
  let isAnswered = false;
  let limit = pageSize;
  let next: string | null = null;
  let round = 0;
  /** The number of pages that the whole list took. */
  let pages = 1;
  let title = 'Images';
  let firstOfMore: number | undefined;
  let searchKey: SearchKey;
  /** Whether the list that the key is about has been requested. */
  let isRequested = false;

  more.addEventListener('click', () => {
    firstOfMore = part('matrix').querySelectorAll('a.open').length;
    limit = Math.min(maxImages, limit + pageSize);
    round = 0;
    more.disabled = true;
    page.poke();
  });

  async function refresh(shown: Shown, ask: Ask): Promise<void> {
    const { view, registry } = shown;
    const question = formatHash({ ...view, registry: registry.name, screen: 'images', image: undefined });
    if (question !== filter) begin(question);
    filters.show(shown, regionsOf(known));
    const isInOrder = view.sort === undefined && view.q === undefined;
    const isWhole = (limit === pageSize && pages === 1) || !isInOrder || round % wholeEvery === 0;
    const isPlain = isInOrder && view.state === undefined && view.missing === undefined;
    const asked: Promise<Overview> =
      round % overviewEvery === 0 ? askOverview(ask, registry.name, isPlain) : Promise.resolve(overview);
    round += 1;
    const query = {
      registry: registry.name,
      q: view.q,
      state: view.state,
      members: isDigest(view.q) ? 'true' : undefined,
      region: view.missing,
      missing: view.missing === undefined ? undefined : 'true',
      sort: view.sort,
    };
    const list = isWhole
      ? askImages(ask, query, limit).then(async (whole) => {
          const images = isDigest(view.q) ? await withIndexes(ask, whole.images) : whole.images;
          return { ...whole, images };
        })
      : ask<ImagesPage>('images', { ...query, limit: String(pageSize) }).then((page) => ({ ...page, pages }));
    const [answer, about] = await Promise.all([list, asked]).catch((failure: unknown) => {
      // The list on screen belongs to another filter.
      if (failure instanceof Unanswered && !isAnswered) empty();
      throw failure;
    });
    isAnswered = true;
    pages = answer.pages;
    overview = about;
    if (isWhole) next = answer.next;
    show(shown, isWhole ? answer.images : mergePage(known, answer, limit), isPlain);
    showMore();
    if (isRequested) followKey();
  }

  function onSearchKey(key: SearchKey, isNew: boolean): void {
    searchKey = key;
    isRequested = !isNew;
    if (isRequested && isAnswered) followKey();
  }

  /** Does what a key in the search asked for, unless the reader has moved on. */
  function followKey(): void {
    const key = document.activeElement === part('filter-search') ? searchKey : undefined;
    searchKey = undefined;
    if (key === 'first') part('matrix').querySelector<HTMLElement>('a.open')?.focus();
    if (typeof key !== 'object') return;
    const image = enterTarget(key.open, known, next === null);
    if (image !== undefined) page.go({ screen: 'image', image });
  }

  /** Another query: nothing known applies to it. */
  function begin(asked: string): void {
    filter = asked;
    isAnswered = false;
    isRequested = true;
    known = [];
    overview = noOverview;
    announced = undefined;
    limit = pageSize;
    round = 0;
    pages = 1;
    firstOfMore = undefined;
    part('matrix').setAttribute('aria-busy', 'true');
  }

  function empty(): void {
    matrix.show([]);
    paintCounts({ counts: [], view: parseHash('') });
    setText(part('total'), '');
    for (const each of [part('no-images'), part('only-newest'), more]) setHidden(each, true);
    title = 'Images';
  }

  /** @param isPlain no filter is set: where there is no next page, the list itself is the newest count */
  function show(shown: Shown, images: readonly AvailabilityDocument[], isPlain: boolean): void {
    const { view, registry } = shown;
    const { summary, pinned, unpinned } = overview;
    const pinnedKeys = new Set(pinned.map(imageKey));
    const attention = view.state === 'diverged' ? ({ attention: 'diverged' } as const) : {};
    const others = images.filter((image) => !pinnedKeys.has(imageKey(image)));
    const focused = part('matrix').querySelector(':focus');
    const pinnedAs = (kind: Attention) => [
      ...pinned.filter(({ attention: one }) => one === kind),
      ...(unpinned[kind] === 0 ? [] : [{ unpinned: kind, count: unpinned[kind], registry: registry.name }]),
    ];
    matrix.show([
      ...pinnedAs('delayed'),
      ...pinnedAs('diverged'),
      ...others.map((image): Listed => ({ ...image, ...attention })),
    ]);
    if (focused !== null && document.activeElement !== focused) keepFocus(focused);
    known = images;
    filters.show(shown, summary?.regions.map(({ region }) => region) ?? regionsOf(known));
    part('matrix').removeAttribute('aria-busy');
    // Only the counts know whether a tag has diverged and whether the topic has accepted all events.
    const isListed = summary === undefined || summary.divergedTags + (summary.unpublished ?? 0) === 0;
    const isAll = isPlain && next === null && isListed;
    const counts = isAll || summary === undefined ? countListed(known) : countsOf(summary);
    paintCounts({ counts, view });
    title = listTitle(counts, registry.name);
    const isNarrowed = view.q !== undefined || view.state !== undefined || view.missing !== undefined;
    setText(part('total'), totalText(known.length, next !== null, isAll ? undefined : summary, isNarrowed));
    setHidden(part('no-images'), known.length > 0);
    setHidden(part('no-images-yet'), isNarrowed);
    setHidden(part('no-images-here'), !isNarrowed || next !== null);
    setHidden(part('no-images-so-far'), !isNarrowed || next === null);
    if (announced !== undefined) page.say(describeChanges(announced, known));
    announced = statesOf(known);
  }

  function showMore(): void {
    const isMore = next !== null && limit < maxImages;
    more.disabled = false;
    setHidden(part('only-newest'), next === null || isMore);
    if (firstOfMore !== undefined) {
      if (!isMore) part('matrix').querySelectorAll<HTMLElement>('a.open')[firstOfMore]?.focus();
      firstOfMore = undefined;
    }
    setHidden(more, !isMore);
  }

  return {
    refresh,
    offerRegistries: filters.offerRegistries,
    title: () => title,
    focus: () => part('images-title').focus({ preventScroll: true }),
    clear() {
      begin('');
      empty();
    },
  };
}

/** The focused row is gone or was drawn again: without this, the keyboard would start again at the top of the page. */
function keepFocus(lost: Element): void {
  const links = [...part('matrix').querySelectorAll<HTMLElement>('a.open')];
  const same = links.find((link) => link.getAttribute('href') === lost.getAttribute('href'));
  (same ?? links[0] ?? part('filter-search')).focus({ preventScroll: true });
}

/** The number of images in that state, as a link where the list can be filtered by it. */
function countItem(state: CountedBy, count: number, view: View): HTMLElement {
  const known = states.find((each) => each === state);
  const contents = [make('strong', {}, String(count)), statePill(state)];
  if (known === undefined) return make('li', {}, ...contents);
  // The link of the chosen state leads back to all images.
  const isChosen = view.state === known;
  const href = formatHash({ ...view, state: isChosen ? undefined : known });
  return make('li', {}, make('a', { href, 'aria-current': isChosen ? 'true' : undefined }, ...contents));
}
