/** The columns that a person sees in the table of images: those of the record, and none from an earlier one. */
import { hash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { tableImageStore } from '../../src/adapters/table-storage/image-store.ts';
import { imageRow } from '../../src/adapters/table-storage/keys.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import type { Arrival } from '../../src/core/image/arrival.ts';
import { maxAttachments } from '../../src/core/image/attached.ts';
import { maxAhead, maxMovedTags, maxTags } from '../../src/core/image/merge-fact.ts';
import type { ImageRecord, TagProgress } from '../../src/core/image/record.ts';
import type { Digest } from '../../src/core/model/digest.ts';
import type { Version } from '../../src/core/ports.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { deleteOf, digestOf, eventTimeOf, pushOf, recordOf } from '../support/build.ts';

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzuriteInProcess();
});
afterAll(() => azurite.stop());

test('each region has a column, until the record is without it', async () => {
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  const images = table(tableClient(account, 'images'));
  const store = tableImageStore(images);
  const write = async (record: ImageRecord, basedOn?: Version) => {
    const committed = await store.commit({ record, basedOn });
    if (committed === 'conflict') throw new Error('conflict');
    return committed.version;
  };
  const columns = async (record: ImageRecord) => {
    const row = await images.get(imageRow(record.name));
    return Object.fromEntries(Object.entries(row ?? {}).filter(([name]) => /^(region|accepted)_/.test(name)));
  };
  const pushes = [pushOf('eastus', '2026-06-01T12:00:01Z'), pushOf('westeurope', '2026-06-01T12:00:02Z')];
  const available = {
    region_eastus: 'available 2026-06-01T12:00:01.000Z webhook',
    region_westeurope: 'available 2026-06-01T12:00:02.000Z webhook',
  };

  const one = recordOf(digestOf(1), pushes.slice(0, 1));
  const first = await write(one);
  expect(await columns(one)).toEqual({ region_eastus: available.region_eastus });
  const both = recordOf(digestOf(1), pushes);
  const second = await write(both, first);
  expect(await columns(both)).toEqual(available);
  const gone = recordOf(digestOf(1), [...pushes, deleteOf('eastus', '2026-06-01T12:00:03Z')]);
  const third = await write(gone, second);
  expect(await columns(gone)).toEqual({ ...available, region_eastus: 'deleted 2026-06-01T12:00:03.000Z webhook' });

  await store.noteAccepted(gone.name, [{ keys: gone.announcements.map(({ key }) => key), at: 1 }], 1);
  expect(Object.keys(await columns(gone))).toHaveLength(3);
  const seen = await store.read(gone.name);
  expect(seen?.version).not.toBe(third);
  await write(one, seen?.version);
  expect(await columns(one)).toEqual({ region_eastus: available.region_eastus });
});

