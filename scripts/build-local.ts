/**
 * Makes `bin/local/`: what `npm start` runs around the app, with the libraries it needs. Read one by one, the modules of
 * the queue library alone take longer than all the rest of the start. It finds everything else from where its sources
 * are, beside which it lies.
 */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Libraries of the older form ask for Node's modules by the name of `require`. */
const banner = [
  "import { createRequire as requireFrom } from 'node:module';",
  'const require = requireFrom(import.meta.url);',
  "const sourceUrl = new URL('../../src/local/main.ts', import.meta.url).href;",
].join('\n');

/** @param root where the sources are, `folder` where to put it; both end in a slash */
export async function buildLocal(root: URL, folder: URL): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await build({
    absWorkingDir: fileURLToPath(root),
    entryPoints: [fileURLToPath(new URL('src/local/main.ts', root))],
    outdir: fileURLToPath(folder),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported later is a file of its own, and what V8 made of it is kept.
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
