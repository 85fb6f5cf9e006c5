/**
 * The pages of `docs/`: every link leads somewhere, every block can be read by what it is written for, and what a reader
 * would copy is run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readConfig } from '../../src/config.ts';
import type { App } from '../support/app.ts';
import { deliver, loginServer, startInstance } from '../support/app.ts';
import { anchorsOf, fencedBlocks } from '../support/markdown.ts';
import { run } from '../support/run.ts';
import { parseShown } from '../support/shown.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const pages = readdirSync(new URL('docs/', root)).filter((name) => name.endsWith('.md'));
/** Their answers are those of a running instance: see readme.test.ts. */
const shownInPart = new Set(['http.md', 'settings.md', 'events.md']);
const blocks = pages.flatMap((page) =>
  fencedBlocks(read(`docs/${page}`)).map((block) => ({ ...block, page, at: `${page}:${block.line}` })),
);
const blocksOf = (page: string, language: string) =>
  blocks.filter((block) => block.page === page && block.language === language).map(({ text }) => text);
const digestOf = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;

test('there is a page for each situation, and README leads to it', () => {
  const readme = read('README.md');
  expect(pages.length).toBeGreaterThan(6);
  for (const page of pages) expect(readme).toContain(`docs/${page}`);
});

describe('links', () => {
  const links = [
    'README.md',
    'CONTRIBUTING.md',
    'AGENTS.md',
    'CHANGELOG.md',
    ...pages.map((page) => `docs/${page}`),
  ].flatMap((page) =>
    [
      ...read(page)
        .replaceAll(/^```[\s\S]*?^```$/gm, '')
        .matchAll(/\]\(([^)\s]+)\)/g),
    ].map(([, to = '']) => ({ page, to })),
  );
  test.each(links.filter(({ to }) => !to.startsWith('https://')))('$page → $to', ({ page, to }) => {
    const [path = '', anchor] = to.split('#');
    const target = new URL(path === '' ? page : path, new URL(path === '' ? '.' : page, root));
    const text = readFileSync(target, target.pathname.endsWith('.png') ? 'latin1' : 'utf8');
    if (anchor !== undefined) expect(anchorsOf(text)).toContain(anchor);
  });
});

describe('blocks', () => {
  test('say what they are', () => {
    expect(
      blocks.filter(({ language }) => !['sh', 'json', 'yaml', 'text', 'http', 'mermaid'].includes(language)),
    ).toEqual([]);
  });

  test.each(blocks.filter(({ language }) => language === 'yaml'))('YAML, $at', ({ text }) => {
    const documents = parseAllDocuments(text);
    expect(documents.length).toBeGreaterThan(0);
    for (const document of documents) expect('errors' in document ? document.errors : []).toEqual([]);
  });

  test.each(blocks.filter(({ language }) => language === 'json'))('JSON, $at', ({ text, page }) => {
    // What is asked of a running instance is shown with `…` for what is left out, and compared in readme.test.ts.
    expect(() => (shownInPart.has(page) ? parseShown(text) : JSON.parse(text))).not.toThrow();
  });

  test.each(blocks.filter(({ language }) => language === 'sh'))('shell, $at', async ({ text }) => {
    const { code, err } = await run('sh', ['-n', '-c', text], tmpdir(), { PATH: process.env.PATH ?? '' });
    expect([code, err]).toEqual([0, '']);
  });
});

test('webhooks are named as they are found: a deployment gives them names that nobody can guess', () => {
  const commands = blocks.flatMap(({ at, text }) =>
    [...text.matchAll(/\baz acr webhook (?:update|ping|list-events|delete) .*?--name (\S+)/g)].map(([, name]) => [
      at,
      name,
    ]),
  );
  expect(commands.length).toBeGreaterThan(4);
  expect(commands.filter(([, name]) => name !== '"$WEBHOOK"')).toEqual([]);
});

describe('forwarding', () => {
  const page = read('docs/gitops.md');
  const [example = ''] = blocksOf('gitops.md', 'json');
  const { forwards } = readConfig({
    REGISTRIES: '[{"name":"contoso","regions":["eastus","westeurope"]}]',
    WEBHOOK_SECRETS: 'a-secret-of-the-tests-only',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    EVENT_GRID_TOPIC_ENDPOINT: 'https://topic.example/api/events',
    FORWARD_WEBHOOKS: example,
  });

  test('the example is a setting that the app takes', () => {
    expect(forwards.map(({ name }) => name)).toEqual(['flux-eastus', 'image-updater', 'kargo', 'keel']);
  });

  test('the table has every field', () => {
    const fields = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(fields.sort()).toEqual(Object.keys(forwards[0] ?? {}).sort());
  });
});

