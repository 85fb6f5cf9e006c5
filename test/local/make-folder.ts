/** Folders for one test file, gone when it ends: built apps are large, and hundreds of runs would fill a disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const folders: string[] = [];

export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'local-host-'));
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  // A second storage lies beside the first one's folder.
  const all = folders.splice(0).flatMap((folder) => [folder, `${folder}-2`]);
  await Promise.all(all.map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 3 })));
});
