/** Builds small apps the way the real one is built: one bundle, the worker's module left to the host. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { LogEntry } from '../../src/local/host/log.ts';
import { makeFolder } from './make-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface AppDeps {
  /** TypeScript that registers functions; `app` is imported for it. */
  readonly source?: string;
  readonly extensions?: object;
  readonly functionTimeout?: string;
  readonly format?: 'cjs' | 'esm';
}

/** The folder of the built app; without a source, of the fixture app. */
export async function buildApp({ source, extensions, functionTimeout, format = 'cjs' }: AppDeps = {}): Promise<string> {
  const folder = await makeFolder();
  const main = format === 'cjs' ? 'main.cjs' : 'main.mjs';
  const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  const entry =
    source === undefined
      ? { entryPoints: [join(root, 'test/fixtures/functions-app/app.ts')] }
      : {
          stdin: {
            contents: `import { app } from '@azure/functions';\n${source}`,
            resolveDir: root,
            loader: 'ts' as const,
          },
        };
  await build({
    ...entry,
    outfile: join(folder, main),
    bundle: true,
    platform: 'node',
    format,
    external: ['@azure/functions-core'],
    logLevel: 'error',
    ...(format === 'esm' ? { banner: { js: banner } } : {}),
  });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'fixture', main }));
  const host = {
    version: '2.0',
    extensions: extensions ?? {},
    ...(functionTimeout === undefined ? {} : { functionTimeout }),
  };
  await writeFile(join(folder, 'host.json'), JSON.stringify(host));
  return folder;
}

/** What the fixture app has seen in this process. */
export function readWitness(): { calls: unknown[] } {
  const holder = globalThis as { fixtureWitness?: { calls: unknown[] } };
  holder.fixtureWitness ??= { calls: [] };
  return holder.fixtureWitness;
}

export function collectLog(): { entries: LogEntry[]; onLog: (entry: LogEntry) => void } {
  const entries: LogEntry[] = [];
  return { entries, onLog: (entry) => void entries.push(entry) };
}
