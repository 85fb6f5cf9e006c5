/**
 * One line per decision, and every field by a name from one list: what people and alerts look for is called the same
 * everywhere, and a header, a body, an address or a secret has no name to come in by.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../../src/', import.meta.url);

/** What a line may say, besides its sentence. */
const fields = new Set([
  // What it is about.
  ...['registry', 'region', 'repository', 'digest', 'image', 'tag'],
  // Events of ours.
  ...['type', 'id'],
  // Webhooks by the name of their registration, never by where they point; targets by their name in the settings.
  ...['webhook', 'target', 'check', 'replay', 'release', 'kind', 'result'],
  // How many, how often, how long.
  ...['events', 'images', 'attempt', 'failures', 'pauseSeconds'],
  // Why: for people, described by us.
  ...['error', 'reason', 'refusal', 'hint'],
]);

/** Values that no line may be made of, whatever they are called. */
const forbidden =
  /\b(headers?|authorization|body|url|uri|address|secrets?|token|password|connectionString|stack|cause)\b/i;

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /^(core|adapters|functions|main\.ts)/.test(path) && path.endsWith('.ts'));

interface Line {
  readonly at: string;
  readonly call: string;
  readonly source: string;
}

const withoutComments = (source: string) => source.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');

/** The text from an opening bracket to the one that closes it; good for code without brackets in its texts. */
function balanced(source: string, from: number): string {
  let depth = 0;
  for (let i = from; i < source.length; i++) {
    if ('([{'.includes(source[i] ?? '')) depth++;
    else if (')]}'.includes(source[i] ?? '') && --depth === 0) return source.slice(from + 1, i);
  }
  throw new Error('a bracket is never closed');
}

function linesIn(source: string, at: string): Line[] {
  return [...source.matchAll(/\b(?:[lL]og|consoleLog|context)\.(?:info|warn|error|log)\(/g)].map(
    ({ 0: found, index }) => ({
      at,
      call: balanced(source, index + found.length - 1),
      source,
    }),
  );
}

/** Parts between commas that stand in no bracket and no text. */
function split(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (const [token] of text.matchAll(/'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[\s\S]/g)) {
    if ('([{'.includes(token)) depth++;
    if (')]}'.includes(token)) depth--;
    if (token === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += token;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Names of the fields of an object as it is written; of one that has a name, where the same file makes it. */
function namesOf(text: string, source: string): string[] {
  if (/^\w+$/.test(text)) {
    const made = new RegExp(`\\bconst ${text} = \\{`).exec(source);
    if (made === null) return [`${text}, which is not made in this file`];
    return namesOf(`{${balanced(source, made.index + made[0].length - 1)}}`, source);
  }
  return split(balanced(text, text.indexOf('{'))).flatMap((part) => {
    if (part.startsWith('...')) return namesOf(part.slice(3), source);
    return [/^(\w+)/.exec(part)?.[1] ?? part];
  });
}

const lines = files.flatMap((path) => linesIn(withoutComments(readFileSync(new URL(path, root), 'utf8')), path));
const structured = lines.filter(({ call }) => split(call).length > 1);

describe('the lines of the log', () => {
  test.each(structured.map((line) => ({ ...line, shown: line.call.slice(0, 60).replaceAll(/\s+/g, ' ') })))(
    '$at: $shown',
    ({ at, call, source }) => {
      const [, given = ''] = split(call);
      // An error that nobody foresaw goes to the host's log as it is: it is a fault of ours, and its stack says where.
      if (at === 'functions/http/http.ts' && given === 'error') return;
      // The console's own way of writing lines.
      if (at === 'adapters/console-log.ts') return;
      expect(namesOf(given, source).filter((name) => !fields.has(name))).toEqual([]);
    },
  );

  test('say nothing that has to be kept', () => {
    const made = lines.flatMap(({ at, call }) => {
      const values = call
        .replaceAll(/'(?:[^'\\]|\\.)*'/g, "''")
        .replaceAll(/`(?:[^`\\]|\\.)*`/g, (text) =>
          [...text.matchAll(/\$\{([^}]*)\}/g)].map(([, value]) => value).join(' '),
        );
      const [found] = forbidden.exec(values) ?? [];
      return found === undefined ? [] : [`${at}: ${found}`];
    });
    expect(made).toEqual([]);
  });

  test('are found', () => {
    expect(structured.length).toBeGreaterThan(30);
    expect(lines.length - structured.length).toBeGreaterThan(8);
  });
});

test.each([
  ["log.info('said', { registry, url })", ['url']],
  ["const where = { secret: 1 };\nlog.warn('said', { ...where, tag })", ['secret']],
  ["log.warn('said', elsewhere)", ['elsewhere, which is not made in this file']],
  ["log.warn('said, and (more)', { registry: registry.name, error: describeError(error) })", []],
])('the rule sees %s', (source, found) => {
  const [line] = linesIn(source, '');
  const [, given = ''] = split(line?.call ?? '');
  expect(namesOf(given, source).filter((name) => !fields.has(name))).toEqual(found);
});
