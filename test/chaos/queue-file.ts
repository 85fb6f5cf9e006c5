/**
 * Makes hidden queue messages visible, in the file where Azurite keeps them. A message that a killed process had dequeued
 * stays hidden for ten minutes, as with the real host. A run does not wait that long after its last kill, but the checker
 * must see whether another process completes the work.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `dequeued`: messages that were dequeued and not deleted. `all`: also those whose time has not come. */
export type Released = 'dequeued' | 'all';

interface QueueFile {
  collections: { name: string; data: { dequeueCount: number; timeNextVisible: number }[] }[];
}

/** Call it while Azurite is stopped. @returns how many messages are visible now that were not */
export async function releaseMessages(location: string, released: Released, now: number): Promise<number> {
  const path = join(location, '__azurite_db_queue__.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as QueueFile;
  const messages = file.collections.find(({ name }) => name === '$MESSAGES_COLLECTION$')?.data ?? [];
  const hidden = messages.filter(
    ({ dequeueCount, timeNextVisible }) => timeNextVisible > now && (released === 'all' || dequeueCount > 0),
  );
  if (hidden.length === 0) return 0;
  for (const message of hidden) message.timeNextVisible = now;
  await writeFile(path, JSON.stringify(file));
  return hidden.length;
}
