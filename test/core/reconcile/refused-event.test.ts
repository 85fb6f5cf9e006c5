/** An event that the topic refuses is noted in the record as unpublished, whatever has set the image's next timer. */
import { expect, test } from 'vitest';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, pushOf, registryOf, repositoryOf } from '../../support/build.ts';
import { memoryCatalogue, memoryTracker } from '../../support/memory-tracker.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

test('a refused event is noted once, where a write that knew nothing of it has set the timer', async () => {
  const publish = () => Promise.reject(new UpstreamError('invalid', 'refused'));
  const { tracker, clock, store } = memoryTracker({ ports: { catalogue: memoryCatalogue(), publisher: { publish } } });
  await tracker.receive({ name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') });
  await clock.settle();
  // The timer of that write is still to fire.
  await tracker.reconcile(name, clock.now());
  const noted = await store.read(name);
  expect(noted?.record.announcements).toMatchObject([{ publishedAt: null, failed: { count: 1 } }]);
  await clock.advance(2_000);
  await clock.settle();
  expect(await tracker.summary(registryOf())).toMatchObject({ unpublished: 1 });

  await tracker.reconcile(name, clock.now());
  expect(await store.read(name)).toEqual(noted);
});
