/** What is deferred is on the queue twice. */
import { describe, expect, test } from 'vitest';
import { twiceDeferred } from '../../../src/core/ingest/twice-deferred.ts';
import type { Delivery } from '../../../src/core/ports.ts';
import { UpstreamError } from '../../../src/core/runtime/errors.ts';
import { digestOf, pushOf, repositoryOf } from '../../support/build.ts';

const name = { registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(1) };

describe('a delivery', () => {
  const delivery: Delivery = { name, fact: pushOf('eastus', '2026-06-01T12:00:00Z') };
  const deferred = async (delayMs: number) => {
    const delays: number[] = [];
    await twiceDeferred({ defer: async (_one, delay) => void delays.push(delay) }).defer(delivery, delayMs);
    return delays;
  };

  test('that is deferred is queued again for a minute later, in case the instance that handles it is killed', async () => {
    expect(await deferred(0)).toEqual([0, 60_000]);
  });

  test('that is put back is not: each attempt would double the messages', async () => {
    expect(await deferred(7_000)).toEqual([7_000]);
  });

  test('is deferred only once both are stored', async () => {
    const queue = twiceDeferred({
      async defer(_one, delayMs) {
        if (delayMs > 0) throw new UpstreamError('unavailable', 'the queue is away');
      },
    });
    await expect(queue.defer(delivery, 0)).rejects.toThrow(UpstreamError);
  });
});
