/**
 * Who may import whom. The tree is the architecture only as long as this holds, so it is a test and not a paragraph.
 * A new room under `src` fails until it has a row here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = new URL('../../src/', import.meta.url);

interface Row {
  /** Rooms, besides its own. */
  readonly rooms: readonly string[];
  /** Packages and `node:` modules. */
  readonly packages: readonly (string | RegExp)[];
  /** For adapters: each file or folder is a room of its own. */
  readonly apart?: boolean;
}

const table: Record<string, Row> = {
  core: { rooms: [], packages: ['zod', 'node:crypto'] },
  adapters: { rooms: ['core'], packages: [/^node:/, /^@azure\/(?!functions)/, /^@opentelemetry\//], apart: true },
  // `node:crypto` for the comparison of secrets in constant time, `zod` for what is checked and described at the door.
  functions: { rooms: ['core'], packages: ['@azure/functions', 'node:crypto', 'zod'] },
  // Bundled into one file when built: none of these is a dependency of the app.
  cli: { rooms: ['core'], packages: [/^node:/, 'commander', 'log-update'] },
  // Runs in a browser: of the core it takes types alone.
  ui: { rooms: ['core'], packages: [] },
  local: { rooms: ['core', 'adapters', 'functions', 'config.ts'], packages: [/./] },
  settings: { rooms: ['core'], packages: ['zod', 'node:crypto'] },
  'config.ts': { rooms: ['core', 'settings'], packages: [] },
  'entry.ts': { rooms: ['main.ts'], packages: ['node:module'] },
  'main.ts': {
    rooms: ['core', 'adapters', 'functions', 'config.ts'],
    packages: [/^@azure\//, 'node:crypto', 'node:timers'],
  },
};

/** Who may read the environment: everything else gets its settings as an argument. */
const environmentReaders = /^(config\.ts|cli\/(main|action)\.ts|local\/main\.ts)$/;

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .sort();

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

const ownWords = (source: string) => source.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');

/** What a file imports, for types as well: `import … from`, `export … from`, `import '…'`, `import('…')`, `require('…')`. */
function specifiersOf(source: string): string[] {
  const found = ownWords(source).matchAll(
    /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g,
  );
  return [...found].flatMap(([, fixed, dynamic]) => fixed ?? dynamic ?? []);
}

/** `@azure/functions/x` is of `@azure/functions`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** What is wrong with one import; `undefined` when nothing is. */
function faultOf(path: string, specifier: string): string | undefined {
  const room = roomOf(path);
  const row = table[room];
  if (row === undefined) return 'its room has no row in the table';
  if (!specifier.startsWith('.')) {
    const name = packageOf(specifier);
    const isAllowed = row.packages.some((allowed) =>
      typeof allowed === 'string' ? allowed === name : allowed.test(name),
    );
    return isAllowed ? undefined : `${room} has no such package`;
  }
  if (!specifier.endsWith('.ts')) return 'a specifier names the file, ending in .ts';
  const target = posix.join(posix.dirname(path), specifier);
  if (target.startsWith('..')) return 'it is outside of src';
  const targetRoom = roomOf(target);
  if (targetRoom !== room) return row.rooms.includes(targetRoom) ? undefined : `${room} may not import ${targetRoom}`;
  const isApart = row.apart === true && path.split('/')[1] !== target.split('/')[1];
  return isApart ? 'adapters do not import each other' : undefined;
}

describe('every file imports only what its room may', () => {
  test.each(files)('%s', (path) => {
    const faults = specifiersOf(read(path)).flatMap((specifier) => {
      const fault = faultOf(path, specifier);
      return fault === undefined ? [] : [`${specifier}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  test('and every room has a row', () => {
    for (const room of new Set(files.map(roomOf))) expect(Object.keys(table)).toContain(room);
  });
});

describe('settings are read in one place', () => {
  test.each(files.filter((path) => !environmentReaders.test(path)))('and not in %s', (path) => {
    expect(ownWords(read(path))).not.toMatch(/\bprocess\s*\.\s*env\b|\benv\b[^;\n]*from\s*['"]node:process['"]/);
  });
});

describe('the rules see what they are for', () => {
  test.each<[string, string, RegExp]>([
    ['core/tracker.ts', '../adapters/memory.ts', /core may not import adapters/],
    ['core/tracker.ts', '../config.ts', /core may not import config\.ts/],
    ['core/tracker.ts', 'node:fs', /core has no such package/],
    ['core/tracker.ts', '@azure/functions', /core has no such package/],
    ['adapters/event-grid.ts', './memory.ts', /adapters do not import each other/],
    ['adapters/table-storage/table.ts', '../memory.ts', /adapters do not import each other/],
    ['adapters/event-grid.ts', '../functions/http.ts', /adapters may not import functions/],
    ['adapters/event-grid.ts', '../config.ts', /adapters may not import config\.ts/],
    ['functions/webhook.ts', '../adapters/memory.ts', /functions may not import adapters/],
    ['functions/webhook.ts', '@azure/data-tables', /functions has no such package/],
    ['functions/webhook.ts', '../main.ts', /functions may not import main\.ts/],
    ['cli/main.ts', '../adapters/memory.ts', /cli may not import adapters/],
    ['cli/main.ts', '../functions/http.ts', /cli may not import functions/],
    ['cli/main.ts', '@azure/data-tables', /cli has no such package/],
    ['adapters/memory.ts', '@azure/functions', /adapters has no such package/],
    ['local/main.ts', '../main.ts', /local may not import main\.ts/],
    ['local/main.ts', '../cli/main.ts', /local may not import cli/],
    ['main.ts', './local/main.ts', /main\.ts may not import local/],
    ['main.ts', './cli/main.ts', /main\.ts may not import cli/],
    ['functions/webhook.ts', '../settings/values.ts', /functions may not import settings/],
    ['config.ts', './adapters/memory.ts', /config\.ts may not import adapters/],
    ['core/tracker.ts', './digest', /names the file/],
    ['core/tracker.ts', '../../test/support/build.ts', /outside of src/],
    ['attic/old.ts', './older.ts', /no row/],
  ])('%s → %s', (path, specifier, fault) => {
    expect(faultOf(path, specifier)).toMatch(fault);
  });

  test.each([
    ["import { a } from './a.ts';", './a.ts'],
    ["import type { A } from './a.ts';", './a.ts'],
    ["import {\n  type A,\n  b,\n} from './a.ts';", './a.ts'],
    ["import a, { b } from './a.ts';", './a.ts'],
    ["import * as a from './a.ts';", './a.ts'],
    ["import './a.ts';", './a.ts'],
    ["export { a } from './a.ts';", './a.ts'],
    ["export * from './a.ts';", './a.ts'],
    ["const a = await import('./a.ts');", './a.ts'],
    ["const a: import('./a.ts').A = b;", './a.ts'],
    ["const a = require('./a.ts');", './a.ts'],
  ])('%s', (source, specifier) => {
    expect(specifiersOf(`const x = 1;\n${source}\n`)).toEqual([specifier]);
  });

  test('comments and texts import nothing', () => {
    const source =
      "// import './a.ts';\n/* import './b.ts'; */\nconst text = 'import me from here';\nexport const x = 'y';\n";
    expect(specifiersOf(source)).toEqual([]);
  });

  test('there are files to look at, and they import each other', () => {
    expect(files).toContain('core/tracker.ts');
    expect(specifiersOf(read('core/tracker.ts'))).toContain('./ports.ts');
    expect(specifiersOf(read('adapters/credential.ts'))).toContain('@azure/identity');
  });
});
