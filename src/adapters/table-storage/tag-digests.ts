/**
 * The digests that each tag was pushed with: one row per tag, one property per digest, written without reading. Writers
 * never conflict, and a query by tag begins with one point read.
 */
import type { TagName } from '../../core/image/tag-name.ts';
import { isDigest } from '../../core/model/digest.ts';
import type { EventTime } from '../../core/model/event-time.ts';
import { isLater } from '../../core/model/event-time.ts';
import type { TagDigests } from '../../core/ports.ts';
import { UpstreamError } from '../../core/runtime/errors.ts';
import type { RowAddress } from './keys.ts';
import { tagRow } from './keys.ts';
import type { RowBatches } from './row-batches.ts';
import type { Row, Table } from './table.ts';

/** A row holds at most 252 properties; a tag that moves with every build would exceed that. */
const maxDigests = 150;
const keptDigests = 50;
/** Tags whose row is known to exist: for a tag that moves with every build, only the first note tries to create it. */
const maxKnown = 10_000;
/** Attempts to forget a digest. Failing is harmless: a reader that follows the digest finds no image. */
const maxAttempts = 5;
const prefix = 'd';

/** @param batches of the same table */
export function tableTagDigests(tags: Table, batches: RowBatches): TagDigests {
  const known = new Set<string>();

  function isKnown({ partitionKey, rowKey }: RowAddress): boolean {
    const key = `${partitionKey} ${rowKey}`;
    const was = known.delete(key);
    known.add(key);
    const oldest = known.size > maxKnown ? known.values().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return was;
  }

  async function prune(name: TagName): Promise<void> {
    const row = await tags.get(tagRow(name));
    if (row === undefined) return;
    const kept = digestsOf(row).slice(0, keptDigests);
    const properties = kept.map(({ digest, pushedAt }) => [propertyOf(digest), pushedAt]);
    // A conflict is fine: the next writer or reader that finds the row too long prunes it.
    await tags.replace({ ...tagRow(name), ...Object.fromEntries(properties) }, row.etag);
  }

  return {
    async note(name, digest, pushedAt) {
      const row = { ...tagRow(name), [propertyOf(digest)]: pushedAt };
      const isNew = !isKnown(row) && (await batches.create(row)) !== 'conflict';
      if (isNew) return 'first';
      try {
        await batches.merge([row]);
      } catch (error) {
        if (!(error instanceof UpstreamError && error.code === 'invalid')) throw error;
        await prune(name);
        await batches.merge([row]);
      }
      return 'again';
    },
    async digests(name) {
      const row = await tags.get(tagRow(name));
      const digests = row === undefined ? [] : digestsOf(row);
      if (digests.length > maxDigests) await prune(name);
      return digests;
    },
    async forget(name, digest, pushedAt) {
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const row = await tags.get(tagRow(name));
        const digests = row === undefined ? [] : digestsOf(row);
        const noted = digests.find((one) => one.digest === digest);
        if (row === undefined || noted === undefined || isLater(noted.pushedAt, pushedAt)) return;
        const kept = digests.filter((one) => one !== noted);
        const properties = kept.map((one) => [propertyOf(one.digest), one.pushedAt]);
        const smaller = { ...tagRow(name), ...Object.fromEntries(properties) };
        // Guarded by the etag: a digest may have been noted since the row was read.
        const done = await (kept.length === 0 ? tags.removeVersion(row, row.etag) : tags.replace(smaller, row.etag));
        if (done !== 'conflict') return;
      }
    },
  };
}

/** Property names allow no colon. */
function propertyOf(digest: string): string {
  return prefix + digest.slice('sha256:'.length);
}

function digestsOf(row: Row) {
  return Object.entries(row)
    .flatMap(([property, pushedAt]) => {
      const digest = `sha256:${property.slice(prefix.length)}`;
      return property.startsWith(prefix) && isDigest(digest) ? [{ digest, pushedAt: pushedAt as EventTime }] : [];
    })
    .sort((a, b) => (a.pushedAt < b.pushedAt ? 1 : -1));
}
