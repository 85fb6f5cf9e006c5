/**
 * Commands that nobody runs rot. Every shell block of the README and of the pages behind it is run against a real instance,
 * in the order a reader meets them, and every answer shown is compared with the answer given; what cannot be run here is
 * at least read.
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import { releaseEventTypes } from '../../src/core/releases/release-document.ts';
import { createSimulateCommand } from '../../src/local/simulator/simulate-arguments.ts';
import type { App } from '../support/app.ts';
import { startInstance, until } from '../support/app.ts';
import type { Block } from '../support/markdown.ts';
import { fencedBlocks } from '../support/markdown.ts';
import type { Ran } from '../support/run.ts';
import { run } from '../support/run.ts';
import { differences, isShown, parseShown, splitValues } from '../support/shown.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, root), 'utf8');
/** In the order in which they are read: what the README sends in is what the others are asked about. */
const pages = [
  'README.md',
  'docs/http.md',
  'docs/command.md',
  'docs/webhooks.md',
  'docs/settings.md',
  'docs/events.md',
];
const texts = new Map(
  await Promise.all([...pages, 'CONTRIBUTING.md'].map(async (page) => [page, await read(page)] as const)),
);
const textOf = (page: string) => texts.get(page) ?? '';
const blocks = [...texts].flatMap(([page, text]) => fencedBlocks(text).map((block) => ({ ...block, page })));
type PageBlock = (typeof blocks)[number];
const shell = blocks.filter(({ language }) => language === 'sh' || language === 'shell');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(await read('package.json'));
const { Values: sample }: { Values: Record<string, string> } = JSON.parse(await read('local.settings.sample.json'));

/** Where the pages say that `npm start` listens. */
const address = 'localhost:7071';
/** How long an answer may take to become what is shown: events are told beside the answer that made them. */
const patienceMs = 15_000;

/** `azure`: it asks a tracker that is deployed. `release`: release-files.test.ts runs it. */
function kindOf({ text }: Block): 'npm' | 'npx' | 'curl' | 'az' | 'azd' | 'azure' | 'release' | 'unknown' {
  if (text.includes('/releases/download/')) return 'release';
  if (text.includes('curl') && text.includes('$TRACKER_URL/')) return 'azure';
  const called = new Set(commandsIn(text).map(([name]) => name));
  const kinds = (['npm', 'npx', 'curl', 'az', 'azd'] as const).filter((kind) => called.has(kind));
  const [kind, ...others] = kinds;
  return kind !== undefined && others.length === 0 ? kind : 'unknown';
}

/** The words of each simple command, quotes and line continuations resolved. Good for what the pages hold, not for a shell. */
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
function shownAfter(block: PageBlock): PageBlock | undefined {
  const next = blocks[blocks.indexOf(block) + 1];
  return next?.language === 'json' ? next : undefined;
}

describe('every shell block', () => {
  test('is one that this test knows how to check', () => {
    const kinds = shell.map((block) => `${block.page}:${block.line}: ${kindOf(block)}`);
    expect(kinds.filter((kind) => kind.endsWith('unknown'))).toEqual([]);
    for (const kind of ['npm', 'npx', 'curl', 'az', 'azd'] as const) expect(shell.map(kindOf)).toContain(kind);
    // Whoever reads the README first runs everything here.
    expect(shell.filter(({ page }) => page === 'README.md').map(kindOf)).not.toContain('azure');
  });
});

describe('every JSON block', () => {
  const shown = blocks.filter(({ language }) => language === 'json');
  test.each(shown)('can be read, $page:$line', ({ text }) => {
    expect(parseShown(text).length).toBeGreaterThan(0);
  });
});

describe('npm', () => {
  const commands = [...shell.flatMap(({ text }) => commandsIn(text)), ...inlineCommands()].filter(
    ([name]) => name === 'npm',
  );

  /** Also what the tables and the sentences say. */
  function inlineCommands(): string[][] {
    return [...[...texts.values()].join('\n').matchAll(/`(npm [^`]+)`/g)].flatMap(([, text = '']) => commandsIn(text));
  }

  test.each(commands.map((words) => [words.join(' '), words] as const))('%s', (_text, [, verb = '', ...rest]) => {
    if (['ci', 'cit', 'install'].includes(verb)) return;
    const script = verb === 'run' ? rest[0] : verb;
    expect(Object.keys(scripts)).toContain(script);
  });

  test('shows the demo first', () => {
    expect(shell[0]?.text.trim()).toBe('npm ci && npm run demo');
  });
});

test('azd is called as on the page about deploying', async () => {
  const deploy = await read('docs/deploy.md');
  for (const { text } of shell.filter((block) => kindOf(block) === 'azd')) expect(deploy).toContain(text);
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
    'eventgrid topic list': ['--resource-group', '--query', '--output'],
    'storage account show': ['--name', '--query', '--output'],
    'functionapp keys list': ['--name', '--resource-group', '--query', '--output'],
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
    expect(valuesOf(create, '--uri').join()).toMatch(/^\$TRACKER_URL\/api\/webhooks\/contoso\/\$region$/);
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

  async function ask(block: PageBlock): Promise<{ readonly ran: Ran; readonly faults: readonly string[] }> {
    const ran = await runBlock(block.text);
    const shown = shownAfter(block);
    if (ran.code !== 0) return { ran, faults: [`exit code ${ran.code}: ${ran.err}${ran.out}`] };
    if (shown === undefined) return { ran, faults: [] };
    const got = splitValues(ran.out).map((value): unknown => JSON.parse(value));
    return { ran, faults: differences(parseShown(shown.text), got) };
  }

  const curls = shell.filter((block) => kindOf(block) === 'curl');
  test.each(curls.map((block) => [`${block.page}:${block.line}: ${block.text.split('\n')[0]}`, block] as const))(
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
  test.each(commands.map((block) => [`${block.page}: ${block.text.trim()}`, block] as const))(
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
  function firstCells(page: string, head: string): string[] {
    const lines = textOf(page).split('\n');
    const rows = lines.slice(lines.findIndex((line) => line.startsWith(head)) + 2);
    const end = rows.findIndex((line) => !line.startsWith('|'));
    return rows.slice(0, end).map((row) => row.split('|')[1]?.replaceAll('`', '').trim() ?? '');
  }

  test('list every type of event', () => {
    expect(firstCells('docs/events.md', '| type |').sort()).toEqual(
      [...Object.values(announcementTypes), ...Object.values(releaseEventTypes)].sort(),
    );
  });

  test('list every field of a registry', () => {
    const [example = ''] = blocks.filter(({ text }) => text.includes('"regionalEndpoints"')).map(({ text }) => text);
    const settings = { ...sample, EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events' };
    const { registries } = readConfig({ ...settings, REGISTRIES: JSON.stringify(parseShown(example)[0]) });
    expect(firstCells('docs/settings.md', '| field |').sort()).toEqual(Object.keys(registries[0] ?? {}).sort());
  });
});

test('the README is short enough to be read', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(250);
});

test('the place of the measurements is there once, between its two marks', async () => {
  const marks = (await read('docs/figures.md')).split('\n').filter((line) => /^<!-- bench:(start|end) -->$/.test(line));
  expect(marks).toEqual(['<!-- bench:start -->', '<!-- bench:end -->']);
});
