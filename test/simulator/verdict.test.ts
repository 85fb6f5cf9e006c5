/**
 * The judge against receivers that work and receivers that do not. A checker that never found a fault is no evidence
 * that there is none.
 */
import { afterEach, expect, test } from 'vitest';
import { compareWithTruth } from '../../src/local/simulator/compare.ts';
import { planLoad } from '../../src/local/simulator/load.ts';
import { createSimulator, type SimulatorOptions } from '../../src/local/simulator/simulator.ts';
import { createTrackerClient } from '../../src/local/simulator/tracker-client.ts';
import { createVirtualScheduler } from '../../src/local/simulator/virtual-scheduler.ts';
import { type Mistakes, type StandInTracker, startStandInTracker } from './stand-in-tracker.ts';

const REGIONS = ['eastus', 'westeurope', 'southeastasia'];
let tracker: StandInTracker | undefined;

afterEach(async () => {
  await tracker?.stop();
  tracker = undefined;
});

async function judge(mistakes: Mistakes, options: Partial<SimulatorOptions> = {}) {
  tracker = await startStandInTracker(REGIONS, mistakes);
  const scheduler = createVirtualScheduler();
  const { url } = tracker;
  const base = { registry: 'contoso', regions: REGIONS, seed: 23, scheduler, url, secret: 'a-secret-of-some-length' };
  const { world, sender } = createSimulator({ ...base, ...options });
  planLoad(world, scheduler, { seed: 23, images: 12, shares: { deleted: 0.3, pushedAgain: 0.5 } });
  await scheduler.run();
  const client = createTrackerClient(url);
  const asked = { world, attempts: sender.attempts, client, rounds: 2, pause: async () => undefined };
  const comparisons = await compareWithTruth(asked);
  return { comparisons, outcomes: new Set(comparisons.map(({ outcome }) => outcome)) };
}

test('a tracker that keeps the latest report of every region agrees, repeats and reordering included', async () => {
  const { comparisons, outcomes } = await judge({}, { delivery: { repeat: 0.5, reorder: 0.5 } });
  expect(comparisons.length).toBeGreaterThan(20);
  expect(outcomes).toEqual(new Set(['agrees']));
});

test('a lost webhook event is no fault of the tracker', async () => {
  const { outcomes } = await judge({}, { delivery: { loss: 0.3 } });
  expect(outcomes).toEqual(new Set(['agrees', 'lost']));
});

test('claiming all regions after the first report is false', async () => {
  const { comparisons, outcomes } = await judge({ optimistic: true }, { delivery: { loss: 0.3 } });
  expect(outcomes).toContain('lost');
  const early = await judgeWhileReplicating();
  expect(early.outcomes).toContain('false');
  expect(comparisons.length).toBeGreaterThan(0);
});

test('answering 200 without storing is behind', async () => {
  const { comparisons, outcomes } = await judge({ deafTo: 'westeurope' });
  expect(outcomes).toContain('behind');
  expect(comparisons.find(({ outcome }) => outcome === 'behind')?.reasons).toContain(
    'is in westeurope; the tracker received the event',
  );
});

/** A tracker that assumes too much, asked while a region is cut off: it claims what no event has reported. */
async function judgeWhileReplicating() {
  await tracker?.stop();
  tracker = await startStandInTracker(REGIONS, { optimistic: true });
  const scheduler = createVirtualScheduler();
  const { url } = tracker;
  const base = { registry: 'contoso', regions: REGIONS, seed: 23, scheduler, url, secret: 'a-secret-of-some-length' };
  const { world, sender } = createSimulator(base);
  world.beginOutage('southeastasia');
  planLoad(world, scheduler, { seed: 23, images: 3 });
  await scheduler.run();
  const client = createTrackerClient(url);
  const comparisons = await compareWithTruth({ world, attempts: sender.attempts, client, rounds: 1 });
  return { outcomes: new Set(comparisons.map(({ outcome }) => outcome)) };
}
