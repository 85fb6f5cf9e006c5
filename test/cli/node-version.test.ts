import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** As an old Node would report itself. */
const old = "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })";

test('the command says which Node it needs, instead of failing later', () => {
  const imported = `data:text/javascript,${encodeURIComponent(old)}`;
  const run = (...options: string[]) =>
    spawnSync(process.execPath, [...options, 'src/cli/main.ts', '--version'], { encoding: 'utf8', timeout: 20_000 });
  const { status, stdout, stderr } = run('--import', imported);
  expect([status, stdout, stderr]).toEqual([64, '', 'acr-replication needs Node 22 or later; this is Node 20.20.2.\n']);
  expect(run().status).toBe(0);
});
