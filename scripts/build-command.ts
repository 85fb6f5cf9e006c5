/**
 * Builds `bin/acr-replication.mjs`: the command with all its code in one file, which starts in a fraction of the time
 * that the separate modules need. It is written beside its target and then renamed, since the old one may be running.
 */
import { chmod, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { thirdPartyNotices } from './third-party-notices.ts';

/** @param root ends in a slash */
export async function buildCommand(root: URL, version: string): Promise<void> {
  const at = (path: string) => new URL(path, root).pathname;
  const made = at(`bin/.acr-replication.${process.pid}.mjs`);
  await mkdir(at('bin'), { recursive: true });
  await bundleCommand(root, version, made);
  await rename(made, at('bin/acr-replication.mjs'));
  await linkPackageName(at);
}

/**
 * Bundles the command into one executable file. It is distributed by itself, so it ends with the licences of all code
 * in it.
 * @returns the licences of third-party code
 */
export async function bundleCommand(root: URL, version: string, outfile: string): Promise<string> {
  const { metafile, outputFiles } = await build({
    absWorkingDir: new URL(root).pathname,
    entryPoints: [new URL('src/cli/main.ts', root).pathname],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: '#!/usr/bin/env node' },
    define: { VERSION: JSON.stringify(version) },
    logLevel: 'warning',
    metafile: true,
  });
  const license = await readFile(new URL('LICENSE', root), 'utf8');
  const notices = await thirdPartyNotices(root, Object.keys(metafile.inputs));
  await writeFile(outfile, `${outputFiles[0]?.text}/*!\n${license}\n${notices}*/\n`);
  await chmod(outfile, 0o755);
  return notices;
}

/**
 * npm links a package's command under its own name, not under the package's: this makes `npx acr-replication-tracker`
 * work too.
 */
async function linkPackageName(at: (path: string) => string): Promise<void> {
  if (process.platform === 'win32') return;
  const link = at('node_modules/.bin/acr-replication-tracker');
  await symlink('../../bin/acr-replication.mjs', link).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' && error.code !== 'ENOENT') throw error;
  });
}
