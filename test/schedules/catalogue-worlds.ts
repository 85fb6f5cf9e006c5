/** Worlds in which images are not counted, or counted wrongly, and lists and search that leave some of them out. */
import { count } from '../../src/core/catalogue/counts.ts';
import type { CatalogueStore } from '../../src/core/ports.ts';
import type { TrackerPorts } from '../../src/core/tracker.ts';
import type { BrokenWorld } from './broken-worlds.ts';
import type { SharedPorts } from './instance.ts';

export const catalogueWorlds: readonly BrokenWorld[] = [
  {
    name: 'an instance that does not count what it writes',
    breaks: 'each image is counted once',
    replacements: {
      ownPorts: (ports) => (ports.uniqueId().startsWith('a ') ? withStore(ports, notWriting) : ports),
    },
  },
  {
    name: 'counts that are written without comparing the version',
    breaks: 'each image is counted once',
    replacements: { ports: (ports) => sharing(ports, overwriting) },
  },
  {
    name: 'a timer for counting that is never set',
    fromSeed: 135,
    breaks: 'each image is counted once',
    replacements: { ownPorts: withoutTimers },
  },
  {
    name: 'an image that stays counted as it was before',
    breaks: 'counts are never too high',
    replacements: { ownPorts: (ports) => withStore(ports, notSubtracting) },
  },
  {
    name: 'a list in order that has lost its first image',
    breaks: 'a list has exactly the requested images',
    replacements: { ports: (ports) => sharing(ports, withoutFirst) },
  },
  {
    name: 'an image that is not found by its tags',
    breaks: 'a search finds each image',
    replacements: { ports: (ports) => sharing(ports, (store) => ({ ...store, addSearchRows: async () => undefined })) },
  },
];

function sharing(ports: SharedPorts, change: (store: CatalogueStore) => CatalogueStore): SharedPorts {
  const { catalogue } = ports;
  return { ...ports, catalogue: catalogue && (() => change(catalogue())) };
}

function withStore(ports: TrackerPorts, change: (store: CatalogueStore) => CatalogueStore): TrackerPorts {
  const { catalogue } = ports;
  return catalogue === undefined ? ports : { ...ports, catalogue: { ...catalogue, store: change(catalogue.store) } };
}

function withoutTimers(ports: TrackerPorts): TrackerPorts {
  const { catalogue } = ports;
  if (catalogue === undefined) return ports;
  return { ...ports, catalogue: { ...catalogue, timer: { ...catalogue.timer, remind: async () => undefined } } };
}

function notWriting(store: CatalogueStore): CatalogueStore {
  return { ...store, commit: async () => ({ version: undefined }) };
}

function overwriting(store: CatalogueStore): CatalogueStore {
  return {
    ...store,
    async commit(registry, counts, _basedOn, changes) {
      const { version } = await store.counts(registry);
      return store.commit(registry, counts, version, changes);
    },
  };
}

function withoutFirst(store: CatalogueStore): CatalogueStore {
  return {
    ...store,
    async page(query) {
      const page = await store.page(query);
      return query.cursor === undefined ? { ...page, entries: page.entries.slice(1) } : page;
    },
  };
}

function notSubtracting(store: CatalogueStore): CatalogueStore {
  return {
    ...store,
    commit: (registry, counts, basedOn, changes) =>
      store.commit(
        registry,
        changes.reduce((sum, { before }) => count(sum, before, 1), counts),
        basedOn,
        changes,
      ),
  };
}
