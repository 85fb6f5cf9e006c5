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
  notification: 'event',
  notify: 'announce',
  notifier: 'publisher',
  site: 'replica',
  georeplica: 'replica',
  repo: 'repository',
  img: 'image',
  reg: 'registry',
  // Only a webhook is acknowledged, and that is an answer.
  acknowledge: 'note accepted',
  acknowledgement: 'accepted events',
  acknowledgements: 'accepted events',
};

/** Names of the core that meant several things, or not what they said, and what to say instead. */
const retired: Record<string, string> = {
  imageChanged: 'evaluateReleasesWith',
  isGone: 'isManifestDeleted',
  isMoved: 'isTagChanged',
  isSeeded: 'isSeeding',
  releaseTag: 'leaveTag',
  unchecked: 'markUncompared',
  TagCheck: 'TagComparison',
  JudgingDeps: 'EvaluationDeps',
  DeliveryReceipt: 'ReceiveOutcome',
  askedMs: 'retryAfterMs',
  putBackMs: 'requeueMs',
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
    const names = [path, ...namesIn(readFileSync(new URL(path, root), 'utf8'))];
    const again = names.filter((name) => Object.hasOwn(retired, name)).map((name) => `${name}: say ${retired[name]}`);
    expect([...complaintsAbout(names), ...again]).toEqual([]);
  });
});

/** Words of our own that pages used where the field has one, and turns that nobody says. */
const unwantedOnPages: Record<string, string> = {
  '(?:un)?told|tells?|telling': 'published, reported, said',
  'hears?|heard|hearing': 'received',
  news: 'an event, a change',
  'laid aside': 'dead-lettered',
  'taken in|takes? in': 'recovered',
  'put right|mend(?:s|ed|ing)?': 'repaired',
  'seal(?:s|ed)?': 'encrypted',
  anew: 'again',
  'for good': 'forever',
  'wakers?|lookers?|newcomers?|strangers?': 'reconciler, probe, replica',
};

function complaintsAboutPage(text: string): string[] {
  const prose = text
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '')
    .replaceAll(/\]\([^)]*\)/g, ']');
  return complaintsIn(prose, unwantedOnPages);
}

function complaintsIn(prose: string, rules: Record<string, string>): string[] {
  return Object.entries(rules).flatMap(([words, instead]) =>
    [...prose.matchAll(new RegExp(`[^\\n]{0,30}\\b(?:${words})\\b[^\\n]{0,30}`, 'gi'))].map(
      ([found]) => `${found.trim()}: say "${instead}"`,
    ),
  );
}

