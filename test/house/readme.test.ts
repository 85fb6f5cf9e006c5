/**
 * README commands that nobody runs rot. Every shell block here is run against a real instance, in the order a reader
 * meets them, and every answer shown is compared with the answer given; what cannot be run here is at least read.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { announcementTypes } from '../../src/core/announcement.ts';
import { createSimulateCommand } from '../../src/local/simulator/simulate-arguments.ts';
import type { App } from '../support/app.ts';
import { startInstance, until } from '../support/app.ts';
import type { Block } from '../support/markdown.ts';
import { fencedBlocks } from '../support/markdown.ts';
import type { Ran } from '../support/run.ts';
import { run } from '../support/run.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, root), 'utf8');
const readme = await read('README.md');
const blocks = fencedBlocks(readme);
const shell = blocks.filter(({ language }) => language === 'sh' || language === 'shell');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(await read('package.json'));
const { Values: sample }: { Values: Record<string, string> } = JSON.parse(await read('local.settings.sample.json'));

/** Where README says that `npm start` listens. */
const address = 'localhost:7071';
/** How long an answer may take to become what is shown: events are told beside the answer that made them. */
const patienceMs = 15_000;

function kindOf({ text }: Block): 'npm' | 'npx' | 'curl' | 'az' | 'unknown' {
  const called = new Set(commandsIn(text).map(([name]) => name));
  const kinds = (['npm', 'npx', 'curl', 'az'] as const).filter((kind) => called.has(kind));
  const [kind, ...others] = kinds;
  return kind !== undefined && others.length === 0 ? kind : 'unknown';
}

/** The words of each simple command, quotes and line continuations resolved. Good for what README holds, not for a shell. */
function commandsIn(text: string): string[][] {
  const commands: string[][] = [[]];
  const joined = text.replaceAll(/\\\n/g, ' ').replaceAll('$(', ' ; ');
  for (const [token] of joined.matchAll(/\n|;;?|&&|\|\|?|(?:'[^']*'|"[^"]*"|[^\s;&|'"])+/g)) {
    if (/^(\n|;|&|\|)/.test(token) || /^(do|then)$/.test(token)) commands.push([]);
    else commands.at(-1)?.push(token.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, one, two) => one ?? two));
  }
  return commands.filter((words) => words.length > 0);
}

/** What follows is shown as the answer of the block before it. */
function shownAfter(block: Block): Block | undefined {
  const next = blocks[blocks.indexOf(block) + 1];
  return next?.language === 'json' ? next : undefined;
}

/** JSON values one after the other, with `…` for what was left out: in a text, among the elements, among the fields. */
function parseShown(text: string): unknown[] {
  const whole = text.replaceAll(/"(?:[^"\\]|\\.)*"|,\s*…(?=\s*\})|…/g, (found) =>
    found.startsWith('"') ? found : found === '…' ? '"…"' : '',
  );
  return splitValues(whole).map((value) => JSON.parse(value));
}

/** Splits `{…}{…}` where brackets outside of texts are balanced. */
function splitValues(text: string): string[] {
  const values: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token.startsWith('"')) continue;
    depth += token === '{' || token === '[' ? 1 : -1;
    if (depth > 0) continue;
    values.push(text.slice(from, index + 1));
    from = index + 1;
  }
  if (text.slice(from).trim() !== '') throw new Error(`not JSON: ${text.slice(from)}`);
  return values;
}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** @returns where the answer is not what is shown */
function differences(shown: unknown, got: unknown, path = ''): string[] {
  const differs = [`${path || 'the answer'}: shown ${JSON.stringify(shown)}, got ${JSON.stringify(got)}`];
  if (typeof shown === 'string') {
    if (typeof got !== 'string') return shown === '…' && got !== undefined ? [] : differs;
    return isShown(shown, got, /\.eventTime$/.test(path)) ? [] : differs;
  }
  if (typeof shown === 'number' && /Seconds$/.test(path)) return typeof got === 'number' && got >= 0 ? [] : differs;
  if (shown === null || typeof shown !== 'object') return shown === got ? [] : differs;
  if (Array.isArray(shown)) {
    if (!Array.isArray(got)) return differs;
    if (shown.at(-1) === '…') {
      // Of a part, the order is not shown: two events of the same moment may be told either way round.
      if (got.length < shown.length) return differs;
      return shown.slice(0, -1).flatMap((element, i) => nearest(element, got, `${path}[${i}]`));
    }
    if (got.length !== shown.length) return differs;
    return shown.flatMap((element, i) => differences(element, got[i], `${path}[${i}]`));
  }
  if (got === null || typeof got !== 'object') return differs;
  const fields = new Map<string, unknown>(Object.entries(got));
  return Object.entries(shown).flatMap(([name, value]) => differences(value, fields.get(name), `${path}.${name}`));
}

