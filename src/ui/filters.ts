/** What the list is narrowed to: registry, repository, state, a region where it is missing. The address keeps it. */
import { make, part, setAttribute, setHidden, setText } from './dom.ts';
import { visible } from './format.ts';
import { readSearch, states } from './hash-state.ts';
import type { Page, RegistryName, Shown } from './screen.ts';

export interface Filters {
  /** Shows the view's filters, and offers what there is to choose from. */
  show(shown: Shown, offered: { readonly repositories: readonly string[]; readonly regions: readonly string[] }): void;
  offerRegistries(registries: readonly RegistryName[]): void;
}

const longestList = 200;

export function createFilters(page: Page): Filters {
  const form = part<HTMLFormElement>('filters');
  const registry = part<HTMLSelectElement>('filter-registry');
  const search = part<HTMLInputElement>('filter-search');
  const known = part('known-repositories');
  const state = part<HTMLSelectElement>('filter-state');
  const missing = part<HTMLSelectElement>('filter-missing');
  const problem = part('search-problem');
  const clear = part<HTMLButtonElement>('filter-clear');
  let loginServer = '';

  function apply(): void {
    const found = readSearch(search.value, loginServer);
    explain('problem' in found ? found.problem : undefined);
    if ('image' in found) {
      search.value = '';
      page.go({ screen: 'image', image: found.image });
      return;
    }
    page.go({
      registry: registry.value === '' ? undefined : registry.value,
      // What cannot be meant changes nothing; the other fields still do.
      ...('repository' in found ? { repository: found.repository } : {}),
      state: state.value === '' ? undefined : state.value,
      missing: missing.value === '' ? undefined : missing.value,
    });
  }

  function explain(reason: string | undefined): void {
    setText(problem, reason ?? '');
    setHidden(problem, reason === undefined);
    setAttribute(search, 'aria-invalid', reason === undefined ? undefined : 'true');
  }

  form.addEventListener('change', apply);
  // Enter has made it a change already.
  form.addEventListener('submit', (event) => event.preventDefault());
  // Picked from the list, or written to its end: nothing is left to type.
  search.addEventListener('input', () => {
    explain(undefined);
    const isPicked = [...known.children].some((option) => option.getAttribute('value') === search.value);
    if (isPicked || search.value === '') apply();
  });
  clear.addEventListener('click', () => {
    explain(undefined);
    page.go({ repository: undefined, state: undefined, missing: undefined });
    search.focus();
  });

  return {
    show({ view, registry: shown }, { repositories, regions }) {
      loginServer = shown.loginServer;
      if (registry.options.length > 0) registry.value = shown.name;
      // What is explained stays to be corrected.
      if (document.activeElement !== search && problem.hidden) search.value = view.repository ?? '';
      offer(state, states, view.state);
      state.value = view.state ?? '';
      offer(missing, regions, view.missing);
      missing.value = view.missing ?? '';
      const names = repositories.slice(0, longestList);
      if (names.length !== known.childElementCount) {
        known.replaceChildren(...names.map((name) => make('option', { value: name })));
      }
      setHidden(clear, view.repository === undefined && view.state === undefined && view.missing === undefined);
    },
    offerRegistries(registries) {
      registry.replaceChildren(...registries.map(({ name, loginServer: host }) => new Option(visible(host), name)));
      const [only, ...others] = registries;
      setHidden(part('filter-registry-field'), others.length === 0);
      setText(part('only-registry'), others.length === 0 ? visible(only?.loginServer ?? '') : '');
    },
  };
}

/** Adds what is new; a choice that somebody holds open keeps its place. */
function offer(select: HTMLSelectElement, values: readonly string[], chosen: string | undefined): void {
  const all = chosen === undefined || values.includes(chosen) ? values : [...values, chosen];
  const offered = new Set([...select.options].map((option) => option.value));
  for (const value of all) {
    if (!offered.has(value)) select.append(new Option(visible(value), value));
  }
  setAttribute(select, 'data-chosen', chosen);
}
