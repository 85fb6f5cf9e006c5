/** What somebody sees who opens the table of images: the columns are those of the record, and of nothing before it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tableClient } from '../../src/adapters/storage-clients.ts';
import { tableImageStore } from '../../src/adapters/table-storage/image-store.ts';
import { imageRow } from '../../src/adapters/table-storage/keys.ts';
import { table } from '../../src/adapters/table-storage/table.ts';
import type { ImageRecord } from '../../src/core/image.ts';
import type { Version } from '../../src/core/ports.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';
import { deleteOf, digestOf, pushOf, recordOf } from '../support/build.ts';

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
    return Object.fromEntries(Object.entries(row ?? {}).filter(([name]) => /^(region|taken)_/.test(name)));
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

  await store.acknowledge(gone.name, [{ keys: gone.announcements.map(({ key }) => key), at: 1 }], 1);
  expect(Object.keys(await columns(gone))).toHaveLength(3);
  const seen = await store.read(gone.name);
  expect(seen?.version).not.toBe(third);
  await write(one, seen?.version);
  expect(await columns(one)).toEqual({ region_eastus: available.region_eastus });
});
