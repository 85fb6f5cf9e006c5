/**
 * One word for one thing. Only those words are watched that can mean nothing else here; in files of the simulator a
 * client may sync and a node may be a JavaScript runtime, so the product itself is what is looked at.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../../src/', import.meta.url);

/** What not to say, and what to say instead. */
const unwanted: Record<string, string> = {
  checksum: 'digest',
  sha: 'digest',
  sighting: 'arrival',
  synced: 'available',
  synchronized: 'available',
  resync: 'reconcile',
  sweep: 'reconcile',
  sweeper: 'reconcile',
  notification: 'event',
  notify: 'announce',
  notifier: 'publisher',
  site: 'replica',
  georeplica: 'replica',
  repo: 'repository',
  img: 'image',
  reg: 'registry',
};

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /^(core|adapters|functions|cli|config\.ts|main\.ts)/.test(path) && path.endsWith('.ts'))
  .sort();

/** Names this file gives to things: what it takes from others is theirs. */
function namesIn(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '').replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''");
  const declared = code.matchAll(/\b(?:const|let|function|class|interface|type)\s+([A-Za-z_$][\w$]*)/g);
  const members = code.matchAll(/^\s*(?:readonly\s+|async\s+)?([A-Za-z_$][\w$]*)\??\s*(?:\(|:)/gm);
  return [...new Set([...declared, ...members].map(([, name]) => name ?? ''))];
}

/** `memoryImageStore` is memory, image and store. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z]+/)
    .map((word) => word.toLowerCase())
    .filter((word) => word !== '');
}

function complaintsAbout(names: readonly string[]): string[] {
  return names.flatMap((name) =>
    wordsOf(name).flatMap((word) =>
      Object.hasOwn(unwanted, word) ? [`${name}: say "${unwanted[word]}", not "${word}"`] : [],
    ),
  );
}

describe('names say what we say', () => {
  test.each(files)('%s', (path) => {
    expect(complaintsAbout([path, ...namesIn(readFileSync(new URL(path, root), 'utf8'))])).toEqual([]);
  });
});

describe('the rule sees', () => {
  test.each([
    ['const imageSha = 1;', 'imageSha'],
    ['export function notifyAll() {}', 'notifyAll'],
    ['interface SyncedImage {}', 'SyncedImage'],
    ['  readonly repoName: string;', 'repoName'],
    ['  sweep(now: number): void;', 'sweep'],
    ['type Checksum = string;', 'Checksum'],
  ])('%s', (source, name) => {
    expect(complaintsAbout(namesIn(source))).toEqual([expect.stringContaining(name)]);
  });

  test.each([
    "const text = 'notify the checksum';",
    '// const sha = 1;',
    '/** a sighting of the checksum */',
    'const shape = share;',
    "import { sha } from './other.ts';",
    'const registry = repository;',
  ])('nothing in %s', (source) => {
    expect(complaintsAbout(namesIn(source))).toEqual([]);
  });

  test('files to look at', () => {
    expect(files).toContain('core/tracker.ts');
    expect(namesIn(readFileSync(new URL('core/tracker.ts', root), 'utf8'))).toContain('Tracker');
  });
});
