/**
 * Lets time pass for the queues, in the file where Azurite keeps them. A message that a killed process had taken stays
 * hidden for ten minutes, as with the real host; a run cannot wait that long after its last kill, and without it the
 * end of the run would not show whether anybody goes on with what the dead one had begun.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `taken`: messages that somebody has taken and not finished. `all`: those as well whose time has not come. */
export type Released = 'taken' | 'all';

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
