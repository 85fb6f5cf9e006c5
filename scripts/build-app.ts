/**
 * Builds the folder that the local host runs and that is deployed as it is, so only deployed files may be in it. A
 * bundle starts in a third of the time that the separate modules need; host.json and a package.json of its own are
 * beside it. The same sources give the same bytes, in whatever folder the build runs and writes.
 */
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';
import { build } from 'esbuild';
import { thirdPartyNotices } from './third-party-notices.ts';
import { buildUiPage } from './ui-page.ts';

export interface BuiltApp {
  /** Imports left to the runtime: Node's own modules, and what the Functions worker provides. */
  readonly imports: readonly string[];
}

/** @param root of the sources; @param folder the target. Both end in a slash. */
export async function buildApp(root: URL, folder: URL): Promise<BuiltApp> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const lazy = new Map<string, string>();
  const common = {
    absWorkingDir: fileURLToPath(root),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    // For libraries that come as CommonJS and ES modules, the latter: its unused parts can be dropped.
    mainFields: ['module', 'main'],
    // Names are kept, so that stacks in a log are readable.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    // The Functions worker provides it at run time; no registry has it.
    external: ['@azure/functions-core'],
    logLevel: 'warning',
    metafile: true,
  } as const satisfies BuildOptions;
  const bundle = (entry: string, name: string, options: BuildOptions = {}) =>
    build({ ...common, ...options, entryPoints: [entry], outfile: fileURLToPath(new URL(`${name}.cjs`, folder)) });
  const define = { uiPage: JSON.stringify(await buildUiPage()) };
  const source = (name: string) => fileURLToPath(new URL(`src/${name}.ts`, root));
  const built = [
    await bundle(source('entry'), 'main', { plugins: [instead('./main.ts', './app.cjs')] }),
    await bundle(source('main'), 'app', { plugins: [apart(lazy)] }),
  ];
  for (const [name, path] of lazy) built.push(await bundle(path, name, { define }));
  await copyFile(new URL('host.json', root), new URL('host.json', folder));
  const { name, version, description, engines } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  const deployed = { name, version, description, private: true, type: 'commonjs', main: 'main.cjs', engines };
  await writeFile(new URL('package.json', folder), `${JSON.stringify(deployed, null, 2)}\n`);
  const inputs = built.flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
  await writeFile(new URL('THIRD-PARTY-NOTICES.txt', folder), await thirdPartyNotices(root, inputs));
  const left = built
    .flatMap(({ metafile }) => Object.values(metafile?.outputs ?? {}))
    .flatMap(({ imports }) => imports.filter(({ external, path }) => external && !path.startsWith('./')));
  return { imports: [...new Set(left.map(({ path }) => path))].sort() };
}

/** Keeps the import of a file that is built separately. */
function instead(path: string, built: string): Plugin {
  const filter = new RegExp(`^${path.replaceAll('.', '\\.')}$`);
  return { name: 'instead', setup: (part) => part.onResolve({ filter }, () => ({ path: built, external: true })) };
}

/**
 * Puts modules that are imported on demand (credentials, ARM, the topic, telemetry, the live page) into files of their
 * own: they are half of all code, and need not be parsed before the first webhook event is answered.
 * @param lazy filled with the path of each, by the name of its file
 */
function apart(lazy: Map<string, string>): Plugin {
  return {
    name: 'apart',
    setup(part) {
      part.onResolve({ filter: /./ }, async ({ kind, path, importer, resolveDir }) => {
        if (kind !== 'dynamic-import' || importer.includes('node_modules')) return undefined;
        const found = await part.resolve(path, { kind: 'import-statement', resolveDir });
        if (found.errors.length > 0) return { errors: found.errors };
        const name = path
          .replace(/\.ts$/, '')
          .replaceAll(/[^a-z0-9]+/gi, '-')
          .replace(/^-/, '');
        lazy.set(name, found.path);
        return { path: `./${name}.cjs`, external: true };
      });
    },
  };
}
