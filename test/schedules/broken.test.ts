/** Tests the rules: each broken world is found within a few schedules, and by the rule that is about it. */
import { expect, test } from 'vitest';
import { artifactWorlds } from './artifact-worlds.ts';
import { brokenWorlds as broken } from './broken-worlds.ts';
import { rules } from './case.ts';
import { catalogueWorlds } from './catalogue-worlds.ts';
import { familyWorlds } from './family-worlds.ts';
import { describeFailure } from './report.ts';
import { runSchedule } from './run-schedule.ts';
import { parsePath, shrink, toPath } from './shrink.ts';
import { wrongAssumptionWorlds } from './wrong-assumption-worlds.ts';

const brokenWorlds = [...broken, ...wrongAssumptionWorlds, ...familyWorlds, ...artifactWorlds, ...catalogueWorlds];

/** The seeds from `fromSeed` on are tried first. With a change of the tracker or of the worlds, another seed may show the fault. */
const maxFirstSeeds = 50;
/** Few enough that ten thousand schedules have a fault of this kind several times. */
const maxSeeds = 2_500;

function* seedsFrom(fromSeed: number): Generator<number> {
  for (let seed = fromSeed; seed < fromSeed + maxFirstSeeds; seed++) yield seed;
  for (let seed = 1; seed <= maxSeeds; seed++) yield seed;
}

test.each(brokenWorlds)('finds $name', { timeout: 300_000 }, async ({ breaks, replacements, fromSeed = 1 }) => {
  for (const seed of seedsFrom(fromSeed)) {
    const { violations } = await runSchedule(seed, { replacements });
    if (violations.some(({ rule }) => rule === breaks)) return;
  }
  expect.fail(`${maxSeeds} schedules, and none of them breaks the rule "${breaks}"`);
});

test('has a broken world for every rule', () => {
  expect(new Set(brokenWorlds.map(({ breaks }) => breaks))).toEqual(new Set(rules));
});

test('makes a failing schedule small, and prints how to run it again', async () => {
  const [{ breaks, replacements }] = broken as readonly [(typeof broken)[number]];
  let seed = 1;
  let complete = await runSchedule(seed, { replacements });
  while (!complete.violations.some(({ rule }) => rule === breaks))
    complete = await runSchedule(++seed, { replacements });
  const [violation] = complete.violations.filter(({ rule }) => rule === breaks);
  if (violation === undefined) throw new Error('the loop ends with one');

  const small = await shrink(seed, breaks, 200, replacements);
  expect(small.kept.choices.size).toBeLessThan(complete.taken.size / 4);
  expect(small.outcome.commands).toBeLessThanOrEqual(complete.commands);

  const again = await runSchedule(seed, { kept: parsePath(toPath(small.kept)), replacements });
  expect(again.violations).toEqual(small.outcome.violations);
  const text = await describeFailure({ seed, violation, small }, replacements);
  expect(text).toContain(`again: npm run schedules -- --seed ${seed} --path '${toPath(small.kept)}' --verbose`);
});
