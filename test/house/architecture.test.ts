/**
 * The pages for contributors, compared with the tree: every file and function they name is there, and rooms and imports are
 * those of the rules. A map of yesterday's tree leads nowhere.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fencedBlocks } from '../support/markdown.ts';
import { coreRooms, table } from './import-rules.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const page = read('docs/architecture.md');
const pages = ['docs/architecture.md', 'CONTRIBUTING.md', 'AGENTS.md'];

interface Named {
  readonly at: string;
  readonly path: string;
  /** The functions named after it, up to the next file. */
  readonly functions: readonly string[];
}

/** Files, and functions in the file before them: `src/a.ts` `b()`. */
function namedIn(name: string, text: string): Named[] {
  const found = [
    ...text.matchAll(/`((?:src|test|bench|scripts|infra|docs|\.ci)\/[^`\s]*|\w+\(\))`|\n(?=\n|\d+\. |\|)/g),
  ];
  const named: { at: string; path: string; functions: string[] }[] = [];
  let isOpen = false;
  for (const [, what] of found) {
    if (what === undefined) isOpen = false;
    else if (!what.endsWith('()')) {
      named.push({ at: name, path: what, functions: [] });
      isOpen = true;
    } else if (isOpen) named.at(-1)?.functions.push(what.slice(0, -2));
    else named.push({ at: name, path: `no file before ${what}`, functions: [] });
  }
  return named;
}

/** Cells of the rows of the table whose head begins so. */
function rows(head: string): string[][] {
  const lines = page.split('\n');
  const body = lines.slice(lines.findIndex((line) => line.startsWith(head)) + 2);
  return body
    .slice(
      0,
      body.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const namesOf = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

describe('files and functions', () => {
  const named = pages.flatMap((path) => namedIn(path, read(path)));

  test.each(named)('$at: $path $functions', ({ path, functions }) => {
    expect(existsSync(new URL(path, root)), path).toBe(true);
    for (const name of functions) expect(read(path)).toMatch(new RegExp(`\\b${name}\\b(?:<[^>(]*>)?\\(`));
  });

  test('are named, and each walk names functions', () => {
    expect(named.length).toBeGreaterThan(80);
    for (const walk of ['A delivery', 'A wait', 'Due work', 'A check']) {
      const [part = ''] = (page.split(`### ${walk}\n`)[1] ?? '').split(/^##/m);
      expect(namedIn('', part).flatMap(({ functions }) => functions).length).toBeGreaterThan(6);
    }
  });

  test('a function without its file is a fault', () => {
    expect(namedIn('', 'first `src/main.ts`\n\nthen `go()`').at(-1)?.path).toBe('no file before go()');
    expect(namedIn('', '`src/main.ts` `go()`')).toEqual([{ at: '', path: 'src/main.ts', functions: ['go'] }]);
  });
});

describe('the folders', () => {
  /** As a reader would write the patterns of the rules. */
  const patterns: Record<string, string[]> = {
    '^node:': ['node:*'],
    '^@azure\\/(?!functions)': ['@azure/*', 'functions'],
    '^@azure\\/': ['@azure/*'],
    '^@opentelemetry\\/': ['@opentelemetry/*'],
    '.': [],
  };
  const shown = rows('| folder |');

  test('are all there, with what they may import', () => {
    const wanted = Object.entries(table).map(([name, { rooms }]) => [`src/${name}`, ...[...rooms].sort()]);
    expect(shown.map(([name, , rooms]) => [...namesOf(name), ...namesOf(rooms).sort()]).sort()).toEqual(wanted.sort());
  });

  test.each(Object.entries(table))('%s has the packages of the rules', (name, { packages }) => {
    const [, , , cell] = shown.find(([first]) => first === `\`src/${name}\``) ?? [];
    const wanted = packages.flatMap((one) =>
      typeof one === 'string' ? [one] : (patterns[one.source] ?? [one.source]),
    );
    expect(namesOf(cell)).toEqual(wanted);
  });
});

