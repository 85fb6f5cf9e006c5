/**
 * Builds `bin/local/`: what `npm start` runs around the app, with its libraries bundled. Loading the modules of the
 * queue library one by one would take longer than the rest of the start. Everything else is found relative to the
 * sources, beside which it is placed.
 */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** CommonJS libraries call `require` for Node's modules. */
const banner = [
  "import { createRequire as requireFrom } from 'node:module';",
  'const require = requireFrom(import.meta.url);',
  "const sourceUrl = new URL('../../src/local/main.ts', import.meta.url).href;",
].join('\n');

/** @param root of the sources; @param folder the target. Both end in a slash. */
export async function buildLocal(root: URL, folder: URL): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await build({
    absWorkingDir: fileURLToPath(root),
    entryPoints: [fileURLToPath(new URL('src/local/main.ts', root))],
    outdir: fileURLToPath(folder),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // Modules imported on demand get files of their own, so that their compiled code is cached.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    define: { 'import.meta.url': 'sourceUrl' },
    banner: { js: banner },
    legalComments: 'none',
    logLevel: 'warning',
  });
}