describe('what a reader copies, against a running instance', () => {
  let app: App;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'acr-replication-docs-'));
    app = await startInstance({ regions: ['eastus', 'westeurope'] });
    for (const region of ['eastus', 'westeurope']) {
      await deliver([app.url], { digest: digestOf(1), region, tag: 'v1' });
      await deliver([app.url], { digest: digestOf(2), region, tag: 'old' });
      await deliver([app.url], { digest: digestOf(2), region, action: 'delete' });
    }
    await deliver([app.url], { digest: digestOf(3), region: 'eastus', tag: 'early' });
  }, 60_000);

  afterAll(async () => {
    await app?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const shell = (script: string, environment: Record<string, string>) =>
    run('timeout', ['55', 'sh', '-c', script], folder, {
      PATH: process.env.PATH ?? '',
      TRACKER: app.url,
      TRACKER_URL: app.url,
      KEY: 'none-is-asked-for',
      ...environment,
    });

  describe('the hook of Argo CD', () => {
    const [job = ''] = blocksOf('argo-cd.md', 'yaml');
    const container = parseAllDocuments(job)[0]?.toJS().spec.template.spec.containers[0];
    const [script = ''] = container.args;

    test('gets all that it reads', () => {
      const names = container.env.map(({ name }: { name: string }) => name);
      expect(names.sort()).toEqual(['IMAGE', 'KEY', 'REGIONS', 'TRACKER']);
      expect(container.command).toEqual(['/bin/sh', '-c']);
    });

    test.each([
      ['an image that is there', 'v1', 'eastus,westeurope', 0, /is in eastus,westeurope/],
      ['an image that is in the one region', 'early', 'eastus', 0, /is in eastus/],
      ['an image that was deleted', `old@${digestOf(2)}`, 'eastus', 1, /waiting ended with 410/],
      ['a region that does not exist', 'v1', 'mars', 1, /waiting ended with 400:[\s\S]*known regions/],
    ])(
      '%s',
      async (_, name, regions, code, out) => {
        const ran = await shell(script, { IMAGE: `${loginServer}/team/app:${name}`, REGIONS: regions });
        expect(ran.out).toMatch(out);
        expect(ran.code).toBe(code);
        // That it is deleted is the last word once it has been so for half a minute.
      },
      60_000,
    );

    test('an image that comes while it waits', async () => {
      const waiting = shell(script, { IMAGE: `${loginServer}/team/app:early`, REGIONS: 'westeurope' });
      await deliver([app.url], { digest: digestOf(3), region: 'westeurope', tag: 'early' });
      expect(await waiting).toMatchObject({ code: 0 });
    });
  });

  describe('the loop with curl', () => {
    const [, define = '', digest = ''] = blocksOf('curl.md', 'sh');
    const call = (image: string) => define.replace(/^wait_for_image .*$/m, `wait_for_image ${loginServer}/${image} 20`);

    test('an image that is there, and its digest', async () => {
      expect(await shell(call('team/app:v1'), {})).toMatchObject({ code: 0 });
      expect((await shell(digest, {})).out.trim()).toBe(digestOf(1));
    });

    test('the digest of the image, not of what its tag is elsewhere', async () => {
      const regions = [{ region: 'eastus', digest: digestOf(8) }];
      await writeFile(
        join(folder, 'answer.json'),
        JSON.stringify({ digest: digestOf(9), tag: { name: 'v1', regions } }),
      );
      expect((await shell(digest, {})).out.trim()).toBe(digestOf(9));
    });

    test('a wrong key, whose answer has no body', async () => {
      const server = createServer((_, response) => response.writeHead(401).end());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const ran = await shell(call('team/app:v1'), { TRACKER_URL: `http://127.0.0.1:${port}` });
      server.close();
      expect(ran.err).toContain('401');
      expect(ran.code).toBe(1);
    });

    test('an image that was deleted', async () => {
      const ran = await shell(call(`team/app@${digestOf(2)}`), {});
      expect(ran.err).toContain('"state":"deleted"');
      expect(ran.code).toBe(1);
    }, 60_000);
  });
});
