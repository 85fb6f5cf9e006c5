/** A copy of this folder, in which faults can be planted without anybody else meeting them. */
import { rmSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface TreeCopy {
  readonly folder: string;
  read(file: string): Promise<string>;
  write(file: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/** Neither what was built, nor what is installed, which is linked. */
const leftOut = new Set(['node_modules', '.git', '.local', '.azure', 'dist', 'bin']);

export async function copyTree(): Promise<TreeCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-mutations-'));
  // Also when the run is broken off.
  const removeNow = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeNow);
  const isWanted = (path: string) => !leftOut.has(relative(root, path).split(sep)[0] ?? '');
  await cp(root, folder, { recursive: true, filter: isWanted });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return {
    folder,
    read: (file) => readFile(join(folder, file), 'utf8'),
    write: (file, text) => writeFile(join(folder, file), text),
    async remove() {
      await rm(folder, { recursive: true, force: true });
      process.off('exit', removeNow);
    },
  };
}
