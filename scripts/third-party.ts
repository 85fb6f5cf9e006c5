/**
 * Builds `src/cli/third-party/`: packages that the GitHub Action needs, each in one file. The Action runs from a
 * checkout without installed packages, so its imports are committed. A test builds them again and compares.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** The YAML parser as an ES module. @param root ends in a slash */
export async function bundleYaml(root: URL): Promise<string> {
  const folder = dirname(createRequire(new URL('package.json', root)).resolve('yaml/package.json'));
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const license = (await readFile(join(folder, 'LICENSE'), 'utf8')).trim();
  const made = await build({
    stdin: { contents: "export { parseAllDocuments } from './index.js';", resolveDir: join(folder, 'browser/dist') },
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'node22',
    legalComments: 'none',
    banner: { js: `/*!\nyaml ${version}, in one file. Made by scripts/third-party.ts.\n\n${license}\n*/` },
    logLevel: 'warning',
  });
  return made.outputFiles[0]?.text ?? '';
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = new URL('..', import.meta.url);
  await mkdir(new URL('src/cli/third-party/', root), { recursive: true });
  await writeFile(new URL('src/cli/third-party/yaml.mjs', root), await bundleYaml(root));
}
