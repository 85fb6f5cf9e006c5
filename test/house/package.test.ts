/**
 * What is deployed: small, complete, the same bytes from the same sources, and nothing else of this folder. Built into
 * folders of their own, since other tests run what is in `dist/`.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { BuiltApp } from '../../scripts/build-app.ts';
import { buildApp } from '../../scripts/build-app.ts';
import { bundleCommand } from '../../scripts/build-command.ts';
import { buildLocal } from '../../scripts/build-local.ts';
import { run } from '../support/run.ts';

const root = new URL('../../', import.meta.url);
const environment = { PATH: process.env.PATH ?? '' };
/** What .funcignore leaves of the built folder. */
const apart = [
  'adapters-open-telemetry-start.cjs',
  'azure-arm-containerregistry.cjs',
  'azure-eventgrid.cjs',
  'azure-identity.cjs',
];
const code = [...apart, 'app.cjs', 'main.cjs'];
const deployed = [...code, 'host.json', 'package.json'].sort();

let folder: string;
const inside = (path: string) => pathToFileURL(join(folder, path));
const digestOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(inside(path)))
    .digest('hex');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-replication-package-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the app', () => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await buildApp(root, inside('one/'));
    // From another folder into another, as on another machine.
    const script = `
      const { buildApp } = await import(${JSON.stringify(new URL('scripts/build-app.ts', root).href)});
      await buildApp(new URL(${JSON.stringify(root.href)}), new URL(${JSON.stringify(inside('another/place/').href)}));`;
    const ran = await run(process.execPath, ['--input-type=module', '-e', script], folder, environment);
    expect([ran.code, ran.code === 0 ? '' : ran.err]).toEqual([0, '']);
  }, 60_000);

  test('is built twice to the same bytes', async () => {
    for (const file of deployed) {
      expect([file, await digestOf(`another/place/${file}`)]).toEqual([file, await digestOf(`one/${file}`)]);
    }
  });

  test('knows nothing of the machine that built it', async () => {
    for (const file of code) {
      const text = await readFile(inside(`one/${file}`), 'utf8');
      for (const place of [root.pathname, folder]) expect([file, text.includes(place)]).toEqual([file, false]);
    }
  });

  test('needs nothing to be installed', () => {
    expect(built.imports).toContain('@azure/functions-core');
    expect(built.imports.filter((name) => !isBuiltin(name))).toEqual(['@azure/functions-core']);
  });

  test('leaves what few starts need to files of their own', async () => {
    const app = await readFile(inside('one/app.cjs'), 'utf8');
    for (const file of apart) expect(app).toContain(`"./${file}"`);
    expect(app.length).toBeLessThan(1_400_000);
  });

  test('is small', async () => {
    let bytes = 0;
    let packed = 0;
    for (const file of deployed) {
      const content = await readFile(inside(`one/${file}`));
      bytes += content.length;
      packed += gzipSync(content).length;
    }
    console.log(
      `deployed: ${(bytes / 1e6).toFixed(2)} MB in ${deployed.length} files, ${(packed / 1e3).toFixed(0)} kB packed`,
    );
    expect(bytes).toBeLessThan(5_000_000);
    expect(packed).toBeLessThan(1_200_000);
  });

  test('is what the host looks for', async () => {
    const { main, type, dependencies, scripts } = JSON.parse(await readFile(inside('one/package.json'), 'utf8'));
    expect({ main, type, dependencies, scripts }).toEqual({ main: 'main.cjs', type: 'commonjs' });
    const host = await readFile(inside('one/host.json'), 'utf8');
    expect(host).toBe(await readFile(new URL('host.json', root), 'utf8'));
  });
});

test('the command is built twice to the same bytes', async () => {
  for (const name of ['one.mjs', 'another.mjs']) await bundleCommand(root, '1.2.3', inside(name).pathname);
  expect(await digestOf('another.mjs')).toBe(await digestOf('one.mjs'));
});

test('what runs the app here is built twice to the same bytes, and knows nothing of the machine', async () => {
  for (const name of ['here/', 'there/again/']) await buildLocal(root, inside(name));
  const files = await readdir(inside('here/'));
  expect(files).toContain('main.mjs');
  expect((await readdir(inside('there/again/'))).sort()).toEqual(files.sort());
  for (const file of files) {
    expect([file, await digestOf(`there/again/${file}`)]).toEqual([file, await digestOf(`here/${file}`)]);
    expect([file, (await readFile(inside(`here/${file}`), 'utf8')).includes(root.pathname)]).toEqual([file, false]);
  }
});

/** .funcignore is read as git reads such files; so git is asked. */
describe('of this folder, what is published', () => {
  async function published(files: readonly string[]): Promise<string[]> {
    const place = await mkdtemp(join(folder, 'published-'));
    for (const file of files) {
      await mkdir(dirname(join(place, file)), { recursive: true });
      await writeFile(join(place, file), '');
    }
    const rules = join(folder, 'rules');
    await writeFile(rules, await readFile(new URL('.funcignore', root)));
    await run('git', ['init', '--quiet', '.'], place, { ...environment, HOME: folder });
    const args = ['ls-files', '--others', `--exclude-from=${rules}`];
    const { out } = await run('git', args, place, { ...environment, HOME: folder });
    return out.trim().split('\n').sort();
  }

  const here = ['README.md', 'azure.yaml', 'package-lock.json', 'local.settings.json', '.funcignore', '.npmrc'];
  const rooms = ['src/main.ts', 'test/a.test.ts', 'infra/main.bicep', 'node_modules/zod/package.json', 'bin/a.mjs'];

  test('from the root', async () => {
    const files = [
      ...here,
      ...rooms,
      'host.json',
      'package.json',
      'dist/azure-identity.cjs',
      'dist/main.cjs',
      'dist/main.cjs.map',
      'dist/host.json',
    ];
    expect(await published(files)).toEqual(['dist/azure-identity.cjs', 'dist/main.cjs', 'host.json', 'package.json']);
  });

  test('from the built folder', async () => {
    const files = await readdir(inside('one/'));
    const maps = code.map((name) => `${name}.map`);
    expect(files.sort()).toEqual(['.funcignore', ...deployed, ...maps].sort());
    expect(await published([...files, 'local.settings.json', 'node_modules/zod/index.js'])).toEqual(deployed);
  });

  test('is the built folder, as azd is told', async () => {
    const { services } = parse(await readFile(new URL('azure.yaml', root), 'utf8'));
    expect(services.tracker).toMatchObject({ dist: 'dist', host: 'function', remoteBuild: false });
    const { main } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
    expect(main).toBe('dist/main.cjs');
  });
});
