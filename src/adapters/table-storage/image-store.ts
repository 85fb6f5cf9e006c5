/**
 * Images in Table Storage, keyed by digest and region. One partition per image: a head row with the whole record, and a
 * row per region for whoever looks into the table. One transaction writes them together, with `If-Match` on the head,
 * so of two writers one is told that the other was first.
 */
import type { TransactionAction } from '@azure/data-tables';
import { lastToldAt } from '../../core/due-events.ts';
import type { ImageName, ImageRecord } from '../../core/image.ts';
import { arrivalIn } from '../../core/image.ts';
import type { ImageStore } from '../../core/ports.ts';
import type { Region } from '../../core/region.ts';
import { headRow, imagePartition, imagePartitions, parseImagePartition, regionRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Row, Table } from './table.ts';

const mostRows = 1_000;

export function tableImageStore(images: Table): ImageStore {
  return {
    async read(name) {
      const row = await images.get(headRow(name));
      return row === undefined ? undefined : { record: readRecord(name, row), version: row.etag };
    },

    async commit({ record, basedOn, regions }) {
      const head = toHeadRow(record);
      if (basedOn !== undefined && regions.length === 0) {
        const version = await images.replace(head, basedOn);
        return version === 'conflict' ? version : { version };
      }
      const write: TransactionAction =
        basedOn === undefined ? ['create', head] : ['update', head, 'Replace', { etag: basedOn }];
      const etags = await images.transact([
        write,
        ...regions.map((region): TransactionAction => ['upsert', toRegionRow(record, region), 'Replace']),
      ]);
      if (etags === 'conflict') return 'conflict';
      const version = etags[0];
      if (version === undefined) throw new Error('the table service sent no etag for the head row');
      return { version };
    },

    async remove({ record, version }) {
      if ((await images.removeVersion(headRow(record.name), version)) === 'conflict') return 'conflict';
      const partition = { partitionKey: imagePartition(record.name), after: '', before: '~' };
      for (const row of await images.range(partition, mostRows, ['partitionKey', 'rowKey'])) await images.remove(row);
      return 'removed';
    },

    async toldSince({ registry, since, cursor, limit }) {
      const { rows, next } = await images.scan({
        partitions: imagePartitions(registry),
        property: 'toldAt',
        atLeast: new Date(since).toISOString(),
        limit,
        cursor,
      });
      const found = rows.flatMap((row) => {
        const name = parseImagePartition(row.partitionKey);
        return name === undefined ? [] : [readRecord(name, row)];
      });
      return { images: found, next };
    },
  };
}

function toHeadRow(record: ImageRecord): Row {
  const { name, ...rest } = record;
  const toldAt = lastToldAt(record);
  return {
    ...headRow(name),
    generation: record.generation,
    // For whoever tells again what was told since a time.
    ...(toldAt === null ? {} : { toldAt: new Date(toldAt).toISOString() }),
    ...splitText('record', JSON.stringify(rest)),
  };
}

function readRecord(name: ImageName, row: Row): ImageRecord {
  return { ...(JSON.parse(joinText('record', row)) as Omit<ImageRecord, 'name'>), name };
}

function toRegionRow(record: ImageRecord, region: Region): Row {
  const arrival = arrivalIn(record, region);
  return {
    ...regionRow(record.name, region),
    pushedAt: arrival?.pushedAt ?? undefined,
    deletedAt: arrival?.deletedAt ?? undefined,
    since: new Date(arrival?.since ?? 0).toISOString(),
    evidence: arrival?.evidence.join(',') ?? '',
    ...splitText('tags', Object.keys(arrival?.tags ?? {}).join(',')),
  };
}
