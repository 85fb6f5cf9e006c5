/** Whether the storage's reads are counted while somebody waits, and follow the images and not those who wait. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdWaiters } from '../../bench/measure-waiters.ts';
import type { AzuriteProcess } from '../../src/local/azurite.ts';
import { startAzurite } from '../../src/local/azurite.ts';

let azurite: AzuriteProcess;

beforeAll(async () => {
  azurite = await startAzurite();
}, 60_000);

afterAll(() => azurite?.stop());

test('reads follow the images', async () => {
  const hold = (waiters: number, images: number) =>
    holdWaiters({ storage: azurite.connectionString, waiters, images, watchMs: 3_000 });
  const [few, many, more] = await Promise.all([hold(2, 2), hold(40, 2), hold(40, 8)]);
  // Every 300 ms a read of each image.
  for (const { readsPerSecond, images } of [few, many, more]) {
    expect(readsPerSecond / images).toBeGreaterThan(1.5);
    expect(readsPerSecond / images).toBeLessThan(4.3);
  }
  expect(many.releasedMs).toBeGreaterThan(0);
  expect(many.insertMs).toBeGreaterThan(0);
}, 60_000);
