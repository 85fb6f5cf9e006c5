/**
 * The filters and the order of the list: registry, search, state, and the region where images are missing. The page's
 * address holds them.
 */

import { part, setAttribute, setHidden, setText } from './dom.ts';
import { isWholeReference } from './enter-target.ts';
import { visible } from './format.ts';
import { readReference, states } from './hash-state.ts';
import type { RegistryName } from './registry-name.ts';
import type { Page, Shown } from './screen.ts';
import { searchText } from './search-text.ts';

export interface Filters {
  /** Shows the view's filters and the available choices. */
  show(shown: Shown, regions: readonly string[]): void;
  offerRegistries(registries: readonly RegistryName[]): void;
}

/**
 * What a key in the search does with the list of the typed text: `first` moves to its first image, `open` opens its
 * only image, or the one that the text names. `undefined`: the reader types on.
 */
export type SearchKey = 'first' | { readonly open: string | undefined } | undefined;

/** Time since the last keystroke: by then the reader has stopped typing. */
const typedMs = 250;

/** @param onKey `isNew`: the list of this text is not requested yet */
export function createFilters(page: Page, onKey: (key: SearchKey, isNew: boolean) => void): Filters {
  const form = part<HTMLFormElement>('filters');
  const registry = part<HTMLSelectElement>('filter-registry');
  const search = part<HTMLInputElement>('filter-search');
  const state = part<HTMLSelectElement>('filter-state');
  const missing = part<HTMLSelectElement>('filter-missing');
  const sort = part<HTMLSelectElement>('filter-sort');
  const clear = part<HTMLButtonElement>('filter-clear');
  let loginServer = '';
  /** The search that is in the address, or about to be, and the one that was shown last. */
  let searched = '';
  let shownSearch = '';
  let typing: ReturnType<typeof setTimeout> | undefined;
  const chosen = (value: string) => (value.trim() === '' ? undefined : value.trim());

  function apply(isSameStep?: boolean): void {
    clearTimeout(typing);
    // Ten typed letters are one step of the Back button, not ten.
    const isGoingOn = searched !== '' && searchText(search.value) !== searched;
    searched = searchText(search.value);
    page.go(
      {
        registry: chosen(registry.value),
        q: chosen(searched),
        state: chosen(state.value),
        missing: chosen(missing.value),
        sort: chosen(sort.value),
      },
      isSameStep ?? isGoingOn,
    );
  }

  function applyTyped(isSameStep?: boolean): void {
    if (isNew()) apply(isSameStep);
  }

  /** Whether the typed text is not in the address yet. */
  function isNew(): boolean {
    return searchText(search.value) !== searched;
  }

  form.addEventListener('change', (event) => {
    if (event.target !== search) apply();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const image = readReference(search.value, loginServer);
    const isOpened = image !== undefined && isWholeReference(search.value);
    // The key comes first: the list may be requested at once.
    if (!isOpened && search.value.trim() !== '') onKey({ open: image }, isNew());
    // Back from the image, the list must be the one that the search names.
    applyTyped(image === undefined ? undefined : true);
    if (isOpened) page.go({ screen: 'image', image });
  });
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(applyTyped, typedMs);
    onKey(undefined, false);
  });
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown' || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onKey('first', isNew());
    applyTyped();
  });
  clear.addEventListener('click', () => {
    clearTimeout(typing);
    search.value = '';
    searched = '';
    page.go({ q: undefined, state: undefined, missing: undefined, sort: undefined });
    search.focus();
  });

  return {
    show({ view, registry: shown }, regions) {
      loginServer = shown.loginServer;
      if (registry.options.length > 0) registry.value = shown.name;
      const q = view.q ?? '';
      const isElsewhere = q !== shownSearch && q !== searched;
      if (document.activeElement !== search || isElsewhere) {
        search.value = q;
        searched = q;
      }
      shownSearch = q;
      offer(state, states, view.state);
      state.value = view.state ?? '';
      offer(missing, regions, view.missing);
      missing.value = view.missing ?? '';
      offer(sort, [], view.sort);
      sort.value = view.sort ?? '';
      setHidden(
        clear,
        [view.q, view.state, view.missing, view.sort].every((one) => one === undefined),
      );
    },
    offerRegistries(registries) {
      registry.replaceChildren(...registries.map(({ name, loginServer: host }) => new Option(visible(host), name)));
      const [only, ...others] = registries;
      setHidden(part('filter-registry-field'), others.length === 0);
      setText(part('only-registry'), others.length === 0 ? visible(only?.loginServer ?? '') : '');
    },
  };
}

/** Adds new choices only, so that an open list does not jump. */
function offer(select: HTMLSelectElement, values: readonly string[], chosen: string | undefined): void {
  const offered = new Set([...select.options].map((option) => option.value));
  const all = chosen === undefined || values.includes(chosen) ? values : [...values, chosen];
  for (const value of all) {
    if (!offered.has(value)) select.append(new Option(visible(value), value));
  }
  setAttribute(select, 'data-chosen', chosen);
}
