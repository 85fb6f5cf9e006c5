/**
 * A short run of random stories, always the same: it shows that the stories, the stand-ins and the judge still fit the
 * app. The long runs are `npm run stories`.
 */
import { expect, test } from 'vitest';
import { runBatch } from './run.ts';
import { transcriptOf } from './transcript.ts';

test('a batch of stories breaks no rule', async () => {
  const result = await runBatch({ seed: 20_261_128, batch: 0, stories: 14, lengthMs: 12_000, settleMs: 60_000 });
  const broken = result.stories.filter(({ violations }) => violations.length > 0);
  for (const { history, violations } of broken) console.log(transcriptOf(history, violations));
  const found = broken.flatMap(({ history, violations }) =>
    violations.map(({ rule, what }) => `story ${history.story} (${history.kind}): ${rule}: ${what}`),
  );
  expect([...found, ...result.breaches]).toEqual([]);
  expect(result.stories).toHaveLength(14);
  // What is judged must have happened.
  const histories = result.stories.map(({ history }) => history);
  expect(histories.flatMap(({ reports }) => reports).filter(({ status }) => status === 200).length).toBeGreaterThan(20);
  expect(histories.flatMap(({ published }) => published).filter(({ accepted }) => accepted).length).toBeGreaterThan(20);
  expect(histories.flatMap(({ questions }) => questions).filter(({ status }) => status === 200).length).toBeGreaterThan(
    30,
  );
}, 180_000);
