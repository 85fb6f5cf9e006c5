/**
 * Runs the tests of test/host on each Functions host that is available, and reports the result for each: the local
 * host, and the real one. A missing real host is no failure, but the report says that it was not tested.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { HostCommand } from '../test/host/launch.ts';
import { findFunctionsHost, whatToInstall } from './functions-host.ts';

const USAGE = `Usage: npm run test:host -- [--real]

  --real   the real host alone; "npm test" has run the local one
`;
const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
/** A longer run hangs. */
const withinMs = 170_000;

const { values } = parseArgs({
  options: { real: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

let failures = 0;
if (!values.real) failures += (await runTests('local host', undefined)) ? 0 : 1;
const real = await findFunctionsHost();
if ('reason' in real) process.stdout.write(`real host: skipped: ${real.reason}; ${whatToInstall}\n`);
else failures += (await runTests(real.name, real)) ? 0 : 1;
process.exit(failures === 0 ? 0 : 1);

interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly success: boolean;
}

async function runTests(name: string, host: HostCommand | undefined): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-replication-test-host-'));
  const [results, reported] = [join(folder, 'results.json'), join(folder, 'reported')];
  const { VITEST_JSON: _, ...environment } = process.env;
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [vitest, 'run', 'test/host/host.test.ts', '--reporter=dot', '--reporter=json', `--outputFile.json=${results}`],
    {
      cwd: root,
      env: {
        ...environment,
        TEST_HOST_REPORT: reported,
        TEST_HOST: host === undefined ? '' : JSON.stringify(host),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  const seconds = (performance.now() - startedAt) / 1000;
  const text = await readFile(results, 'utf8').catch(() => undefined);
  const report = await readFile(reported, 'utf8').catch(() => '');
  if (code === null) endHosts(report);
  const firstWebhook = Number(/^first-webhook (\S+)$/m.exec(report)?.[1] ?? 0);
  await rm(folder, { recursive: true, force: true });
  if (text === undefined) {
    process.stdout.write(`${name}: no result after ${seconds.toFixed(1)} s (exit code ${code})\n`);
    return false;
  }
  const { numPassedTests, numFailedTests, numPendingTests, success } = JSON.parse(text) as Results;
  const skipped = numPendingTests === 0 ? '' : `, ${numPendingTests} skipped`;
  const start = firstWebhook > 0 ? `; from its start to the first answered webhook ${firstWebhook.toFixed(2)} s` : '';
  process.stdout.write(
    `${name}: ${numPassedTests} tests passed, ${numFailedTests} failed${skipped} in ${seconds.toFixed(1)} s${start}\n`,
  );
  return success && code === 0;
}

/** Ends the hosts that killed tests have left running. */
function endHosts(report: string): void {
  for (const [, pid] of report.matchAll(/^host (\d+)$/gm)) {
    try {
      process.kill(-Number(pid), 'SIGKILL');
    } catch {
      // It had ended already.
    }
  }
}
