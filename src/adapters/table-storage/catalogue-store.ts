/**
 * The catalogue in Table Storage: a row for the counts, a row for each image's entry, and rows whose keys are ordered
 * lists or parts of names. An image's entry and the counts change in one transaction, guarded by the counts' etag.
 */
import type { TransactionAction } from '@azure/data-tables';
import type { CatalogueCounts } from '../../core/catalogue/counts.ts';
import { noCounts } from '../../core/catalogue/counts.ts';
import type { CatalogueEntry } from '../../core/catalogue/entry.ts';
import type { ImageName } from '../../core/image/record.ts';
import type { Tag } from '../../core/model/reference.ts';
import type { CatalogueChange, CatalogueStore, ListEntry, Recount } from '../../core/ports.ts';
import { inChunks } from '../../core/runtime/in-chunks.ts';
import {
  countsRow,
  entryRange,
  entryRow,
  listRange,
  listRows,
  parseImage,
  parseRepositoryPart,
  recountRow,
  repositoryParts,
  repositoryRange,
  tagParts,
  tagRange,
} from './catalogue-keys.ts';
import type { RowAddress } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { RowBatches } from './row-batches.ts';
import type { Row, Table } from './table.ts';
import { maxActions } from './table.ts';

/** Repositories whose search rows are known to exist; each has one row per letter. */
const maxKnown = 10_000;
/** Beside the row of counts. */
const maxRows = maxActions - 1;
/** Attempts to remove search rows that an image does not need any more; after that they stay, as hints that lead nowhere. */
const maxRemovals = 12;

/** @param batches of the same table */
export function tableCatalogue(table: Table, batches: RowBatches): CatalogueStore {
  const known = new Set<string>();

  function repositoryRows(changes: readonly CatalogueChange[]): RowAddress[] {
    return changes.flatMap(({ name: { registry, repository } }) => {
      const key = `${registry}/${repository}`;
      if (known.has(key)) return [];
      if (known.size >= maxKnown) known.clear();
      known.add(key);
      return repositoryParts(registry, repository);
    });
  }

  async function find(registry: string, range: ReturnType<typeof tagRange>, limit: number): Promise<ListEntry[]> {
    const rows = await table.range(range, limit, ['rowKey', 'seen']);
    return rows.flatMap((row) => {
      const name = parseImage(registry, row);
      return name === undefined ? [] : [{ name, firstSeenAt: Number(row.seen) }];
    });
  }

  async function readEntry(name: ImageName): Promise<CatalogueEntry | undefined> {
    const row = await table.get(entryRow(name));
    return row === undefined ? undefined : (JSON.parse(joinText('entry', row)) as CatalogueEntry);
  }

  async function transact(actions: TransactionAction[]): ReturnType<CatalogueStore['commit']> {
    for (;;) {
      const outcome = await table.transact(actions);
      if (!('refusedAt' in outcome)) return { version: outcome[0] };
      if (outcome.reason !== 'conflict') throw outcome.reason;
      const refused = outcome.refusedAt ?? 0;
      if (actions[refused]?.[0] !== 'delete') return 'conflict';
      // The row is not there: an operator has deleted it.
      actions.splice(refused, 1);
    }
  }

  /**
   * Removes search rows of an image, but for those that its tags need again. The row of counts gets a new version: a process that
   * is about to count the image has a conflict then, and adds its rows again.
   */
  async function removeUnlessBack(name: ImageName, parts: readonly RowAddress[]): Promise<void> {
    for (let attempt = 1; attempt <= maxRemovals; attempt++) {
      const row = await table.get(countsRow(name.registry));
      if (row === undefined) return;
      const needed = rowKeysOf(name, (await readEntry(name))?.tags ?? []);
      const gone = parts.filter(({ rowKey }) => !needed.has(rowKey));
      if (gone.length === 0) return;
      const removals = gone.map((part): TransactionAction => ['delete', part]);
      const touch: TransactionAction = ['update', countsRow(name.registry), 'Merge', { etag: row.etag }];
      if ((await transact([touch, ...removals])) !== 'conflict') return;
    }
  }

  return {
    async counts(registry) {
      const row = await table.get(countsRow(registry));
      if (row === undefined) return { counts: noCounts, version: undefined };
      return { counts: JSON.parse(String(row.counts)) as CatalogueCounts, version: row.etag };
    },
    entry: readEntry,
    async commit(registry, counts, basedOn, changes) {
      const row = { ...countsRow(registry), counts: JSON.stringify(counts) };
      return transact([
        basedOn === undefined ? ['create', row] : ['update', row, 'Replace', { etag: basedOn }],
        ...changes.flatMap(toActions),
        ...removedTogether(changes).map((part): TransactionAction => ['delete', part]),
      ]);
    },
    rowsOf: (change) => toActions(change).length + removedParts(change).length,
    async addSearchRows(changes) {
      try {
        await batches.merge([...changes.flatMap(addedParts), ...repositoryRows(changes)]);
      } catch (error) {
        known.clear();
        throw error;
      }
    },
    async removeSearchRows(changes) {
      const together = new Set(removedTogether(changes).map(({ rowKey }) => rowKey));
      for (const change of changes) {
        const left = removedParts(change).filter(({ rowKey }) => !together.has(rowKey));
        for (const some of inChunks(left, maxRows)) await removeUnlessBack(change.name, some);
      }
    },
    async recounted(registry) {
      const row = await table.get(recountRow(registry));
      return row === undefined ? undefined : (JSON.parse(String(row.recount)) as Recount);
    },
    saveRecounted: (registry, recount) =>
      batches.merge([{ ...recountRow(registry), recount: JSON.stringify(recount) }]),
    async page({ registry, order, list, cursor, limit }) {
      const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
      const rows = await table.range(listRange(registry, order, list, after), limit + 1, ['rowKey', 'seen']);
      const shown = rows.slice(0, limit);
      const lastShown = shown.at(-1);
      return {
        entries: shown.flatMap((row) => {
          const name = parseImage(registry, row);
          return name === undefined ? [] : [{ name, firstSeenAt: Number(row.seen) }];
        }),
        next:
          rows.length > limit && lastShown !== undefined ? Buffer.from(lastShown.rowKey).toString('base64url') : null,
      };
    },
    byTag: (registry, part, where, limit) => find(registry, tagRange(registry, part, where), limit),
    byDigest: (registry, start, limit) => find(registry, entryRange(registry, start), limit),
    async repositories(registry, part, limit) {
      // A name may contain the part more than once.
      const rows = await table.range(repositoryRange(registry, part), limit * 4, ['rowKey']);
      const names = new Set(rows.flatMap((row) => parseRepositoryPart(row) ?? []));
      return [...names].slice(0, limit);
    },
  };
}

