/**
 * Loads an app as the worker does: the file or pattern in `main` of its `package.json`, as an ES module or CommonJS by
 * the usual rules; then its start hooks; after that, nothing more may be registered. An app that throws meanwhile has
 * refused to start, and the caller gets its error.
 */
import { glob, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isObject, parseJson } from '../json.ts';
import { type Core, installCore } from './core-api.ts';

let loads = 0;

export async function loadApp(appDirectory: string, core: Core): Promise<void> {
  const directory = resolve(appDirectory);
  const { main, type } = await readPackage(directory);
  const files: string[] = [];
  for await (const file of glob(main, { cwd: directory })) files.push(file);
  if (files.length === 0) {
    throw new Error(`${join(directory, 'package.json')}: no file matches "main" (got "${main}"). Build the app first.`);
  }
  installCore(core);
  for (const file of files.sort()) await loadFile(join(directory, file), type === 'module');
  const hookData = {};
  await core.hooks.run('appStart', {
    get hookData() {
      return hookData;
    },
    get appHookData() {
      return core.appHookData;
    },
    functionAppDirectory: directory,
  });
  await core.model?.getCapabilities?.({});
  core.lock();
}

async function readPackage(directory: string): Promise<{ main: string; type: unknown }> {
  const path = join(directory, 'package.json');
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`${path}: cannot be read. Is this the folder of a built app?`, { cause });
  });
  const content = parseJson(text);
  if (!isObject(content) || typeof content.main !== 'string') {
    throw new Error(`${path}: "main" must name the file or files that register the functions.`);
  }
  return { main: content.main.replace(/^\.\//, ''), type: content.type };
}

async function loadFile(path: string, isModulePackage: boolean): Promise<void> {
  if (path.endsWith('.mjs') || (isModulePackage && !path.endsWith('.cjs'))) {
    // Loaded once per host, not once per process: a second host in this process needs its own registrations.
    loads += 1;
    await import(`${pathToFileURL(path).href}?load=${loads}`);
    return;
  }
  const require = createRequire(path);
  delete require.cache[require.resolve(path)];
  require(path);
}