describe('pages say what the field says', () => {
  const repository = new URL('../', root);
  const pages = ['README.md', 'CONTRIBUTING.md', 'AGENTS.md', 'CHANGELOG.md'].concat(
    readdirSync(new URL('docs/', repository))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  );

  test.each(pages)('%s', (path) => {
    // Descriptions of metrics are the code's.
    const text = readFileSync(new URL(path, repository), 'utf8').replaceAll(/^\| `acr_replication\..*$/gm, '');
    expect(complaintsAboutPage(text)).toEqual([]);
  });

  test('and the rule sees them, but not in code', () => {
    expect(complaintsAboutPage('an event is told')).toHaveLength(1);
    expect(complaintsAboutPage('the log says `event not published`')).toEqual([]);
    expect(complaintsAboutPage('```text\nevent not published\n```\n')).toEqual([]);
  });
});

/** Words that the command no longer uses, in comments and for names. What it prints is for its own tests. */
const unwantedInCommand: Record<string, string> = {
  ...unwantedOnPages,
  'takes?|taken|took|taking': 'accepted, read, used',
  'speaks?|spoke|spoken|speaking': 'reports, answers',
  'word of|own words?|last words?|few words?': 'an answer, a report',
  harmless: 'cleaned',
  'troubles?|troubled': 'a failure',
  patience: 'a hold policy',
};

/** Comments and the titles of tests: what is written to be read, and nothing that a program reads. */
function commentsAndTitlesOf(source: string): string {
  const comments = source.matchAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm);
  const titles = source.matchAll(/\b(?:test|describe)(?:\.each\([\s\S]*?\))?\(\s*'((?:[^'\\\n]|\\.)*)'/g);
  return [
    ...[...comments].map(([text]) => text.replaceAll(/`[^`\n]*`/g, '')),
    ...[...titles].map(([, title = '']) => title),
  ].join('\n');
}

/** The same and names: everything but other texts and the numbers. */
function proseOf(source: string): string {
  return [commentsAndTitlesOf(source), ...namesIn(source).map((name) => wordsOf(name).join(' '))].join('\n');
}

function sourcesIn(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(new URL(`../${folder}`, root), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`),
  );
}

describe('tests say what the field says', () => {
  const folders = ['core', 'functions', 'journeys', 'adapters', 'ui', 'local', 'host', 'infra', 'settings', 'bench'];

  test.each(sourcesIn(...folders.map((folder) => `test/${folder}`)))('%s', (path) => {
    const text = commentsAndTitlesOf(readFileSync(new URL(`../${path}`, root), 'utf8'));
    expect(complaintsIn(text, unwantedOnPages)).toEqual([]);
  });

  test('and the rule sees titles and comments, but not names', () => {
    const source = "// it is told\ntest('it is heard', () => {\n  const told = heard;\n});\n";
    expect(complaintsIn(commentsAndTitlesOf(source), unwantedOnPages)).toHaveLength(2);
  });
});

/** Words that the core no longer uses, in comments and for names. */
const unwantedInCore: Record<string, string> = {
  ...unwantedInCommand,
  'rings?|rang|rung': 'fires, fired',
  'said|saying': 'reported',
  'in sight|sights?': 'a probe, a known digest',
  'look(?:ed|s)? at|looked for': 'read, evaluated, checked, probed',
  'who(?:m|ever)|nobody|somebody|anybody': 'an instance, a client, none',
  'review(?:s|ed|ing)?': 'evaluate again',
};
describe.each([
  ['the command', [...sourcesIn('src/cli', 'test/cli'), 'test/support/tracker-stand-in.ts'], unwantedInCommand],
  ['the core', sourcesIn('src/core', 'test/core'), unwantedInCore],
] as const)('%s says what the field says', (_, paths, unwantedHere) => {
  test.each(paths)('%s', (path) => {
    const text = readFileSync(new URL(`../${path}`, root), 'utf8');
    expect(complaintsIn(proseOf(text), unwantedHere)).toEqual([]);
  });

  test.each([
    ['// it is told once', 1],
    ['/** Made harmless. */', 1],
    ["let trouble = 'x';", 1],
    ["test('the log is told', () => {});", 1],
    ["test.each([['told']])('%s', () => {});", 0],
    ["const line = 'it is told';", 0],
    ['// the log says `told`', 0],
  ])('and the rule sees it in %s: %d', (source, count) => {
    expect(complaintsIn(proseOf(source), unwantedInCommand)).toHaveLength(count);
  });
});

/** Words that the rest of the program no longer uses, in comments and for names. */
const unwantedElsewhere: Record<string, string> = {
  ...unwantedOnPages,
  'nobody|somebody|whoever|whom': 'who it is: no instance, a client',
  'troubles?|troubled': 'a failure',
  patience: 'a limit',
  'last words?|own words?|word of': 'an answer, a report',
  'r[au]ng': 'fired',
};

describe('the other folders say what the field says', () => {
  const repository = new URL('../', root);
  const sourceOf = (path: string) => readFileSync(new URL(path, repository), 'utf8');
  const folders = ['functions', 'adapters', 'settings', 'compose', 'ui', 'local'].map((folder) => `src/${folder}`);
  const sources = [...sourcesIn(...folders, 'scripts', 'bench'), 'src/config.ts', 'src/entry.ts', 'src/main.ts'];
  // Named by a port of the core, by the HTTP API, and by an option of a script.
  const allowed = /^(?:toldAt|nobodyWaits|patience)$/;

  test.each(sources)('%s', (path) => {
    const source = sourceOf(path);
    const names = namesIn(source).filter((name) => !allowed.test(name));
    const prose = [commentsAndTitlesOf(source), ...names.map((name) => wordsOf(name).join(' '))].join('\n');
    expect(complaintsIn(prose, unwantedElsewhere)).toEqual([]);
    expect(names.filter((name) => /^(?:most|longest|shortest|largest|fewest)(?:[A-Z]|$)/.test(name))).toEqual([]);
  });

  test.each(readdirSync(new URL('infra', repository)).filter((name) => name.endsWith('.bicep')))('infra/%s', (name) => {
    const lines = sourceOf(`infra/${name}`).match(/^\s*(?:\/\/|@?description).*$/gm) ?? [];
    expect(complaintsIn(lines.join('\n'), unwantedElsewhere)).toEqual([]);
  });
});

describe('the rule sees', () => {
  test.each([
    ['const imageSha = 1;', 'imageSha'],
    ['export function notifyAll() {}', 'notifyAll'],
    ['interface SyncedImage {}', 'SyncedImage'],
    ['  readonly repoName: string;', 'repoName'],
    ['  resync(now: number): void;', 'resync'],
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
