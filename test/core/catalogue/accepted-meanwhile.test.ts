/** An event that the topic accepts while its image is counted: the image is not left counted as unpublished. */
import { expect, test } from 'vitest';
import { memoryImageStore, memoryPublisher } from '../../../src/adapters/memory.ts';
import { pendingKeys } from '../../../src/core/image/record.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, pushOf, registryOf, repositoryOf } from '../../support/build.ts';
import { memoryCatalogue, memoryTracker } from '../../support/memory-tracker.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

test.each([1, 2])('after read %i of the record, the image is counted again, now or by a timer', async (accepted) => {
  const catalogue = memoryCatalogue();
  const stored = memoryImageStore();
  let readsLeft = Number.POSITIVE_INFINITY;
  const store: typeof stored = {
    ...stored,
    async read(one) {
      const image = await stored.read(one);
      if (--readsLeft === 0 && image !== undefined)
        await stored.noteAccepted(name, [{ keys: pendingKeys(image.record), at: clock.now() }], clock.now());
      return image;
    },
  };
  const publisher = { ...memoryPublisher(), publish: () => Promise.reject(new UpstreamError('invalid', 'too large')) };
  const { tracker, clock } = memoryTracker({ ports: { catalogue, publisher, store } });
  for (const region of ['eastus', 'westeurope']) {
    await tracker.receive({ name, fact: pushOf(region, new Date(clock.now()).toISOString()) });
  }
  await clock.advance(15_000);
  await clock.settle();
  expect(await tracker.summary(registryOf())).toMatchObject({ unpublished: 1 });
  catalogue.reminders.splice(0);
  readsLeft = accepted;
  await tracker.recount(name);
  expect(readsLeft).toBeLessThanOrEqual(0);
  for (const one of catalogue.reminders.splice(0)) await tracker.recount(one.name);
  expect(await tracker.summary(registryOf())).toMatchObject({ unpublished: 0 });
});
