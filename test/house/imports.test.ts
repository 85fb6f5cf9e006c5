/**
 * Who may import whom. The tree is the architecture only as long as this holds, so it is a test and not a paragraph.
 * A new room under `src` fails until it has a row here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { innerRooms, reachable, table } from './import-rules.ts';

const root = new URL('../../src/', import.meta.url);

/** Packages in one file each, which no registry is asked for: see third-party.test.ts. */
const thirdParty = /^cli\/third-party\/\w+\.mjs$/;

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

/** The files whose ports are on the page of ports. */
const ported = new Set(specifiersOf(read('core/ports.ts')).map((specifier) => posix.join('core', specifier)));

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
  const target = posix.join(posix.dirname(path), specifier);
  if (!specifier.endsWith('.ts') && !thirdParty.test(target)) return 'a specifier names the file, ending in .ts';
  if (target.startsWith('..')) return 'it is outside of src';
  const targetRoom = roomOf(target);
  if (room === 'adapters' && ported.has(target)) return 'adapters import ports from core/ports.ts';
  if (targetRoom !== room) return row.rooms.includes(targetRoom) ? undefined : `${room} may not import ${targetRoom}`;
  const [from, to] = [path, target].map((file) => file.split('/')[1] ?? '');
  const rooms = innerRooms[room];
  if (rooms !== undefined) return innerFault(room, rooms, from ?? '', to ?? '');
  return row.apart === true && from !== to ? 'adapters do not import each other' : undefined;
}

function innerFault(outer: string, rooms: Record<string, readonly string[]>, room: string, target: string) {
  if (rooms[room] === undefined) return `${room} has no row among the rooms of ${outer}`;
  if (room === target || reachable(rooms, room).has(target)) return undefined;
  return `${outer}/${room} may not import ${outer}/${target}`;
}

/** Sets of files that import each other, by Tarjan's algorithm. */
function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[] = [];
  const visit = (file: string): number => {
    let low = order.size;
    const own = low;
    order.set(file, own);
    open.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (open.includes(next)) low = Math.min(low, lowest.get(next) ?? order.get(next) ?? own);
    }
    lowest.set(file, low);
    if (low === own) {
      const circle = open.splice(open.indexOf(file));
      if (circle.length > 1) circles.push(circle.sort().join(' '));
    }
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles.sort();
}

describe('every file imports only what its room may', () => {
  test.each(files)('%s', (path) => {
    const faults = specifiersOf(read(path)).flatMap((specifier) => {
      const fault = faultOf(path, specifier);
      return fault === undefined ? [] : [`${specifier}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });

  test('and what a room may import, it does', () => {
    const used = files.flatMap((path) =>
      specifiersOf(read(path)).flatMap((specifier) =>
        specifier.startsWith('.') ? `${roomOf(path)} → ${roomOf(posix.join(posix.dirname(path), specifier))}` : [],
      ),
    );
    const allowed = Object.entries(table).flatMap(([room, { rooms }]) => rooms.map((target) => `${room} → ${target}`));
    expect(allowed.filter((one) => !used.includes(one))).toEqual([]);
  });

  test('and every room has a row', () => {
    for (const room of new Set(files.map(roomOf))) expect(Object.keys(table)).toContain(room);
  });
});

describe('files import each other in no circle', () => {
  const graph = new Map(
    files.map((path) => [
      path,
      specifiersOf(read(path)).flatMap((specifier) =>
        specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : [],
      ),
    ]),
  );

  test('types included', () => {
    expect(circlesIn(graph)).toEqual([]);
  });

  test.each<[string, Record<string, string[]>, string[]]>([
    ['a chain has none', { a: ['b'], b: ['c'], c: [] }, []],
    ['two paths to one file are none', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, []],
    ['two files', { a: ['b'], b: ['a'] }, ['a b']],
    ['three files, entered from a fourth', { d: ['b'], a: ['b'], b: ['c'], c: ['a'] }, ['a b c']],
    ['two circles', { a: ['b'], b: ['a', 'c'], c: ['d'], d: ['c'] }, ['a b', 'c d']],
  ])('%s', (_, edges, circles) => {
    expect(circlesIn(new Map(Object.entries(edges)))).toEqual(circles);
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
    ['adapters/event-grid.ts', '../core/outbox/ports.ts', /adapters import ports from core\/ports\.ts/],
    ['adapters/system-clock.ts', '../core/runtime/clock.ts', /adapters import ports from core\/ports\.ts/],
    ['adapters/event-grid.ts', '../functions/http/http.ts', /adapters may not import functions/],
    ['adapters/event-grid.ts', '../config.ts', /adapters may not import config\.ts/],
    ['functions/api/webhook.ts', '../../adapters/memory.ts', /functions may not import adapters/],
    ['compose/clients.ts', '@azure/eventgrid', /compose has no such package/],
    ['functions/api/webhook.ts', '@azure/data-tables', /functions has no such package/],
    ['functions/api/webhook.ts', '../../main.ts', /functions may not import main\.ts/],
    ['cli/main.ts', '../adapters/memory.ts', /cli may not import adapters/],
    ['cli/main.ts', '../functions/http/http.ts', /cli may not import functions/],
    ['cli/main.ts', '@azure/data-tables', /cli has no such package/],
    ['adapters/memory.ts', '@azure/functions', /adapters has no such package/],
    ['local/main.ts', '../main.ts', /local may not import main\.ts/],
    ['local/main.ts', '../cli/main.ts', /local may not import cli/],
    ['main.ts', './local/main.ts', /main\.ts may not import local/],
    ['main.ts', './cli/main.ts', /main\.ts may not import cli/],
    ['functions/api/webhook.ts', '../../settings/values.ts', /functions may not import settings/],
    ['config.ts', './adapters/memory.ts', /config\.ts may not import adapters/],
    ['core/image/decide.ts', '../store/image-writer.ts', /core\/image may not import core\/store/],
    ['core/outbox/event-relay.ts', '../replicas/prober.ts', /core\/outbox may not import core\/replicas/],
    ['core/query/ask.ts', '../tracker.ts', /core\/query may not import core\/tracker\.ts/],
    ['core/store/image-writer.ts', '../ports.ts', /core\/store may not import core\/ports\.ts/],
    ['functions/http/question.ts', '../api/wait.ts', /functions\/http may not import functions\/api/],
    ['functions/triggers/sweep.ts', '../api/wait.ts', /functions\/triggers may not import functions\/api/],
    ['core/attic/old.ts', '../model/digest.ts', /no row among the rooms/],
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
    expect(specifiersOf(read('core/tracker-rooms.ts'))).toContain('./store/image-writer.ts');
    expect(specifiersOf(read('adapters/credential.ts'))).toContain('@azure/identity');
  });
});
