/** The list of images as a matrix, with its filters, the line that sums it up, and the way to older images. */
import type { AvailabilityDocument } from '../core/availability.ts';
import { make, painted, part, setHidden, setText } from './dom.ts';
import { createFilters } from './filters.ts';
import { plural, visible } from './format.ts';
import type { View } from './hash-state.ts';
import { formatHash, parseHash, states } from './hash-state.ts';
import { createMatrix, regionsOf } from './matrix.ts';
import type { ImagesPage } from './merge-page.ts';
import { mergePage } from './merge-page.ts';
import { statePill } from './parts.ts';
import type { Ask, Page, RegistryName, Screen, Shown } from './screen.ts';
import type { Counts, Heard } from './summary.ts';
import { countStates, describeChanges, hear, listTitle } from './summary.ts';
import { Unanswered } from './tracker.ts';
import type { ShownState } from './words.ts';

/** Asked for each time; older images every so often, since little happens to them. */
const pageSize = 100;
const mostImages = 500;
const wholeEvery = 5;

export interface ImagesScreen extends Screen {
  offerRegistries(registries: readonly RegistryName[]): void;
}

export function imagesScreen(page: Page): ImagesScreen {
  const filters = createFilters(page);
  const matrix = createMatrix(part('matrix'), page.now);
  const more = part<HTMLButtonElement>('more');
  const paintCounts = painted<{ counts: Counts; view: View }>(part('counts'), ({ counts, view }) =>
    counts.map(([state, count]) => countItem(state, count, view)),
  );
  let known: readonly AvailabilityDocument[] = [];
  let repositories: readonly string[] = [];
  let repositoriesOf = '';
  let heard: Heard | undefined;
  let filter = '';
  let isAnswered = false;
  let limit = pageSize;
  let next: string | null = null;
  let round = 0;
  let title = 'Images';
  let firstOfMore: number | undefined;

  more.addEventListener('click', () => {
    firstOfMore = known.length;
    limit = Math.min(mostImages, limit + pageSize);
    round = 0;
    more.disabled = true;
    page.poke();
  });

  async function refresh(shown: Shown, ask: Ask): Promise<void> {
    const { view, registry } = shown;
    const asked = formatHash({ ...view, registry: registry.name, screen: 'images', image: undefined });
    if (asked !== filter) begin(asked);
    filters.show(shown, { repositories, regions: regionsOf(known) });
    const isWhole = limit === pageSize || round % wholeEvery === 0;
    round += 1;
    const answer = await ask<ImagesPage>('images', {
      registry: registry.name,
      repository: view.repository,
      state: view.state,
      region: view.missing,
      missing: view.missing === undefined ? undefined : 'true',
      limit: String(isWhole ? limit : pageSize),
    }).catch((failure: unknown) => {
      // What still stands there is the list of another filter.
      if (failure instanceof Unanswered && !isAnswered) empty();
      throw failure;
    });
    isAnswered = true;
    show(shown, isWhole ? answer.images : mergePage(known, answer, limit));
    if (isWhole) next = answer.next;
    showMore();
  }

  /** Another question: nothing of what was known answers it. */
  function begin(asked: string): void {
    filter = asked;
    isAnswered = false;
    known = [];
    heard = undefined;
    limit = pageSize;
    round = 0;
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

  function show(shown: Shown, images: readonly AvailabilityDocument[]): void {
    const { view, registry } = shown;
    matrix.show(images);
    known = images;
    if (repositoriesOf !== registry.name) repositories = [];
    repositoriesOf = registry.name;
    repositories = [...new Set([...repositories, ...known.map(({ repository }) => String(repository))])].sort();
    filters.show(shown, { repositories, regions: regionsOf(known) });
    part('matrix').removeAttribute('aria-busy');
    const counts = countStates(known);
    paintCounts({ counts, view });
    title = listTitle(counts, registry.name);
    setText(part('total'), plural(known.length, 'image'));
    setHidden(part('no-images'), known.length > 0);
    const isNarrowed = view.repository !== undefined || view.state !== undefined || view.missing !== undefined;
    setHidden(part('no-images-yet'), isNarrowed);
    setHidden(part('no-images-here'), !isNarrowed);
    showLikely(view.repository);
    if (heard !== undefined) page.say(describeChanges(heard, known));
    heard = hear(known);
  }

  /** Names that hold what was typed, when nothing is called exactly that. */
  function showLikely(typed: string | undefined): void {
    const isLost = typed !== undefined && known.length === 0;
    const likely = isLost ? repositories.filter((name) => name.includes(typed) && name !== typed).slice(0, 8) : [];
    const links = likely.map((name) => {
      const link = make('button', { type: 'button', class: 'link' }, visible(name));
      link.addEventListener('click', () => page.go({ repository: name }));
      return make('li', {}, link);
    });
    part('likely').replaceChildren(...links);
    setHidden(part('likely-repositories'), likely.length === 0);
  }

  function showMore(): void {
    const isMore = next !== null && limit < mostImages;
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
      repositories = [];
      empty();
    },
  };
}

/** How many are in that state; leads to them where the list can be narrowed so. */
function countItem(state: ShownState, count: number, view: View): HTMLElement {
  const known = states.find((each) => each === state);
  const contents = [make('strong', {}, String(count)), statePill(state)];
  if (known === undefined || view.state === known) return make('li', {}, ...contents);
  return make('li', {}, make('a', { href: formatHash({ ...view, state: known }) }, ...contents));
}
