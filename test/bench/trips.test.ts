/**
 * What a delivery costs in round trips does not depend on the machine, so it can be held like any other promise: a change
 * that makes the tracker ask the storage once more per webhook event is seen here, not on the bill.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { measureTrips } from '../../bench/measure-trips.ts';
import type { Azurite } from '../../src/local/azurite.ts';
import { startAzuriteInProcess } from '../../src/local/azurite.ts';

let azurite: Azurite;
let trips: Map<string, { readonly inSequence: number; readonly total: number }>;

beforeAll(async () => {
  azurite = await startAzuriteInProcess();
  const storage = azurite.connectionString;
  const { rows } = await measureTrips({ storage, storagePid: process.pid, quick: true, say: () => undefined });
  trips = new Map(
    rows.map((row) => [
      String(row.delivery),
      { inSequence: Number(row['in sequence before the answer']), total: Number(row['all, with what follows']) },
    ]),
  );
}, 60_000);

afterAll(() => azurite?.stop());

// At most so many: in sequence before the answer, and in all.
test.each([
  ['first region of an image', 3, 4],
  ['next region', 1, 1],
  ['last region', 1, 3],
  ['repeat, image known to the process', 0, 0],
  ['repeat, image unknown to the process', 1, 1],
  ['first region, under a tag that 12 digests had before', 3, 13],
  ['timer of an image that is everywhere', 1, 1],
  ['storing that the topic accepted it, when no region follows for ten seconds', 1, 1],
])('%s: %d in sequence, %d in all', (kind, inSequence, total) => {
  const measured = trips.get(kind);
  expect(measured?.inSequence).toBeLessThanOrEqual(inSequence);
  expect(measured?.total).toBeLessThanOrEqual(total);
});

test('what must be stored is stored before the answer', () => {
  for (const kind of ['first region of an image', 'next region', 'last region']) {
    expect(trips.get(kind)?.inSequence).toBeGreaterThanOrEqual(1);
  }
});
