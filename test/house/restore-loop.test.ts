/** The loop that brings images back after their table was lost, as the page about stored data has it, run by a shell. */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { Said } from '../support/tracker-stand-in.ts';
import { digest, documentWith, problemWith, startTrackerStandIn } from '../support/tracker-stand-in.ts';

const page = await readFile(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const [, loop = ''] = /```sh\n(for repository in [\s\S]*?)```/.exec(page) ?? [];

/** An `az` that ends its lines as on Windows. */
const az = `#!/bin/sh
case $* in
  *'repository list'*) printf 'team/app\\r\\nteam/web\\r\\n' ;;
  *) printf '${digest}\\r\\n' ;;
esac
`;

async function run(said: Said) {
  const folder = await mkdtemp(join(tmpdir(), 'acr-replication-restore-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'az'), az);
  await chmod(join(folder, 'az'), 0o755);
  const tracker = await startTrackerStandIn(() => said);
  const env = { PATH: `${folder}:${process.env.PATH}`, TRACKER_URL: tracker.url, KEY: 'k1' };
  const child = spawn('sh', ['-c', loop], { cwd: folder, env });
  const err = await text(child.stderr);
  return { err, asked: tracker.asked };
}

test('asks for each digest, without the carriage returns', async () => {
  const { err, asked } = await run({ status: 202, body: documentWith(['eastus'], ['westeurope']) });
  expect(err).toBe('');
  expect(asked.map(({ query, key }) => [query.image, key])).toEqual([
    [`contoso.azurecr.io/team/app@${digest}`, 'k1'],
    [`contoso.azurecr.io/team/web@${digest}`, 'k1'],
  ]);
});

test('says what was not taken', async () => {
  const { err } = await run(problemWith(404, 'Registry "contoso" is not tracked here'));
  expect(err).toContain(`contoso.azurecr.io/team/app@${digest}: the tracker answered 404`);
  expect(err).toContain('is not tracked here');
});
