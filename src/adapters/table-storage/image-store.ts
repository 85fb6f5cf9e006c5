/**
 * Images in Table Storage, keyed by digest and region: a row per image, which holds the whole record, and in it a column
 * per region for whoever looks into the table. Every write names the version it was derived from (`If-Match`), so of two
 * writers one is told that the other was first; writes of different images that meet go in one transaction. What the topic
 * has taken may be noted in columns beside the record, without reading it; the next write takes them into the record.
 *
 * A row is merged unless it has columns that are to go: on Azure it makes no difference, and the development storage
 * replaces a row by searching its whole table several times.
 */

import { hash } from 'node:crypto';
import type { Acknowledgement } from '../../core/image/acknowledge.ts';
import { acknowledge } from '../../core/image/acknowledge.ts';
import { isAvailable } from '../../core/image/arrival.ts';
import { lastPublishedAt } from '../../core/image/due-events.ts';
import type { ImageName, ImageRecord } from '../../core/image/record.ts';
import { arrivalIn, arrivalRegions } from '../../core/image/record.ts';
import type { ImageStore, Version } from '../../core/ports.ts';
import { clockSkewMs } from '../../core/runtime/clock-skew.ts';
import { imageRow, parseImageRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import { rowBatches } from './row-batches.ts';
import type { Row, Table } from './table.ts';

/** A row holds 252 properties; more regions than Azure has are still in the record. */
const maxColumns = 150;
const acceptedPrefix = 'taken_';
const regionPrefix = 'region_';
const recordPrefix = 'record';
/** Every other column is in every row, or leads to a record that says what is so. */
const passingPrefixes = [acceptedPrefix, regionPrefix, recordPrefix];

export function tableImageStore(images: Table): ImageStore {
  const batches = rowBatches(images);

  function write(row: Row, basedOn: Version): Promise<string | 'conflict'> {
    const { etag, columns } = readVersion(basedOn);
    return columns.every((column) => column in row) ? batches.amend(row, etag) : batches.replace(row, etag);
  }

  return {
    async read(name) {
      const row = await images.get(imageRow(name));
      return row === undefined ? undefined : { record: readRecord(name, row), version: versionOf(row.etag, row) };
    },

    async commit({ record, basedOn }) {
      const row = toRow(record);
      const etag = await (basedOn === undefined ? batches.create(row) : write(row, basedOn));
      return etag === 'conflict' ? etag : { version: versionOf(etag, row) };
    },

    async acknowledge(name, taken, now) {
      // Not older than what others have noted, whatever the order in which the notes come in.
      const toldAt = new Date(now).toISOString();
      await batches.amend({ ...imageRow(name), toldAt, ...acceptedColumns(taken) });
    },

    async publishedSince({ registry, since, cursor, limit }) {
      const { rows, next } = await images.scan({
        partitionKey: registry,
        property: 'toldAt',
        atLeast: new Date(since - clockSkewMs).toISOString(),
        limit,
        cursor,
      });
      const found = rows.flatMap((row) => {
        const name = parseImageRow(row);
        const record = name === undefined ? undefined : readRecord(name, row);
        return record === undefined || (lastPublishedAt(record) ?? 0) < since ? [] : [record];
      });
      return { images: found, next };
    },
  };
}

/** The row's etag, and those of its columns that a later record may be without. */
function versionOf(etag: string, row: Row): Version {
  const columns = Object.keys(row).filter((column) => passingPrefixes.some((prefix) => column.startsWith(prefix)));
  // Columns come back in an order of the service's own.
  return `${columns.sort().join(',')} ${etag}`;
}

function readVersion(version: Version): { readonly etag: string; readonly columns: readonly string[] } {
  const space = version.indexOf(' ');
  return { etag: version.slice(space + 1), columns: version.slice(0, space).split(',') };
}

function toRow(record: ImageRecord): Row {
  const { name, ...rest } = record;
  const toldAt = lastPublishedAt(record);
  return {
    ...imageRow(name),
    generation: record.generation,
    // For whoever publishes again what was published since a time.
    ...(toldAt === null ? {} : { toldAt: new Date(toldAt).toISOString() }),
    ...regionColumns(record),
    ...splitText(recordPrefix, JSON.stringify(rest)),
  };
}

function readRecord(name: ImageName, row: Row): ImageRecord {
  const record = { ...(JSON.parse(joinText(recordPrefix, row)) as Omit<ImageRecord, 'name'>), name };
  return acceptedIn(row).reduce(acknowledge, record);
}

/** One for each, so that those of two instances stand side by side; of the same announcements, under the same name. */
function acceptedColumns(taken: readonly Acknowledgement[]): Record<string, string> {
  const columnOf = (keys: readonly string[]) => acceptedPrefix + hash('sha256', keys.join('\n')).slice(0, 16);
  return Object.fromEntries(taken.map(({ keys, at }) => [columnOf(keys), JSON.stringify({ keys, at })]));
}

function acceptedIn(row: Row): Acknowledgement[] {
  return Object.entries(row).flatMap(([name, value]) =>
    name.startsWith(acceptedPrefix) ? [JSON.parse(String(value)) as Acknowledgement] : [],
  );
}

/** `region_eastus`: since when what is so there. */
function regionColumns(record: ImageRecord): Record<string, string> {
  const columns: Record<string, string> = {};
  for (const region of arrivalRegions(record).slice(0, maxColumns)) {
    const arrival = arrivalIn(record, region);
    if (arrival === undefined) continue;
    const state = isAvailable(arrival) ? 'available' : 'deleted';
    columns[regionPrefix + region] = `${state} ${new Date(arrival.since).toISOString()} ${arrival.evidence.join(',')}`;
  }
  return columns;
}
