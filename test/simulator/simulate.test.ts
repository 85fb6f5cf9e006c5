/**
 * `npm run simulate` as a whole, against stand-ins. Continuous integration uses its exit code, so it has to be 1 when
 * the tracker is wrong, and 0 when the tracker only got no event.
 */
import { CommanderError } from 'commander';
import { afterEach, describe, expect, test } from 'vitest';
import { runSimulation } from '../../src/local/simulator/run-simulation.ts';
import { createSimulateCommand, type SimulateArguments } from '../../src/local/simulator/simulate-arguments.ts';
import { type Mistakes, type StandInTracker, startStandInTracker } from './stand-in-tracker.ts';

let tracker: StandInTracker | undefined;

afterEach(async () => {
  await tracker?.stop();
  tracker = undefined;
});

async function parse(...args: string[]): Promise<SimulateArguments> {
  let parsed: SimulateArguments | undefined;
  const command = createSimulateCommand(async (options) => {
    parsed = options;
  });
  command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  await command.parseAsync(args, { from: 'user' });
  if (parsed === undefined) throw new Error('the command did not run');
  return parsed;
}

async function simulate(mistakes: Mistakes, ...args: string[]): Promise<{ code: number; text: string }> {
  const regions = ['eastus', 'westeurope', 'southeastasia', 'australiaeast'];
  tracker = await startStandInTracker(regions, mistakes);
  const lines: string[] = [];
  const options = await parse('--url', tracker.url, '--images', '5', '--speed', '50', ...args);
  const code = await runSimulation({ ...options, seed: options.seed ?? 42 }, (line) => lines.push(line));
  return { code, text: lines.join('\n') };
}

describe('the command line', () => {
  test('fits npm start by default', async () => {
    expect(await parse()).toMatchObject({
      ...{ url: 'http://127.0.0.1:7071', registry: 'contoso', secret: 'local-development-secret' },
      ...{ regions: ['eastus', 'westeurope', 'southeastasia', 'australiaeast'], images: 20, lag: 3, speed: 1, loss: 0 },
    });
  });

  test('reads lists, pairs and spans', async () => {
    const args = ['--regions', 'a,b', '--late', 'a=5', '--late', 'b=2', '--outage', 'a=5:20', '--arm-outage', '1:2'];
    const { endpoint } = await parse('--endpoint', 'a=misrouted:1:9', '--endpoint', 'b=rubbish:2:3');
    expect(endpoint).toEqual({
      a: { mode: 'misrouted', from: 1, until: 9 },
      b: { mode: 'rubbish', from: 2, until: 3 },
    });
    expect(await parse(...args)).toMatchObject({
      ...{ regions: ['a', 'b'], late: { a: 5, b: 2 }, outage: { a: { from: 5, until: 20 } } },
      armOutage: { from: 1, until: 2 },
    });
  });

  test.each([
    ['--loss', '2'],
    ['--loss', ''],
    ['--images', 'many'],
    ['--regions', 'a,,b'],
    ['--regions', 'a,a'],
    ['--late', 'eastus'],
    ['--outage', 'eastus=20:5'],
    ['--endpoint', 'eastus=5:20'],
    ['--endpoint', 'eastus=lost:5:20'],
    ['--endpoint', 'eastus=misrouted:20:5'],
    ['--event-ids', 'none'],
    ['--url', 'here'],
    ['--unknown', '1'],
  ])('refuses %s "%s"', async (...args) => {
    await expect(parse(...args)).rejects.toThrow(CommanderError);
  });
});

describe('a run', () => {
  test('ends with 0 when the tracker is right, and prints its seed', async () => {
    const { code, text } = await simulate({}, '--repeat', '0.5', '--deleted', '0.3', '--pushed-again', '0.5');
    expect(text).toContain('The tracker is right. seed 42');
    expect(text).toMatch(/\d+ deliveries\n {2}200 recorded: \d+ \(\d+ of them repeats\)/);
    expect(code).toBe(0);
  });

  test('ends with 0 when webhook events were lost, and names the images it does not know', async () => {
    const { code, text } = await simulate({}, '--loss', '0.5');
    expect(text).toMatch(/lost on the way: \d+/);
    expect(text).toMatch(/lost, not yet known; is in \w+; the tracker did not receive the event/);
    expect(code).toBe(0);
  });

  test('ends with 1 when an image is claimed too early, although it is right in the end', async () => {
    const { code, text } = await simulate({ optimistic: true }, '--speed', '5', '--images', '2');
    expect(text).toMatch(/FALSE .*called available before it was in/);
    expect(code).toBe(1);
  });

  test('goes through outages and changing replicas while it serves what it is asked', async () => {
    const incidents = ['--outage', 'eastus=0:5', '--remove-replica', 'australiaeast=3', '--add-replica', 'uksouth=2'];
    const faults = [
      '--scatter',
      '0.3',
      '--children-late',
      '0.5',
      '--overtake',
      '0.2',
      '--raced',
      '0.3',
      '--artifacts',
      '0.4',
    ];
    const { code, text } = await simulate(
      {},
      ...incidents,
      ...faults,
      '--serve',
      '0',
      '--arm-outage',
      '1:2',
      '--endpoint',
      'eastus=misrouted:1:5',
    );
    expect(text).toMatch(/"regionalEndpoints":{"eastus":"http:\/\/127.0.0.1:\d+"/);
    expect(text).toMatch(/is in uksouth; the tracker did not receive the event/);
    expect(code).toBe(0);
  });

  test('does not start when the tracker already knows the images of its seed', async () => {
    await simulate({}, '--images', '1', '--loss', '0');
    const options = await parse('--url', tracker?.url ?? '', '--images', '1', '--speed', '50');
    const again = runSimulation({ ...options, seed: 42 }, () => undefined);
    await expect(again).rejects.toThrow(/seed 42: the tracker knows its images/);
  });

  test('prints what to do when nothing listens', async () => {
    const options = await parse('--url', 'http://127.0.0.1:9');
    const run = runSimulation({ ...options, seed: 1 }, () => undefined);
    await expect(run).rejects.toThrow(/is the tracker running \(npm start\)/);
  });
});
