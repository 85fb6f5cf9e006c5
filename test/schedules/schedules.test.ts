/**
 * Thousands of schedules in every run of the tests: the same ones each time, so that a change that breaks one is told at
 * once, and as many new ones. `npm run schedules` runs as many as one has time for.
 */
import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { describeFailure } from './report.ts';
import type { Summary } from './run-many.ts';
import { runMany } from './run-many.ts';
import { runSchedule } from './run-schedule.ts';

const count = 500;
const newSeed = randomInt(2 ** 31);

async function problemsOf({ failures }: Summary): Promise<string> {
  const described = await Promise.all(failures.map((failure) => describeFailure(failure)));
  return described.join('\n\n');
}

test.each([
  ['the first', 1],
  ['the second', 1 + count],
  ['new', newSeed],
  ['more new', newSeed + count],
])(
  `%s ${count} schedules, from seed %i on, break no rule`,
  async (_which, firstSeed) => {
    const summary = await runMany({ firstSeed, count, mostFailures: 1, mostRuns: 300 });
    expect(await problemsOf(summary)).toBe('');
    expect(summary.interleavings).toBeGreaterThan(count * 0.9);
    // A run that met none of these would prove little.
    const met = (group: string, name: string) => summary.counters.groups.get(group)?.get(name) ?? 0;
    for (const port of ['store', 'publisher', 'queue', 'timer', 'tags', 'index', 'probe', 'sets', 'directory']) {
      for (const fault of ['fails', 'hangs', 'answer lost', 'effect late', 'made twice']) {
        expect(met('faults', `${fault}, ${port}`), `${fault}, ${port}`).toBeGreaterThan(0);
      }
    }
    expect(met('commits', 'conflict twice in a row')).toBeGreaterThan(0);
    expect(met('commits', 'of a later generation')).toBeGreaterThan(0);
    expect(met('events', 'told by another instance than decided it')).toBeGreaterThan(0);
    expect(met('calls of the dead', 'took effect')).toBeGreaterThan(0);
  },
  60_000,
);

test('a seed is one schedule: twice the same steps to the same end', async () => {
  let steps = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const lines: [string[], string[]] = [[], []];
    for (const said of lines) await runSchedule(seed, { trace: (line) => said.push(line) });
    expect(lines[1]).toEqual(lines[0]);
    steps += lines[0].length;
  }
  expect(steps).toBeGreaterThan(1_000);
});