/** The largest record that the core keeps; names and times as hard to compress as possible. */
function maxRecord(): ImageRecord {
  const small = recordOf(digestOf(2), [pushOf('eastus', '2026-06-01T12:00:00Z', { tag: 'v1' })]);
  const random = (seed: string, length: number) =>
    Array.from({ length: Math.ceil(length / 86) }, (_, i) => hash('sha512', `${seed} ${i}`, 'base64url'))
      .join('')
      .slice(0, length);
  const time = (seed: string) => {
    const digits = BigInt(`0x${hash('sha256', seed).slice(0, 16)}`)
      .toString()
      .padStart(20, '0');
    const day = String(1 + (Number(digits[0]) % 9)).padStart(2, '0');
    return eventTimeOf(
      `2026-06-${day}T1${digits[1]}:${Number(digits[2]) % 6}${digits[3]}:1${digits[4]}.${digits.slice(5, 14)}Z`,
    );
  };
  const regions = Array.from({ length: 50 }, (_, i) => `region${i}ofazure`);
  const pushes = (seed: string) => Object.fromEntries(regions.map((region) => [region, time(`${seed} ${region}`)]));
  const here = Array.from({ length: maxTags }, (_, i) => `h${random(`here ${i}`, 127)}`);
  const moved = Array.from({ length: 2 * maxMovedTags }, (_, i) => `m${random(`moved ${i}`, 127)}`);
  const arrivals = regions.map((region): [string, Arrival] => {
    const kept = [...here, ...moved.slice(0, maxMovedTags)];
    const tags = Object.fromEntries(kept.map((tag) => [tag, time(`${region} ${tag}`)]));
    const untagged = Object.fromEntries(kept.slice(-maxMovedTags).map((tag) => [tag, time(`left ${region} ${tag}`)]));
    const at = time(region);
    const evidence = ['webhook', 'eventGrid', 'probe', 'deepProbe', 'deliveryLog'] as const;
    const stamped = kept.slice(-maxAhead).map((tag) => [`push ${time(`${region} stamp ${tag}`)} ${tag}`, at]);
    const ahead = Object.fromEntries(stamped);
    return [
      region,
      {
        ...{ pushedAt: at, deletedAt: at, eventTime: at, since: 1, learnedAt: 1, evidence, tags, untagged, ahead },
        doubtedTags: Object.keys(untagged),
      },
    ];
  });
  const progress = (tag: string, state: TagProgress['state']): [string, TagProgress] => {
    const movedBy = state === 'moved' ? pushes(`by ${tag}`) : null;
    return [
      tag,
      {
        round: 99,
        state,
        isCompared: true,
        isOrdered: false,
        movedTo: digestOf(3),
        movedBy,
        others: pushes(`others ${tag}`),
      },
    ];
  };
  const event = (kind: string, tag: string) => ({
    key: `000099.${kind}.99.${tag}`,
    madeAt: Number(random(tag, 1).codePointAt(0)),
    publishedAt: null,
    supersededBy: digestOf(4),
  });
  return {
    ...small,
    arrivals: Object.fromEntries(arrivals),
    tags: Object.fromEntries([
      ...here.map((tag) => progress(tag, 'converged')),
      ...moved.map((tag) => progress(tag, 'moved')),
    ]),
    uncomparedTags: [...here, ...moved],
    announcements: [...here, ...moved, ...moved].map((tag) => event('tagConverged', tag)),
    forwards: [...here, ...moved].map((tag) => ({ key: `1780000000000.target.99.${tag}`, madeAt: 1, queuedAt: null })),
    attachments: Array.from({ length: maxAttachments }, (_, i) => ({
      digest: `sha256:${hash('sha256', `attached ${i}`)}` as Digest,
      artifactType: random(`type ${i}`, 255),
      kind: 'attestation',
    })),
  };
}

test('the largest record there can be fits in its row', async () => {
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  const images = table(tableClient(account, 'largest'));
  const store = tableImageStore(images);
  const record = maxRecord();
  const committed = await store.commit({ record, basedOn: undefined });
  if (committed === 'conflict') throw new Error('conflict');
  expect((await store.read(record.name))?.record).toEqual(record);
  const row = await images.get(imageRow(record.name));
  const sizes = Object.entries(row ?? {}).map(
    ([name, value]) => name.length * 2 + (value instanceof Uint8Array ? value.length : String(value).length * 2) + 8,
  );
  // Table service REST documentation: an entity has at most 1 MiB and 252 properties.
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(0.9 * 2 ** 20);
  expect(sizes.length).toBeLessThan(252);
  // The next record is written all the same, and makes the row small again.
  const small = recordOf(digestOf(2), [deleteOf('eastus', '2026-06-01T12:00:01Z')]);
  expect(await store.commit({ record: small, basedOn: committed.version })).not.toBe('conflict');
  expect((await store.read(record.name))?.record).toEqual(small);
});

test('what was published since a time is found, though noted with a clock that is half a minute behind', async () => {
  const account = { kind: 'connectionString', connectionString: azurite.connectionString } as const;
  const store = tableImageStore(table(tableClient(account, 'published')));
  const record = recordOf(digestOf(1), [pushOf('eastus', '2026-06-01T12:00:00Z')]);
  await store.commit({ record, basedOn: undefined });
  const acceptedAt = Date.parse('2026-06-01T12:10:00Z');
  const keys = record.announcements.map(({ key }) => key);
  await store.noteAccepted(record.name, [{ keys, at: acceptedAt }], acceptedAt - 30_000);
  const since = (at: number) => store.publishedSince({ registry: 'contoso', since: at, cursor: undefined, limit: 10 });
  expect((await since(acceptedAt)).images.map(({ name }) => name)).toEqual([record.name]);
  expect((await since(acceptedAt + 1)).images).toEqual([]);
});