describe('the picture', () => {
  const [drawing = ''] = fencedBlocks(page).flatMap(({ text }) => (text.startsWith('flowchart TB') ? [text] : []));
  /** The rooms by the names that the picture gives them. */
  const rooms = new Map([...drawing.matchAll(/(\w+)\[src\/([\w.]+)/g)].map(([, name = '', room = '']) => [name, room]));
  const arrows = drawing
    .split('\n')
    .map((line) => /^(\w+) (-->|-\. types \.->) (.+)$/.exec(line.trim().replaceAll(/\[[^\]]*\]/g, '')))
    .flatMap((found) =>
      found === null ? [] : [{ from: found[1] ?? '', kind: found[2], to: (found[3] ?? '').split(' & ') }],
    );

  test('shows every folder, with what it may import', () => {
    const drawn = [...rooms].map(([name, room]) => {
      const targets = arrows.filter(({ from }) => from === name).flatMap(({ to }) => to);
      return [room, targets.flatMap((target) => rooms.get(target) ?? []).sort()];
    });
    expect(Object.fromEntries(drawn)).toEqual(
      Object.fromEntries(Object.entries(table).map(([room, { rooms: below }]) => [room, [...below].sort()])),
    );
  });

  test('shows with a dotted arrow who imports types alone', () => {
    const values = /^import (?!type\b)[^;]*from '[./]*\/core\//m;
    const withCore = arrows.filter(({ to }) => to.includes('core'));
    const wanted = withCore.map(({ from }) => {
      const room = rooms.get(from) ?? '';
      const texts = room.endsWith('.ts') ? [read(`src/${room}`)] : sources(`src/${room}/`, /./);
      return [from, texts.some((text) => values.test(text)) ? '-->' : '-. types .->'];
    });
    expect(withCore.map(({ from, kind }) => [from, kind])).toEqual(wanted);
  });
});

describe('the rooms of the core', () => {
  test('are all in the table', () => {
    expect(
      rows('| room |')
        .flatMap(([name]) => namesOf(name))
        .sort(),
    ).toEqual(Object.keys(coreRooms).sort());
  });

  test('are drawn with the arrows of the rules', () => {
    const [drawing = ''] = fencedBlocks(page).flatMap(({ text }) => (text.startsWith('flowchart BT') ? [text] : []));
    const arrows = drawing
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(' --> '))
      .map(([from = '', to = '']) => [from, to === '' ? [] : to.split(' & ')]);
    expect(Object.fromEntries(arrows)).toEqual(coreRooms);
  });
});

describe('the table of ports', () => {
  const shown = rows('| port |');

  test.each(shown)('%s', (names = '', adapters = '', memory = '') => {
    for (const name of namesOf(names)) {
      for (const path of [...namesOf(adapters), ...namesOf(memory)])
        expect([path, read(path)]).toContainEqual(expect.stringMatching(new RegExp(`\\b${name}\\b`)));
    }
  });

  test('has every port that is fulfilled', () => {
    const [ports = ''] = sources('src/core/', /^ports\.ts$/);
    const pages = all(ports, /from '\.\/([^']+)'/g).map((path) => read(`src/core/${path}`));
    const declared = new Set(pages.flatMap((source) => all(source, /^export interface (\w+)/gm)));
    const fulfilling = [
      ...sources('src/adapters/', /./),
      ...sources('src/core/due-work/', /^(due-queues|forward-queue)\.ts$/),
    ];
    const made = fulfilling.flatMap((source) => [
      ...all(source, /^export function [\s\S]*?\): (?:Pick<)?(\w+)(?:, [^>]*>)?(?: & \{[^}]*\})? \{$/gm),
      ...all(source, /^export const \w+: (\w+) = /gm),
      ...all(source, /^export interface \w+ extends (\w+) /gm),
    ]);
    const wanted = new Set(made.filter((name) => declared.has(name)));
    expect(shown.flatMap(([names]) => namesOf(names)).sort()).toEqual([...wanted].sort());
  });
});

function all(source: string, pattern: RegExp): string[] {
  return [...source.matchAll(pattern)].map(([, name = '']) => name);
}

function sources(folder: string, paths: RegExp): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && paths.test(path))
    .map((path) => read(folder + path));
}

describe('fields of records', () => {
  const source = ['record', 'family'].map((name) => read(`src/core/image/${name}.ts`)).join('\n');
  const fields = rows('| record | field |').flatMap(([, cell]) => namesOf(cell));

  test.each(fields)('%s', (field) => {
    expect(source).toMatch(new RegExp(`readonly ${field.replace('family.', '')}\\??:`));
  });
});
