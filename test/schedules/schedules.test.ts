/**
 * Runs thousands of schedules in every run of the tests, always the same: if one fails, a change of the code is the
 * cause. `npm run schedules` runs new ones.
 */
import { expect, test } from 'vitest';
import { describeFailure } from './report.ts';
import type { Summary } from './run-many.ts';
import { runMany } from './run-many.ts';
import { runSchedule } from './run-schedule.ts';

const count = 500;

async function problemsOf({ failures }: Summary): Promise<string> {
  const described = await Promise.all(failures.map((failure) => describeFailure(failure)));
  return described.join('\n\n');
}

test.each([1, 1 + 2 * count])(
  `${count} schedules, from seed %i on, break no rule`,
  async (firstSeed) => {
    const summary = await runMany({ firstSeed, count, maxFailures: 1, maxRuns: 300 });
    expect(await problemsOf(summary)).toBe('');
    expect(summary.interleavings).toBeGreaterThan(count * 0.9);
    // A run without these would prove little.
    const met = (group: string, name: string) => summary.counters.groups.get(group)?.get(name) ?? 0;
    for (const port of [
      'store',
      'publisher',
      'queue',
      'dueWork',
      'tags',
      'lists',
      'probe',
      'sets',
      'directory',
      'manifests',
      'catalogue',
    ]) {
      for (const fault of ['fails', 'hangs', 'answer lost', 'effect late', 'made twice']) {
        expect(met('faults', `${fault}, ${port}`), `${fault}, ${port}`).toBeGreaterThan(0);
      }
    }
    expect(met('commits', 'conflict twice in a row')).toBeGreaterThan(0);
    expect(met('commits', 'of a later generation')).toBeGreaterThan(0);
    expect(met('faults', 'event refused')).toBeGreaterThan(0);
    expect(met('faults', 'one event of a batch refused')).toBeGreaterThan(0);
    expect(met('topic unavailable', 'for long')).toBeGreaterThan(0);
    expect(met('forwards', 'waiting')).toBeGreaterThan(0);
    expect(met('events', 'published by another instance than decided it')).toBeGreaterThan(0);
    expect(met('calls of killed instances', 'took effect')).toBeGreaterThan(0);
    for (const name of [
      'ImageAvailableInAllReplicas',
      'a member published by itself',
      'asked: members unknown, counts by itself',
      'complete at the end',
      'complete at the end, and found by probing',
      'killed between the two writes of a report',
    ]) {
      expect(met('families', name), name).toBeGreaterThan(0);
    }
    for (const name of [
      'asked: satisfied',
      'asked: not yet',
      'referrers: no answer',
      'a list of referrers: lacks the last',
      'at the end: satisfied',
    ]) {
      expect(met('artifacts', name), name).toBeGreaterThan(0);
    }
    for (const name of [
      'conflict',
      'when due',
      'of several images at the end',
      'delayed at the end',
      'diverged at the end',
      'unpublished at the end',
      'lists judged',
      'searches judged',
      'judged during the run',
    ]) {
      expect(met('counts', name), name).toBeGreaterThan(0);
    }
    expect(met('platforms', 'there in a region')).toBeGreaterThan(0);
    expect(met('platforms', 'missing in a region')).toBeGreaterThan(0);
    for (const name of [
      'ReleaseAvailableInAllReplicas',
      'ReleaseDelayed',
      'unchanged',
      'revised',
      'satisfied at the end',
    ]) {
      expect(met('releases', name), name).toBeGreaterThan(0);
    }
  },
  600_000,
);

test('a seed is one schedule: twice the same steps to the same end', async () => {
  let steps = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const lines: [string[], string[]] = [[], []];
    for (const printed of lines) await runSchedule(seed, { trace: (line) => printed.push(line) });
    expect(lines[1]).toEqual(lines[0]);
    steps += lines[0].length;
  }
  expect(steps).toBeGreaterThan(1_000);
});
