/**
 * `azd up` rehearsed as far as its hooks and our scripts go: whatever fails, and wherever, running it again ends well, with
 * every subscription of Event Grid there as the template wants it.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { DeploymentStandIn, Step } from '../support/deployment-stand-in.ts';
import { startDeploymentStandIn, steps } from '../support/deployment-stand-in.ts';

let azure: DeploymentStandIn;

beforeEach(async () => {
  azure = await startDeploymentStandIn();
});

afterEach(() => azure.close());

const names = () => [...azure.subscriptions.keys()].map((id) => id.split('/').slice(-3).join('/')).sort();
const whole = ['evgst-contoso/eventSubscriptions/tracker-abc', 'evgt-abc/eventSubscriptions/delayed'];

test('the first time all goes well: nothing before the app is there, everything afterwards', async () => {
  await azure.close();
  azure = await startDeploymentStandIn('npm');
  const { code, out, err } = await azure.up();
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/not deployed yet/);
  expect(names()).toEqual(whole);
  for (const { puts } of azure.subscriptions.values()) expect(puts).toBe(1);
}, 120_000);

test('what comes by itself in the first minutes is waited for, and it is said what for', async () => {
  const passing: Step[] = [
    'function',
    'secrets',
    'health',
    'subscription of the topic',
    'subscription of the registry',
    'provisioning state',
  ];
  for (const step of passing) azure.fail(step, 2);
  // Also once it has its secrets.
  azure.fail('health', 5);
  const { code, out, err } = await azure.up();
  expect([code, err]).toEqual([0, '']);
  expect(out.match(/^waiting until/gm)?.length).toBeGreaterThanOrEqual(passing.length);
  expect(names()).toEqual(whole);
}, 120_000);

test('a permanent failure ends the run with a message, and the next run gets further, to the end', async () => {
  for (const step of steps) {
    azure.fail(step, Number.POSITIVE_INFINITY);
    const { code, err } = await azure.up();
    expect([step, code]).toEqual([step, 1]);
    const isAzds = step === 'provision' || step === 'deploy';
    expect([step, err]).toEqual([step, expect.stringMatching(isAzds ? /./ : /azd hooks run postdeploy/)]);
    azure.fail(step, 0);
  }
  const { code, err } = await azure.up();
  expect([code, err]).toEqual([0, '']);
  expect(names()).toEqual(whole);
}, 240_000);

test('an app that answers has its secrets, whether the platform reports them or not', async () => {
  azure.fail('status of secrets', Number.POSITIVE_INFINITY);
  azure.fail('health', 1);
  const { code, out, err } = await azure.up();
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(
    /^waiting until the app answers \(GET \/api\/health: 503; references to the vault: 404 NotFound/m,
  );
  expect(names()).toEqual(whole);
}, 120_000);

describe('later', () => {
  test('a registry that was added is subscribed to by provisioning alone', async () => {
    await azure.up();
    azure.registries.push('fabrikam');
    const { code, err } = await azure.provision();
    expect([code, err]).toEqual([0, '']);
    expect(names()).toEqual([...whole, 'evgst-fabrikam/eventSubscriptions/tracker-abc'].sort());
  }, 120_000);

  test('a deployment whose group was deleted begins again: no state is kept of the first', async () => {
    await azure.up();
    azure.deleteGroup();
    const { code, out, err } = await azure.up();
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/not deployed yet/);
    expect(names()).toEqual(whole);
  }, 120_000);
});

test('the hooks do the same on Windows, where a failure must be handed on', () => {
  const { hooks } = parse(readFileSync(new URL('../../azure.yaml', import.meta.url), 'utf8'));
  expect(Object.keys(hooks).sort()).toEqual(['postdeploy', 'postprovision']);
  for (const { posix, windows } of Object.values(hooks) as Record<string, { shell: string; run: string }>[]) {
    expect(posix?.shell).toBe('sh');
    expect(windows).toEqual({ shell: 'pwsh', run: `${posix?.run}; exit $LASTEXITCODE` });
  }
});
