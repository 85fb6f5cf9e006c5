/** Where the real host is searched; if there is none, one line reports it, and no test fails. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../support/run.ts';

const root = new URL('../../', import.meta.url).pathname;
const scripts = join(root, 'scripts');

/** The only folder on the PATH. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-replication-path-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, script: string) => writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
const node = (...words: string[]) => run(process.execPath, words, root, { PATH: folder });

async function find(): Promise<unknown> {
  const code = `const { findFunctionsHost } = await import(${JSON.stringify(join(scripts, 'functions-host.ts'))});
    console.log(JSON.stringify(await findFunctionsHost()));`;
  const { code: exit, out, err } = await node('--input-type=module', '--eval', code);
  expect(exit, err).toBe(0);
  return JSON.parse(out);
}

test('a machine without a host: one line reports it, and what to install', async () => {
  const { code, out } = await node(join(scripts, 'test-host.ts'), '--real');
  expect(out).toMatch(/^real host: skipped: no "func" on the PATH, .*; install .*Core Tools.*\n$/);
  expect(code).toBe(0);
});

test.each([
  ['4.1.0', '--enableAuth'],
  ['4.15.2', '--enableAuth'],
  ['5.0.0-preview.3', '--enable-auth'],
])('Core Tools %s are started with %s', async (version, flag) => {
  await put('func', `echo ${version}`);
  expect(await find()).toMatchObject({
    name: `real host (func ${version})`,
    kind: 'real',
    command: 'func',
    arguments: ['start', '--port', '{port}', flag],
  });
});

test.each([
  ['another command of that name', 'echo func version v1.16.0'],
  ['one that is broken', 'echo 4.0.0; exit 1'],
])('%s is not used', async (_what, script) => {
  await put('func', script);
  expect(await find()).toEqual({ reason: expect.stringContaining('no "func" on the PATH') });
});

test('an SDK whose package source has only some of it', async () => {
  await put(
    'dotnet',
    `if [ "$1" = --version ]; then echo 10.0.100; exit 0; fi
    echo 'fetch.csproj : error NU1101: Unable to find package Azure.Functions.Cli.Workloads.Workers.Node. No packages exist'
    echo 'fetch.csproj : error NU1102: Unable to find package Azure.Functions.Cli.Workloads.ExtensionBundles with version (= 9999.0.0)'
    echo 'fetch.csproj : error NU1102:   - Found 3 version(s) in source [ Nearest version: 1.0.0-preview.3 ]'
    exit 1`,
  );
  const { reason } = (await find()) as { readonly reason: string };
  expect(reason).toMatch(
    /has no Azure\.Functions\.Cli\.Workloads\.Host\.\S+, Azure\.Functions\.Cli\.Workloads\.Workers\.Node$/,
  );
});
