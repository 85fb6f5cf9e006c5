/**
 * The filters and the order of the list: registry, search, state, and the region where images are missing. The page's
 * address holds them.
 */

import { part, setAttribute, setHidden, setText } from './dom.ts';
import { visible } from './format.ts';
import { readReference, states } from './hash-state.ts';
import type { RegistryName } from './registry-name.ts';
import type { Page, Shown } from './screen.ts';

export interface Filters {
  /** Shows the view's filters and the available choices. */
  show(shown: Shown, regions: readonly string[]): void;
  offerRegistries(registries: readonly RegistryName[]): void;
}

/** Time since the last keystroke: by then the reader has stopped typing. */
const typedMs = 250;

export function createFilters(page: Page): Filters {
  const form = part<HTMLFormElement>('filters');
  const registry = part<HTMLSelectElement>('filter-registry');
  const search = part<HTMLInputElement>('filter-search');
  const state = part<HTMLSelectElement>('filter-state');
  const missing = part<HTMLSelectElement>('filter-missing');
  const sort = part<HTMLSelectElement>('filter-sort');
  const clear = part<HTMLButtonElement>('filter-clear');
  let loginServer = '';
  let searched = '';
  let typing: ReturnType<typeof setTimeout> | undefined;
  const chosen = (value: string) => (value.trim() === '' ? undefined : value.trim());

  function apply(): void {
    clearTimeout(typing);
    // Ten typed letters are one step of the Back button, not ten.
    const isGoingOn = searched !== '' && search.value.trim() !== searched;
    searched = search.value.trim();
    page.go(
      {
        registry: chosen(registry.value),
        q: chosen(search.value),
        state: chosen(state.value),
        missing: chosen(missing.value),
        sort: chosen(sort.value),
      },
      isGoingOn,
    );
  }

  form.addEventListener('change', (event) => {
    if (event.target !== search) apply();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const image = readReference(search.value, loginServer);
    if (image === undefined) return apply();
    clearTimeout(typing);
    page.go({ screen: 'image', image });
  });
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(apply, typedMs);
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
      if (document.activeElement !== search) {
        search.value = view.q ?? '';
        searched = search.value;
      }
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
