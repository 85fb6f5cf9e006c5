/** What the timer of images puts on its queue. */
import type { QueueClient } from '@azure/storage-queue';
import { expect, test } from 'vitest';
import { queueWakeTimer } from '../../src/adapters/queue-storage.ts';
import { parseWakeMessage } from '../../src/core/messages.ts';
import { digestOf, repositoryOf } from '../support/build.ts';
import { manualClock } from '../support/manual-clock.ts';

const nameOf = (i: number) => ({ registry: 'contoso', repository: repositoryOf('team/app'), digest: digestOf(i) });

test('images share a message only with others that are known, or looked for since the same time', async () => {
  const clock = manualClock();
  const messages: unknown[] = [];
  const queue = {
    name: 'wakes',
    async sendMessage(text: string) {
      messages.push(parseWakeMessage(JSON.parse(Buffer.from(text, 'base64').toString())));
    },
  } as unknown as QueueClient;
  const timer = queueWakeTimer(queue, clock);
  const now = clock.now();
  const at = now + 60_000;
  await timer.wake(nameOf(1), at);
  await Promise.all([timer.wake(nameOf(2), at, now), timer.wake(nameOf(3), at, now + 1), timer.wake(nameOf(4), at)]);
  await timer.wake(nameOf(5), at, now - 60_000);
  expect(messages).toEqual([
    { images: [nameOf(1)], at },
    { images: [nameOf(2)], at, noticedAt: now },
    { images: [nameOf(4)], at },
    { images: [nameOf(3)], at, noticedAt: now },
    { images: [nameOf(5)], at, noticedAt: now - 60_000 },
  ]);
});
