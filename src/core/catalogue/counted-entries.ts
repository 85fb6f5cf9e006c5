/**
 * Entries of images as this process has counted them, kept in memory. They are valid while no other process counts in the
 * registry, which the version of the registry's counts shows. This saves a read of each entry before it is counted again.
 */
import type { ImageName } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import type { Version } from '../runtime/version.ts';
import type { CatalogueEntry } from './entry.ts';

/** By image; `undefined` for an image without an entry. */
export type Entries = ReadonlyMap<string, CatalogueEntry | undefined>;

interface Counted {
  readonly name: ImageName;
  readonly after: CatalogueEntry | undefined;
  readonly isRead: boolean;
}

export interface CountedEntries {
  /** The entries known for that version of the counts. Entries of any other version are dropped. */
  at(registry: string, version: Version | undefined): Entries;
  /**
   * This process has stored the image's first record, so it should have no entry yet. If the answer came late, another process
   * may have counted it: the transaction is then refused.
   */
  addNew(name: ImageName): void;
  /**
   * Stores the entries that were counted, with the new version of the counts. Entries that had to be read are not kept: another
   * process may have written the image, and this process's record of it may be older.
   * @param version `undefined` if the storage did not return it
   */
  note(registry: string, version: Version | undefined, changes: readonly Counted[]): void;
  /** To be called after a conflict: what is known here may be wrong. */
  forget(registry: string): void;
}

/** @param maxEntries per registry; above that, all of them are dropped */
export function countedEntries(maxEntries: number): CountedEntries {
  const registries = new Map<
    string,
    { version: Version | undefined; entries: Map<string, CatalogueEntry | undefined> }
  >();

  return {
    at(registry, version) {
      const remembered = registries.get(registry);
      if (remembered?.version === version && remembered !== undefined) return remembered.entries;
      const entries = new Map<string, CatalogueEntry | undefined>();
      registries.set(registry, { version, entries });
      return entries;
    },
    addNew(name) {
      const entries = registries.get(name.registry)?.entries;
      if (entries === undefined) return;
      if (entries.size >= maxEntries) entries.clear();
      entries.set(imageKey(name), undefined);
    },
    note(registry, version, changes) {
      const remembered = registries.get(registry);
      if (remembered === undefined || version === undefined) {
        registries.delete(registry);
        return;
      }
      remembered.version = version;
      for (const { name, after, isRead } of changes) {
        if (isRead) remembered.entries.delete(imageKey(name));
        else remembered.entries.set(imageKey(name), after);
      }
    },
    forget: (registry) => void registries.delete(registry),
  };
}
