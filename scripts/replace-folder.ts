/**
 * Replaces a folder that may be in use: another terminal may have started the app from it, or be about to. The new
 * folder is built beside the old one and renamed, so that there is none only for a moment, not for a second.
 */
import { rename, rm } from 'node:fs/promises';

/** Other processes may do the same at once; with each failed attempt, one of them has finished. */
const maxAttempts = 20;

/**
 * @param folder ends in a slash
 * @param make fills a new folder, given its path beside the old one
 */
export async function replaceFolder(folder: URL, make: (beside: URL) => Promise<unknown>): Promise<void> {
  const [, name = ''] = /([^/]+)\/$/.exec(folder.pathname) ?? [];
  const made = new URL(`../.${name}.${process.pid}.new/`, folder);
  const old = new URL(`../.${name}.${process.pid}.old/`, folder);
  try {
    await make(made);
    for (let attempt = 1; ; attempt++) {
      await rename(folder, old).catch(unless('ENOENT'));
      const isDone = await rename(made, folder).then(() => true, unless('ENOTEMPTY', 'EEXIST'));
      if (isDone === true) return;
      if (attempt === maxAttempts) throw new Error(`${folder.pathname}: others keep putting theirs there`);
      await rm(old, { recursive: true, force: true });
    }
  } finally {
    for (const one of [made, old]) await rm(one, { recursive: true, force: true });
  }
}

/** @throws every error but these */
function unless(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Error && 'code' in error && codes.includes(String(error.code)))) throw error;
  };
}
