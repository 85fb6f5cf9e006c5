/** An image is counted once, also where an instance learns late that its first record is stored. */
import { expect, test } from 'vitest';
import { memoryImageLists, memoryImageStore, memoryTagDigests } from '../../../src/adapters/memory.ts';
import { digestOf, pushOf, registryOf, repositoryOf } from '../../support/build.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { memoryCatalogue, memoryTracker, passTime } from '../../support/memory-tracker.ts';

const nameOf = (n: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(n) });

test('what another instance has counted before the answer to the first write comes is not counted again', async () => {
  const clock = manualClock();
  const store = memoryImageStore();
  let lateMs = 0;
  const late: typeof store = {
    ...store,
    async commit(change) {
      const pause = lateMs;
      const outcome = await store.commit(change);
      if (pause > 0) await clock.sleep(pause);
      return outcome;
    },
  };
  const shared = { catalogue: memoryCatalogue(), lists: memoryImageLists(), tags: memoryTagDigests() };
  const slow = memoryTracker({ clock, ports: { ...shared, store: late } });
  const other = memoryTracker({ clock, ports: { ...shared, store } });
  const push = async ({ tracker }: typeof slow, n: number, region: string) => {
    void tracker.receive({ name: nameOf(n), fact: pushOf(region, new Date(clock.now()).toISOString()) });
    await clock.settle();
  };
  await push(slow, 1, 'eastus');
  await passTime(slow, 3_000);
  lateMs = 10_000;
  await push(slow, 2, 'eastus');
  lateMs = 0;
  await push(other, 2, 'westeurope');
  await passTime(slow, 3_000);
  // Now it knows what the other has counted.
  await push(slow, 3, 'eastus');
  await passTime(slow, 3_000);
  const all = { images: { available: 1, replicating: 2 } };
  expect(await other.tracker.summary(registryOf())).toMatchObject(all);
  await passTime(slow, 10_000);
  expect(await other.tracker.summary(registryOf())).toMatchObject(all);
  expect(slow.lines.filter((line) => line.startsWith('images not counted'))).toEqual([]);
});