function toActions({ name, before, after }: CatalogueChange): TransactionAction[] {
  const now = after === undefined ? [] : listRows(name, after);
  const kept = new Set(now.map(({ rowKey }) => rowKey));
  const gone = before === undefined ? [] : listRows(name, before).filter(({ rowKey }) => !kept.has(rowKey));
  const was = new Set(before?.firstSeenAt === after?.firstSeenAt ? listedBefore(name, before) : []);
  const seen = String(after?.firstSeenAt);
  return [
    entryAction(name, before, after),
    ...gone.map((row): TransactionAction => ['delete', row]),
    ...now
      .filter(({ rowKey }) => !was.has(rowKey))
      .map((row): TransactionAction => ['upsert', { ...row, seen }, 'Replace']),
  ];
}

function entryAction(
  name: ImageName,
  before: CatalogueEntry | undefined,
  after: CatalogueEntry | undefined,
): TransactionAction {
  if (after === undefined) return ['delete', entryRow(name)];
  const row = { ...entryRow(name), seen: String(after.firstSeenAt), ...splitText('entry', JSON.stringify(after)) };
  // Refused if there is an entry: the image would be counted twice.
  return before === undefined ? ['create', row] : ['upsert', row, 'Replace'];
}

function listedBefore(name: ImageName, before: CatalogueEntry | undefined): string[] {
  return before === undefined ? [] : listRows(name, before).map(({ rowKey }) => rowKey);
}

/** `seen` is the first-seen time of the generation, which shows a reader which generation the row belongs to. */
function addedParts({ name, before, after }: CatalogueChange): Row[] {
  if (after === undefined) return [];
  const had = before?.firstSeenAt === after.firstSeenAt ? before.tags : [];
  const seen = String(after.firstSeenAt);
  return partsOf(name, after.tags, had).map((row) => ({ ...row, seen }));
}

function removedParts({ name, before, after }: CatalogueChange): RowAddress[] {
  return before === undefined ? [] : partsOf(name, before.tags, after?.tags ?? []);
}

/** Those that fit in the transaction that counts the images. */
function removedTogether(changes: readonly CatalogueChange[]): RowAddress[] {
  const room = maxRows - changes.flatMap(toActions).length;
  return changes.flatMap(removedParts).slice(0, Math.max(0, room));
}

/** Each row once. */
function partsOf(name: ImageName, tags: readonly Tag[], but: readonly Tag[]): RowAddress[] {
  // Two tags may have a common suffix: keep the rows that another tag still needs.
  const kept = rowKeysOf(name, but);
  const parts = new Map(tags.flatMap((tag) => tagParts(name, tag)).map((part) => [part.rowKey, part]));
  return [...parts.values()].filter(({ rowKey }) => !kept.has(rowKey));
}

function rowKeysOf(name: ImageName, tags: readonly Tag[]): Set<string> {
  return new Set(tags.flatMap((tag) => tagParts(name, tag)).map(({ rowKey }) => rowKey));
}
