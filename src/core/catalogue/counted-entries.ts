/**
 * What images count for, as this process has counted them. It is good as long as nobody else has counted in the registry:
 * whoever counts writes the registry's counts, so their version tells. It saves reading each entry before it is counted again.
 */
import type { ImageName } from '../image/record.ts';
import { imageKey } from '../image/record.ts';
import type { Version } from '../runtime/version.ts';
import type { CatalogueEntry } from './entry.ts';

/** By image; `undefined` for an image that counts for nothing yet. */
export type Entries = ReadonlyMap<string, CatalogueEntry | undefined>;

interface Counted {
  readonly name: ImageName;
  readonly after: CatalogueEntry | undefined;
  readonly isRead: boolean;
}

export interface CountedEntries {
  /** What is remembered while the counts have that version; what was remembered under another is forgotten. */
  at(registry: string, version: Version | undefined): Entries;
  /** This process has stored the image's first record, so nobody has counted the image before. */
  addNew(name: ImageName): void;
  /**
   * These were counted, and the counts have that version now. What was read for it is not remembered: somebody else may have
   * written it, and what this process has written may be older.
   * @param version `undefined`: the storage did not say
   */
  note(registry: string, version: Version | undefined, changes: readonly Counted[]): void;
}

/** @param maxEntries of one registry; with more, all are forgotten */
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
  };
}
