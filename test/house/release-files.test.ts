/**
 * The command for those who have no clone. What the pages say is run as it stands there, from an empty folder and with a
 * registry that cannot be reached; only the address of the releases is replaced by that of a server on this machine.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeReleaseFiles } from '../../scripts/release-files.ts';
import { thirdPartyNotices } from '../../scripts/third-party-notices.ts';
import { fencedBlocks } from '../support/markdown.ts';
import type { Ran } from '../support/run.ts';
import { run } from '../support/run.ts';
import { documentWith, pinned, startTrackerStandIn } from '../support/tracker-stand-in.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const { version, engines, bin } = JSON.parse(read('package.json'));
const releases = `https://github.com/OWNER/acr-replication-tracker/releases/download/v${version}`;
const tgz = `acr-replication-tracker-${version}.tgz`;
/** Node of this run, npm and the tools of the system; no command that is installed in this folder. */
const systemPath = [dirname(process.execPath)]
  .concat((process.env.PATH ?? '').split(delimiter).filter((path) => !path.startsWith(root.pathname)))
  .join(delimiter);

let folder: string;
let server: Server;
let address: string;
const released = (file: string) => join(folder, 'release', file);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-replication-release-'));
  await makeReleaseFiles(root, pathToFileURL(`${folder}/release/`));
  server = createServer(async ({ url = '' }, response) => {
    const file = await readFile(released(url.slice(1))).catch(() => undefined);
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 60_000);

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** Runs a script in an empty folder, as somebody for whom nothing is installed and no registry of packages is there. */
async function inEmptyFolder(script: string): Promise<Ran & { readonly place: string }> {
  const home = await mkdtemp(join(folder, 'home-'));
  const place = join(home, 'empty');
  await mkdir(place);
  const ran = await run('timeout', ['25', 'sh', '-e', '-c', script.replaceAll(releases, address)], place, {
    PATH: `${home}/global/bin:${systemPath}`,
    HOME: home,
    npm_config_cache: `${home}/cache`,
    npm_config_prefix: `${home}/global`,
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_update_notifier: 'false',
    npm_config_fetch_retries: '0',
  });
  return { ...ran, place };
}

test('they are the package, the file, and the checksums of both, the same each time', async () => {
  expect((await readdir(join(folder, 'release'))).sort()).toEqual(['SHA256SUMS', tgz, 'acr-replication.mjs']);
  const sums = readFileSync(released('SHA256SUMS'), 'utf8');
  for (const file of [tgz, 'acr-replication.mjs']) {
    const sum = createHash('sha256')
      .update(readFileSync(released(file)))
      .digest('hex');
    expect(sums).toContain(`${sum}  ${file}\n`);
  }
  await makeReleaseFiles(root, pathToFileURL(`${folder}/again/`));
  expect(readFileSync(join(folder, 'again/SHA256SUMS'), 'utf8')).toBe(sums);
});

describe('the package', () => {
  const extract = async (path: string) =>
    (await run('tar', ['-xzOf', released(tgz), `package/${path}`], folder, { PATH: systemPath })).out;

  test('holds what the command needs, and nothing else', async () => {
    const { out } = await run('tar', ['-tzf', released(tgz)], folder, { PATH: systemPath });
    const files = ['LICENSE', 'README.md', 'THIRD-PARTY-NOTICES.txt', 'bin/acr-replication.mjs', 'package.json'];
    expect(out.trim().split('\n').sort()).toEqual(files.map((file) => `package/${file}`));
    expect(await extract('bin/acr-replication.mjs')).toBe(readFileSync(released('acr-replication.mjs'), 'utf8'));
  });

  test('has npm install nothing else and run nothing', async () => {
    const packed = JSON.parse(await extract('package.json'));
    const fields = ['bin', 'description', 'engines', 'license', 'name', 'type', 'version'];
    expect(Object.keys(packed).sort()).toEqual(fields);
    expect(packed).toMatchObject({ version, bin, engines: { node: '>=22' } });
    expect(engines).toEqual(packed.engines);
  });

  test('has the licence of everybody whose code is in it, and so has the file', async () => {
    const notices = await extract('THIRD-PARTY-NOTICES.txt');
    for (const name of ['commander', 'log-update', 'yaml'])
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.`, 'm'));
    const file = readFileSync(released('acr-replication.mjs'), 'utf8');
    expect(file).toContain(notices);
    expect(file).toContain(read('LICENSE'));
    await expect(thirdPartyNotices(root, ['src/cli/third-party/none.mjs'])).rejects.toThrow('none.mjs');
  });

  test('is not made of the whole repository by mistake', async () => {
    const { code, err } = await run('npm', ['pack', '--dry-run'], root.pathname, { PATH: systemPath, HOME: folder });
    expect([code, err]).toEqual([1, expect.stringContaining('npm run release:files')]);
  });
});

describe('what the pages say', () => {
  const blocks = ['README.md', 'docs/command.md']
    .flatMap((page) => fencedBlocks(read(page)))
    .filter(({ text }) => text.includes('/releases/download/'));

  test.each(blocks.map(({ text }) => [text.trim().split('\n').at(-1), text] as const))('%s', async (_, text) => {
    expect(text).toContain(releases);
    const { code, out, err } = await inEmptyFolder(text);
    expect([code, code === 0 ? '' : err]).toEqual([0, '']);
    expect(out.trimEnd().split('\n').at(-1)).toBe(version);
  });

  test('a file that was changed on its way is noticed', async () => {
    const [text = ''] = blocks.map((block) => block.text);
    const changed = text.replace(/^grep/m, 'echo >> acr-replication.mjs\ngrep');
    expect(changed).not.toBe(text);
    expect(await inEmptyFolder(changed)).toMatchObject({ code: 1, out: expect.not.stringContaining(version) });
  });
});

test('installed without a network, it waits', async () => {
  const { url, asked } = await startTrackerStandIn((_, before) => {
    const [have, missing] = before === 0 ? [['eastus'], ['westeurope']] : [['eastus', 'westeurope'], []];
    return { status: missing.length === 0 ? 200 : 202, body: documentWith(have, missing) };
  });
  const ran = await inEmptyFolder(`
    npm install --global --offline '${released(tgz)}' > /dev/null
    acr-replication --help
    acr-replication wait contoso.azurecr.io/team/app:v1 --url ${url} --timeout 20
    acr-replication-tracker --version`);
  expect([ran.code, ran.code === 0 ? '' : ran.err]).toEqual([0, '']);
  expect(ran.out).toContain('Usage: acr-replication');
  expect(ran.out).toContain(`${pinned} is in 2 of 2 regions`);
  expect(asked.length).toBeGreaterThan(1);
  expect(await readdir(ran.place)).toEqual([]);
  expect(existsSync(join(ran.place, '../global/lib/node_modules/acr-replication-tracker/node_modules'))).toBe(false);
});

/** There is no container engine here: CI builds the image. */
describe('the Containerfile', () => {
  const text = read('Containerfile');
  const instructions = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .trim()
    .split('\n')
    .map((line) => /^([A-Z]+) +(.+)$/.exec(line)?.slice(1) ?? [line, '']);
  const valuesOf = (name: string) => instructions.filter(([one]) => one === name).map(([, value = '']) => value);

  test('has instructions that there are, of which the first two name the base', () => {
    const known = ['ARG', 'FROM', 'LABEL', 'COPY', 'USER', 'ENTRYPOINT', 'CMD'];
    expect(instructions.map(([name]) => name)).toEqual(known);
    // Without the name of a registry, so that whoever builds it may take the image from where they have it.
    expect(valuesOf('ARG')).toEqual([expect.stringMatching(/^NODE_IMAGE=node:\d+-[a-z]+$/)]);
    expect(valuesOf('FROM')).toEqual([`$\{NODE_IMAGE}`]);
    expect(Number(/node:(\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(22);
  });

  test('copies what is released to where it is started, by somebody who is not root', () => {
    const [source = '', target = ''] = (valuesOf('COPY')[0] ?? '').split(' ').filter((word) => !word.startsWith('--'));
    expect(existsSync(released(source))).toBe(true);
    expect(JSON.parse(valuesOf('ENTRYPOINT')[0] ?? '')).toEqual(['node', target]);
    expect(JSON.parse(valuesOf('CMD')[0] ?? '')).toEqual(['--help']);
    expect(valuesOf('USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  });

  test('is built as it says, and as the page and CI say', () => {
    const command = 'docker build --file Containerfile --tag acr-replication release';
    for (const path of ['Containerfile', 'docs/command.md', '.github/workflows/ci.yml']) {
      expect([path, read(path).includes(command)]).toEqual([path, true]);
    }
  });
});
