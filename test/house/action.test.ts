/**
 * The GitHub Action runs from a bare checkout: its users install and build nothing. One import of a package, or of a
 * file that imports one, and it fails for all of them while every other test here passes.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { importGraph, runtimeImports } from '../support/import-graph.ts';
import type { Asked, Said } from '../support/tracker-stand-in.ts';
import { digest, documentWith, pinned, severalWith, startTrackerStandIn } from '../support/tracker-stand-in.ts';

const root = new URL('../../', import.meta.url);
const action = parse(await readFile(new URL('action.yml', root), 'utf8'));
const graph = importGraph(root, action.runs.main);

describe('what the action imports', () => {
  test('are files of the command line and of the core, and modules of Node', () => {
    const own = /^src\/(?:(?:cli|core)\/(?:[\w-]+\/)*[\w-]+\.ts|cli\/third-party\/\w+\.mjs)$/;
    expect(graph.files.filter((file) => !own.test(file))).toEqual([]);
    expect(graph.others.filter((specifier) => !specifier.startsWith('node:'))).toEqual([]);
  });

  test('is what the command line runs as well', () => {
    const command = importGraph(root, 'src/cli/main.ts');
    expect(command.files).toEqual(expect.arrayContaining(['src/cli/wait.ts', 'src/cli/wait-for-image.ts']));
    expect(graph.files).toEqual(expect.arrayContaining(['src/cli/wait.ts', 'src/cli/wait-for-image.ts']));
    expect(command.others).toEqual(expect.arrayContaining(['commander', 'log-update']));
  });

  test.each([
    ["import { a } from './a.ts';", ['./a.ts']],
    ["import { type A } from './a.ts';", ['./a.ts']],
    ["import './a.ts';\nexport * from 'b';", ['./a.ts', 'b']],
    ["const a = await import('./a.ts');", ['./a.ts']],
    ["import type { A } from './a.ts';\nexport type { B } from './b.ts';", []],
    ["// import './a.ts';\nconst type = 'x';", []],
  ])('%s', (source, specifiers) => {
    expect(runtimeImports(source)).toEqual(specifiers);
  });
});

describe('action.yml', () => {
  test('has the inputs and outputs of the contract', () => {
    expect(Object.keys(action.inputs)).toEqual([
      'image',
      'file',
      'release',
      'url',
      'key',
      'regions',
      'require',
      'artifacts',
      'platforms',
      'timeout',
    ]);
    expect(Object.keys(action.outputs)).toEqual(['digest', 'image', 'state', 'images']);
    expect(action.runs).toEqual({ using: 'node24', main: 'src/cli/action.ts' });
  });
});

describe('run as the runner does, without anything installed', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'acr-replication-action-'));
    for (const path of [...graph.files, 'package.json', 'action.yml'])
      await cp(new URL(path, root), join(folder, path));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function run(inputs: Readonly<Record<string, string>>, said: Said | ((asked: Asked) => Said)) {
    const tracker = await startTrackerStandIn(typeof said === 'function' ? said : () => said);
    const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
    for (const path of Object.values(files)) await writeFile(path, '');
    const given = Object.entries<{ default?: string }>(action.inputs).map(([name, { default: value = '' }]) => {
      const input = inputs[name] ?? (name === 'url' ? tracker.url : value);
      return [`INPUT_${name.toUpperCase()}`, input];
    });
    const environment = { ...Object.fromEntries(given), ...files, GITHUB_ACTIONS: 'true', CI: 'true' };
    const child = spawn(process.execPath, [join(folder, action.runs.main)], { cwd: dirname(folder), env: environment });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
    const outputs = [...(await readFile(files.GITHUB_OUTPUT, 'utf8')).matchAll(/^(\w+)<<(\S+)\n(.*)\n\2\n/gm)];
    return {
      ...{ code, out, err, asked: tracker.asked, summary: await readFile(files.GITHUB_STEP_SUMMARY, 'utf8') },
      outputs: Object.fromEntries(outputs.map(([, name, , value]) => [name, value])),
    };
  }

  const image = 'contoso.azurecr.io/team/app:v1';

  test('nothing is installed there', () => {
    expect(existsSync(join(folder, 'node_modules'))).toBe(false);
  });

  test('the image is there', async () => {
    const there = { status: 200, body: documentWith(['eastus', 'westeurope'], []) };
    const ran = await run({ image, key: 'hidden-key', regions: 'eastus, westeurope' }, there);
    expect(ran).toMatchObject({ code: 0, outputs: { digest, image: pinned, state: 'available' } });
    // After a second where the machine has much to do.
    expect(ran.out.replace(/after \d s/, 'after 0 s')).toBe(
      `::add-mask::hidden-key\n${pinned} is in 2 of 2 regions after 0 s\n`,
    );
    expect(ran.err).toContain('::notice title=Image available::');
    expect(ran.err).not.toMatch(/warning/i);
    expect(ran.summary).toContain('| eastus | available |');
    expect(ran.asked).toEqual([
      {
        path: '/api/wait',
        query: { image, regions: 'eastus,westeurope', require: 'all', timeout: '0' },
        key: 'hidden-key',
      },
    ]);
  });

  test('several images, one a line', async () => {
    const worker = 'contoso.azurecr.io/team/worker:v1';
    const documents = [
      documentWith(['eastus', 'westeurope'], [], { tag: { name: 'v1', state: 'converged', regions: [] } }),
      documentWith(['eastus'], ['westeurope'], { image: worker, digest: null, repository: 'team/worker' }),
    ];
    const ran = await run(
      { image: `${image}\r\n${worker}\n`, timeout: '0' },
      { status: 202, body: severalWith(documents, 'replicating') },
    );
    expect(ran).toMatchObject({ code: 2, outputs: { state: 'replicating' } });
    expect(JSON.parse(ran.outputs.images ?? '')).toEqual([
      { image: pinned, tag: 'v1', digest, state: 'available', satisfied: true },
      { image: worker, digest: null, state: 'replicating', satisfied: false },
    ]);
    expect(ran.asked).toMatchObject([
      { path: '/api/wait', body: { images: [image, worker], require: 'all', timeout: 0 } },
    ]);
    expect(ran.summary).toContain('1 of 2');
    expect(ran.err).toContain('::error title=Images not available in time::');
  });

  test('the images of a file, of which some are tracked', async () => {
    await writeFile(
      join(folder, 'release.yaml'),
      `kind: Pod\nspec:\n  containers:\n  - image: ${image}\n  - image: redis:7\n`,
    );
    const list = { status: 200, body: { registries: [{ name: 'contoso', loginServer: 'contoso.azurecr.io' }] } };
    const there = { status: 200, body: documentWith(['eastus', 'westeurope'], []) };
    const ran = await run({ file: join(folder, 'release.yaml') }, ({ path }) =>
      path === '/api/registries' ? list : there,
    );
    expect(ran).toMatchObject({ code: 0, outputs: { image: pinned } });
    expect(ran.err).toContain('left out, since docker.io is not tracked: library/redis:7\n');
    expect(ran.err).not.toMatch(/warning/i);
    expect(ran.asked[1]).toMatchObject({ path: '/api/wait', query: { image } });
  });

  test('a file without images', async () => {
    await writeFile(join(folder, 'empty.yaml'), 'kind: Service\n');
    const ran = await run({ file: join(folder, 'empty.yaml') }, 'hang');
    expect(ran).toMatchObject({ code: 64, asked: [] });
    expect(ran.err).toMatch(/^::error title=Bad usage::.*empty\.yaml: names no image/);
  });

  test('it is not there in time', async () => {
    const ran = await run({ image, timeout: '0' }, { status: 202, body: documentWith(['eastus'], ['westeurope']) });
    expect(ran).toMatchObject({ code: 2, outputs: { digest, image: pinned, state: 'replicating' } });
    expect(ran.err).toContain('::error title=Image not available in time::');
    expect(ran.summary).toContain('| westeurope | missing |');
  });

  test('the key is refused', async () => {
    const ran = await run({ image, key: '50%' }, { status: 401 });
    expect(ran).toMatchObject({ code: 4, outputs: { digest: '', image: '', state: 'unknown' } });
    expect(ran.out).toBe('::add-mask::50%25\n');
    expect(ran.err).toContain('::error title=Tracker refused::');
  });

  test('an input that cannot be meant', async () => {
    const ran = await run({ image: 'Not an image', require: 'most' }, 'hang');
    expect(ran).toMatchObject({ code: 64, outputs: {}, asked: [] });
    expect(ran.err).toMatch(/^::error title=Bad usage::image: .*%0Arequire: .*\n$/);
  });
});
