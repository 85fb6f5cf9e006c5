/**
 * Images in Table Storage. A registry is a partition; an image is a row, keyed by digest and repository, which holds the whole
 * record, and a column per region for people who read the table. Every write names the version it is based on (`If-Match`), so the second of two
 * writers gets a conflict; simultaneous writes of different images share a transaction. Events that the topic has
 * accepted may be noted in columns beside the record, without reading it; the next write moves them into the record.
 *
 * A row is merged unless it has columns to drop: on Azure it makes no difference, but Azurite replaces a row by
 * searching its whole table several times.
 */

import { hash } from 'node:crypto';
import type { AcceptedEvents } from '../../core/image/accepted-events.ts';
import { noteAccepted } from '../../core/image/accepted-events.ts';
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

/** A row holds 252 properties. The record holds all regions, also those beyond this limit. */
const maxColumns = 150;
const acceptedPrefix = 'accepted_';
const regionPrefix = 'region_';
const recordPrefix = 'record';
/** Columns that a later row may lack. Every other column is in every row, or is reached through one that is. */
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

    async noteAccepted(name, accepted, now) {
      // The newest of all noted times, in whatever order the notes are written.
      const publishedAt = new Date(now).toISOString();
      await batches.amend({ ...imageRow(name), publishedAt, ...acceptedColumns(accepted) });
    },

    async publishedSince({ registry, since, cursor, limit }) {
      const { rows, next } = await images.scan({
        partitionKey: registry,
        property: 'publishedAt',
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

/** The row's etag, and the names of those columns that a later row may lack. */
function versionOf(etag: string, row: Row): Version {
  const columns = Object.keys(row).filter((column) => passingPrefixes.some((prefix) => column.startsWith(prefix)));
  // The service returns columns in an order of its own.
  return `${columns.sort().join(',')} ${etag}`;
}

function readVersion(version: Version): { readonly etag: string; readonly columns: readonly string[] } {
  const space = version.indexOf(' ');
  return { etag: version.slice(space + 1), columns: version.slice(0, space).split(',') };
}

function toRow(record: ImageRecord): Row {
  const { name, ...rest } = record;
  const publishedAt = lastPublishedAt(record);
  return {
    ...imageRow(name),
    generation: record.generation,
    // Lets a replay find what was published since a time.
    ...(publishedAt === null ? {} : { publishedAt: new Date(publishedAt).toISOString() }),
    ...regionColumns(record),
    ...splitText(recordPrefix, JSON.stringify(rest)),
  };
}

function readRecord(name: ImageName, row: Row): ImageRecord {
  const record = { ...(JSON.parse(joinText(recordPrefix, row)) as Omit<ImageRecord, 'name'>), name };
  return acceptedIn(row).reduce(noteAccepted, record);
}

/**
 * One column for each note, so that two instances do not overwrite each other. The name is a hash of the
 * events, so the same ones get the same column.
 */
function acceptedColumns(accepted: readonly AcceptedEvents[]): Record<string, string> {
  const columnOf = (keys: readonly string[]) => acceptedPrefix + hash('sha256', keys.join('\n')).slice(0, 16);
  return Object.fromEntries(accepted.map(({ keys, at }) => [columnOf(keys), JSON.stringify({ keys, at })]));
}

function acceptedIn(row: Row): AcceptedEvents[] {
  return Object.entries(row).flatMap(([name, value]) =>
    name.startsWith(acceptedPrefix) ? [JSON.parse(String(value)) as AcceptedEvents] : [],
  );
}

/** Column `region_eastus`: its state, since when, and the evidence. */
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
