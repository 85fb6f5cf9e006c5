/**
 * Makes `bin/local/`: what `npm start` runs around the app, with the libraries it needs. Read one by one, the modules of
 * the queue library alone take longer than all the rest of the start. Made for this folder on this machine: it finds
 * storage and caches where its sources would.
 */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** @param root ends in a slash */
export async function buildLocal(root: URL): Promise<void> {
  const entry = new URL('src/local/main.ts', root);
  const folder = fileURLToPath(new URL('bin/local/', root));
  await rm(folder, { recursive: true, force: true });
  await build({
    absWorkingDir: fileURLToPath(root),
    entryPoints: [fileURLToPath(entry)],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported later is a file of its own, and what V8 made of it is kept.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    define: { 'import.meta.url': JSON.stringify(entry.href) },
    // Libraries of the older form ask for Node's modules by this name.
    banner: { js: "import { createRequire as makeRequire } from 'node:module';\nconst require = makeRequire('/');" },
    legalComments: 'none',
    logLevel: 'warning',
  });
}