function nearest(shown: unknown, among: readonly unknown[], path: string): string[] {
  const tried = among.map((got) => differences(shown, got, path)).sort((a, b) => a.length - b.length);
  return tried[0] ?? [];
}

/** `…` stands for any text; one time of learning for another, but not for the times that the reader sent in. */
function isShown(shown: string, got: string, exactly: boolean): boolean {
  if (time.test(shown) && !exactly) return time.test(got);
  const [first = '', ...rest] = shown.split('…');
  if (rest.length === 0) return shown === got;
  return got.startsWith(first) && got.endsWith(rest.at(-1) ?? '') && got.length > shown.length - 1;
}

describe('every shell block', () => {
  test('is one that this test knows how to check', () => {
    const kinds = shell.map((block) => `line ${block.line}: ${kindOf(block)}`);
    expect(kinds.filter((kind) => kind.endsWith('unknown'))).toEqual([]);
    for (const kind of ['npm', 'npx', 'curl', 'az'] as const) expect(shell.map(kindOf)).toContain(kind);
  });
});

describe('every JSON block', () => {
  const shown = blocks.filter(({ language }) => language === 'json');
  test.each(shown)('can be read, line $line', ({ text }) => {
    expect(parseShown(text).length).toBeGreaterThan(0);
  });
});

