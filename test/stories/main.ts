/** `npm run stories -- --minutes 10 --seed 7`: plays stories until the time is over, and prints the violations. */
import { parseArgs } from 'node:util';
import type { BatchResult } from './run.ts';
import { runBatch } from './run.ts';
import { summaryOf } from './summary.ts';
import { transcriptOf } from './transcript.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    stories: { type: 'string', default: '14' },
    seconds: { type: 'string', default: '30' },
    settle: { type: 'string', default: '90' },
    story: { type: 'string' },
    all: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(`Usage: npm run stories -- [--minutes N] [--seed S] [--story K] [--stories N] [--seconds N] [--settle N] [--all]

  --minutes N  begin batches of stories until so much time is over (default: 2)
  --seed S     fixes every story's plan
  --story K    only story K of the seed, among the faults of its batch
  --stories N  how many are played at once (default: 14)
  --seconds N  how long things happen in a story (default: 30)
  --settle N   how long after that everything must be published at the latest (default: 90)
  --all        print the transcript of every broken story, not of the first of each kind
`);
  process.exit(0);
}

/** The seed and the number determine a plan; which faults affect a story depends on how many stories share a batch. */
function againWith(story: number): string {
  const more = (['stories', 'seconds', 'settle'] as const).map((name) => ` --${name} ${values[name]}`).join('');
  return `npm run stories -- --seed ${values.seed} --story ${story}${more}`;
}

const seed = Number(values.seed);
const stories = Number(values.stories);
const only = values.story === undefined ? undefined : Number(values.story);
const results: BatchResult[] = [];
const shown = new Set<string>();
const until = Date.now() + Number(values.minutes) * 60_000;
const first = only === undefined ? 0 : Math.floor(only / stories);

for (let batch = first; batch === first || (only === undefined && Date.now() < until); batch++) {
  const result = await runBatch({
    seed,
    batch,
    stories,
    lengthMs: Number(values.seconds) * 1_000,
    settleMs: Number(values.settle) * 1_000,
    ...(only !== undefined && { only }),
  });
  results.push(result);
  for (const { history, violations } of result.stories) {
    for (const { rule, what } of violations)
      console.log(`VIOLATION seed ${seed} story ${history.story} (${history.kind}): ${rule}: ${what}`);
    const news = violations.filter(({ rule }) => values.all || !shown.has(rule));
    for (const { rule } of news) shown.add(rule);
    if (news.length > 0) console.log(`\n${transcriptOf(history, violations)}\n  again: ${againWith(history.story)}\n`);
  }
  for (const breach of result.breaches) console.log(`VIOLATION seed ${seed} batch ${batch}: event: ${breach}`);
}

console.log(summaryOf(seed, results));
process.exit(
  results.some(
    ({ stories: all, breaches }) => breaches.length > 0 || all.some(({ violations }) => violations.length > 0),
  )
    ? 1
    : 0,
);
