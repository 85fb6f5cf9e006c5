/**
 * Images in Table Storage, keyed by digest and region. One partition per image: a head row with the whole record, a
 * row per region for whoever looks into the table, and a row per event. One transaction writes them together, with
 * `If-Match` on the head, so of two writers one is told that the other was first.
 */
import type { TransactionAction } from '@azure/data-tables';
import type { CloudEvent, OutboxEvent } from '../../core/announcement.ts';
import type { ImageName, ImageRecord } from '../../core/image.ts';
import type { ImageChange, ImageStore } from '../../core/ports.ts';
import type { Region } from '../../core/region.ts';
import { eventRange, eventRow, headRow, imagePartition, regionRow } from './keys.ts';
import { joinText, splitText } from './long-text.ts';
import type { Row, Table } from './table.ts';
import { mostActions } from './table.ts';

const mostEvents = 10_000;

export function tableImageStore(images: Table): ImageStore {
  return {
    async read(name) {
      const row = await images.get(headRow(name));
      return row === undefined ? undefined : { record: readRecord(name, row), version: row.etag };
    },

    async commit(change) {
      const { record, basedOn } = change;
      const head = toHeadRow(record);
      const replace: TransactionAction = ['update', head, 'Replace', basedOn === undefined ? {} : { etag: basedOn }];
      const actions: TransactionAction[] = [
        basedOn === undefined ? ['create', head] : replace,
        ...change.regions.map((region): TransactionAction => ['upsert', toRegionRow(record, region), 'Replace']),
        ...change.events.map((event): TransactionAction => ['upsert', toEventRow(record.name, event), 'Replace']),
      ];
      const marks = publishedMarks(change);
      const withIt = marks.slice(0, mostActions - actions.length);
      const etags = await images.transact([...actions, ...withIt]);
      if (etags === 'conflict') return 'conflict';
      // The head no longer lists them as pending; what is left over here is only their date.
      for (const mark of marks.slice(withIt.length)) await images.merge(mark[1] as Row);
      const version = etags[0];
      if (version === undefined) throw new Error('the table service sent no etag for the head row');
      return { version };
    },

    async events(name) {
      return (await images.range(eventRange(name), mostEvents)).map(readEvent);
    },

    async eventsByKey(name, keys) {
      const rows = await Promise.all(keys.map((key) => images.get(eventRow(name, key))));
      return rows.flatMap((row) => (row === undefined ? [] : [readEvent(row)]));
    },

    async remove({ record, version }) {
      if ((await images.removeVersion(headRow(record.name), version)) === 'conflict') return 'conflict';
      const partition = { partitionKey: imagePartition(record.name), after: '', before: '~' };
      for (const row of await images.range(partition, mostEvents, ['partitionKey', 'rowKey'])) await images.remove(row);
      return 'removed';
    },
  };
}

function toHeadRow(record: ImageRecord): Row {
  const { name, ...rest } = record;
  return { ...headRow(name), generation: record.generation, ...splitText('record', JSON.stringify(rest)) };
}

function readRecord(name: ImageName, row: Row): ImageRecord {
  return { ...(JSON.parse(joinText('record', row)) as Omit<ImageRecord, 'name'>), name };
}

function toRegionRow(record: ImageRecord, region: Region): Row {
  const arrival = record.arrivals[region];
  return {
    ...regionRow(record.name, region),
    pushedAt: arrival?.pushedAt ?? undefined,
    deletedAt: arrival?.deletedAt ?? undefined,
    since: new Date(arrival?.since ?? 0).toISOString(),
    evidence: arrival?.evidence.join(',') ?? '',
    ...splitText('tags', Object.keys(arrival?.tags ?? {}).join(',')),
  };
}

function toEventRow(name: ImageName, { key, event }: OutboxEvent): Row {
  return { ...eventRow(name, key), ...splitText('event', JSON.stringify(event)) };
}

function readEvent(row: Row): OutboxEvent {
  return {
    key: row.rowKey.split('|').at(-1) ?? '',
    event: JSON.parse(joinText('event', row)) as CloudEvent,
    publishedAt: typeof row.publishedAt === 'string' ? Date.parse(row.publishedAt) : null,
  };
}

function publishedMarks({ record, events, published }: ImageChange): TransactionAction[] {
  const made = new Set(events.map((event) => event.key));
  return [...published]
    .filter(([key]) => !made.has(key))
    .map(([key, at]) => [
      'upsert',
      { ...eventRow(record.name, key), publishedAt: new Date(at).toISOString() },
      'Merge',
    ]);
}
