/** What a file needs to run: every file and package that is imported for more than types, by it or by what it imports. */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

export interface ImportGraph {
  /** Paths from the root, the entry first. */
  readonly files: readonly string[];
  /** Specifiers of everything that is no file. */
  readonly others: readonly string[];
}

/** @param root ends in a slash */
export function importGraph(root: URL, entry: string): ImportGraph {
  const files = new Set([entry]);
  const others = new Set<string>();
  for (const file of files) {
    for (const specifier of runtimeImports(readFileSync(new URL(file, root), 'utf8'))) {
      if (specifier.startsWith('.')) files.add(posix.join(posix.dirname(file), specifier));
      else others.add(specifier);
    }
  }
  return { files: [...files], others: [...others].sort() };
}

/** Node drops only `import type`: even `import { type A }` loads its file. */
export function runtimeImports(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
  const found = code.matchAll(
    /(?:^|\n)\s*(?:import|export)\s(?!type\b)(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]/g,
  );
  return [...found].flatMap(([, fixed, dynamic]) => fixed ?? dynamic ?? []);
}