describe('npm', () => {
  const commands = [...shell.flatMap(({ text }) => commandsIn(text)), ...inlineCommands()].filter(
    ([name]) => name === 'npm',
  );

  /** Also what the tables and the sentences say. */
  function inlineCommands(): string[][] {
    return [...readme.matchAll(/`(npm [^`]+)`/g)].flatMap(([, text = '']) => commandsIn(text));
  }

  test.each(commands.map((words) => [words.join(' '), words] as const))('%s', (_text, [, verb = '', ...rest]) => {
    if (verb === 'ci' || verb === 'cit') return;
    const script = verb === 'run' ? rest[0] : verb;
    expect(Object.keys(scripts)).toContain(script);
  });

  test('shows the demo first', () => {
    expect(shell[0]?.text.trim()).toBe('npm ci && npm run demo');
  });
});

describe('az', () => {
  /** Azure CLI: `acr/webhook.py` and its help; the event subscription's reference page. */
  const known: Record<string, readonly string[]> = {
    'acr webhook create': [
      ...['--name', '--registry', '--resource-group', '--location', '--uri', '--actions'],
      ...['--headers', '--scope', '--status', '--tags'],
    ],
    'acr webhook update': [
      ...['--name', '--registry', '--resource-group', '--uri', '--actions'],
      ...['--headers', '--scope', '--status', '--tags'],
    ],
    'acr webhook list': ['--registry', '--resource-group', '--query', '--output'],
    'acr webhook ping': ['--name', '--registry', '--resource-group'],
    'acr webhook list-events': ['--name', '--registry', '--resource-group'],
    'eventgrid event-subscription create': [
      ...['--name', '--source-resource-id', '--endpoint', '--endpoint-type', '--event-delivery-schema'],
      ...['--included-event-types', '--subject-begins-with', '--subject-ends-with', '--subject-case-sensitive'],
      ...['--advanced-filter', '--enable-advanced-filtering-on-arrays'],
    ],
  };
  const commands = shell.flatMap(({ text }) => commandsIn(text)).filter(([name]) => name === 'az');
  const isFlag = (word: string) => /^--?[a-z]/.test(word);
  const nameOf = (words: readonly string[]) => words.slice(1, words.findIndex(isFlag)).join(' ');
  const valuesOf = (words: readonly string[], flag: string) => {
    const after = words.slice(words.indexOf(flag) + 1);
    const end = after.findIndex(isFlag);
    return end < 0 ? after : after.slice(0, end);
  };

  test.each(commands.map((words) => [nameOf(words), words] as const))('%s has only known flags', (name, words) => {
    expect(Object.keys(known)).toContain(name);
    const flags = words.filter(isFlag);
    expect(flags.filter((flag) => !known[name]?.includes(flag))).toEqual([]);
    for (const flag of flags) expect([flag, ...valuesOf(words, flag)].length).toBeGreaterThan(1);
  });

  test('makes the webhooks that the tracker takes', () => {
    const create = commands.find((words) => nameOf(words) === 'acr webhook create') ?? [];
    const [region] = valuesOf(create, '--location');
    expect(valuesOf(create, '--uri').join()).toMatch(/^https:\/\/[^/]+\/api\/webhooks\/contoso\/\$region$/);
    expect([region, valuesOf(create, '--registry')]).toEqual(['$region', ['contoso']]);
    expect(valuesOf(create, '--actions')).toEqual(['push', 'delete']);
    expect(valuesOf(create, '--headers').join()).toMatch(/^Authorization=Bearer \$\w+$/);
    expect(create).not.toContain('--scope');
    const longest = `tracker${'germanywestcentral'}`;
    expect(valuesOf(create, '--name')).toEqual(['tracker$region']);
    expect(longest).toMatch(/^[A-Za-z0-9]{5,50}$/);
  });
});

describe('against a running instance', () => {
  let app: App;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'acr-replication-readme-'));
    // One line for each answer, and nothing of the settings of whoever runs this.
    await writeFile(join(folder, '.curlrc'), 'silent\nshow-error\nwrite-out = "\\n"\n');
    const { REGISTRIES = '', WEBHOOK_SECRETS = '' } = sample;
    app = await startInstance({ settings: { REGISTRIES, WEBHOOK_SECRETS } });
  }, 60_000);

  afterAll(async () => {
    await app?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  async function runBlock(text: string): Promise<Ran> {
    const here = text.replaceAll(address, new URL(app.url).host);
    return run('sh', ['-c', here], folder, { PATH: process.env.PATH ?? '', CURL_HOME: folder, HOME: folder });
  }

  async function ask(block: Block): Promise<{ readonly ran: Ran; readonly faults: readonly string[] }> {
    const ran = await runBlock(block.text);
    const shown = shownAfter(block);
    if (ran.code !== 0) return { ran, faults: [`exit code ${ran.code}: ${ran.err}${ran.out}`] };
    if (shown === undefined) return { ran, faults: [] };
    const got = splitValues(ran.out).map((value): unknown => JSON.parse(value));
    return { ran, faults: differences(parseShown(shown.text), got) };
  }

  // In the order of the page: what the first sends in is what the others are asked about.
  const curls = shell.filter((block) => kindOf(block) === 'curl');
  test.each(curls.map((block) => [`line ${block.line}: ${block.text.split('\n')[0]}`, block] as const))(
    '%s',
    { timeout: 60_000 },
    async (_title, block) => {
      expect(block.text).toContain(address);
      const isQuestion = !/ -d /.test(block.text);
      await until(
        async () => (await ask(block)).faults,
        (faults) => faults.length === 0,
        isQuestion ? patienceMs : 0,
      );
    },
  );

  const commands = shell.filter((block) => kindOf(block) === 'npx');
  test.each(commands.map((block) => [block.text.trim(), block] as const))(
    '%s',
    { timeout: 60_000 },
    async (_, block) => {
      const bin = new URL('bin/acr-replication.mjs', root).pathname;
      const [text] = blocks.slice(blocks.indexOf(block) + 1);
      const { code, out, err } = await runBlock(
        block.text.replaceAll('npx acr-replication', `'${process.execPath}' ${bin}`),
      );
      expect([code, err]).toEqual([0, expect.any(String)]);
      const shown = (text?.text ?? '').trim().replace(/\d+ s$/, '…');
      expect(isShown(shown, out.trim(), true), `${shown}\n${out}`).toBe(true);
    },
  );

  test('the answers shown are taken seriously', async () => {
    const [question] = curls.filter((block) => block.text.startsWith("curl '"));
    if (question === undefined) throw new Error('no question is shown');
    const { ran } = await ask(question);
    const [got] = splitValues(ran.out).map((value): unknown => JSON.parse(value));
    expect(differences({ state: 'replicating', satisfied: '…' }, got)).toHaveLength(0);
    expect(differences({ state: 'available' }, got)).toHaveLength(1);
    expect(differences({ missing: ['australiaeast'] }, got)).toHaveLength(1);
    expect(differences({ tags: ['v1', '…'] }, got)).toHaveLength(1);
    expect(differences({ regions: [{ region: 'mars' }, '…'] }, got)).toHaveLength(1);
    expect(differences({ digest: 'sha256:e46f…' }, got)).toHaveLength(0);
    expect(differences({ digest: 'sha256:0000…' }, got)).toHaveLength(1);
    expect(differences({ unheardOf: '…' }, got)).toHaveLength(1);
  });

  const simulations = shell
    .flatMap(({ text }) => commandsIn(text))
    .filter(([npm, verb, script]) => npm === 'npm' && verb === 'run' && script === 'simulate')
    .map((words) => words.slice(words.indexOf('--') + 1));

  test.each(simulations.map((words) => [words.join(' '), words] as const))(
    'npm run simulate -- %s',
    { timeout: 60_000 },
    async (_text, words) => {
      const quick = ['--url', app.url, '--images', '4', '--speed', '100', '--seed', '7'];
      let isRead = false;
      await createSimulateCommand(async () => {
        isRead = true;
      }).parseAsync([...words], { from: 'user' });
      expect(isRead).toBe(true);
      const script = new URL('src/local/simulate.ts', root).pathname;
      const ran = await run(process.execPath, [script, ...words, ...quick], folder, { PATH: process.env.PATH ?? '' });
      expect(ran.out + ran.err).toContain('The tracker is right.');
      expect(ran.code).toBe(0);
    },
  );

  test('there is a simulation to run', () => {
    expect(simulations).toHaveLength(1);
  });
});

describe('the tables', () => {
  /** First cells of the rows of the table whose head begins so, without their code marks. */
  function firstCells(head: string): string[] {
    const lines = readme.split('\n');
    const rows = lines.slice(lines.findIndex((line) => line.startsWith(head)) + 2);
    const end = rows.findIndex((line) => !line.startsWith('|'));
    return rows.slice(0, end).map((row) => row.split('|')[1]?.replaceAll('`', '').trim() ?? '');
  }

  test('list every type of event', () => {
    expect(firstCells('| type |').sort()).toEqual(Object.values(announcementTypes).sort());
  });

  test('list every field of a registry', () => {
    const [example = ''] = blocks.filter(({ text }) => text.includes('"regionalEndpoints"')).map(({ text }) => text);
    const settings = { ...sample, EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events' };
    const { registries } = readConfig({ ...settings, REGISTRIES: JSON.stringify(parseShown(example)[0]) });
    expect(firstCells('| field |').sort()).toEqual(Object.keys(registries[0] ?? {}).sort());
  });
});

describe('the place of the measurements', () => {
  test.each(['README.md', 'docs/figures.md'])('is there once, between its two marks: %s', async (page) => {
    const marks = (await read(page)).split('\n').filter((line) => /^<!-- bench:(start|end) -->$/.test(line));
    expect(marks).toEqual(['<!-- bench:start -->', '<!-- bench:end -->']);
  });
});
