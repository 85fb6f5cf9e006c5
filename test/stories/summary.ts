/** What was played, judged and found, in numbers. */
import type { BatchResult } from './run.ts';

export function summaryOf(seed: number, results: readonly BatchResult[]): string {
  const stories = results.flatMap((result) => result.stories);
  const histories = stories.map(({ history }) => history);
  const total = (count: (history: (typeof histories)[number]) => number) =>
    histories.reduce((sum, one) => sum + count(one), 0);
  const broken = countBy(stories.flatMap(({ violations }) => violations.map(({ rule }) => rule)));
  const steps = results.flatMap(({ plans }) => plans.flatMap((plan) => plan.steps));
  const faults = countBy([
    ...results.flatMap((result) => faultsOf(result).flatMap(({ kind }) => (kind === 'slow' ? [] : [kind]))),
    ...steps.flatMap((step) => (step.do === 'arm' && step.fault !== undefined ? [`ARM ${step.fault}`] : [])),
    ...steps.flatMap((step) => (step.do === 'endpoint' && step.fault !== undefined ? [`replica ${step.fault}`] : [])),
    ...steps.flatMap((step) => (step.do === 'replica' ? ['first replica'] : [])),
    ...histories.flatMap((history) => history.published.flatMap(({ refused }) => (refused ? ['event refused'] : []))),
    ...histories.flatMap((history) => history.reports.flatMap((report) => skewsOf(report.eventTime - report.sentAt))),
  ]);
  const requests = total(
    ({ reports, questions, odds, eventLists }) => reports.length + questions.length + odds.length + eventLists.length,
  );
  const slowMs = results
    .flatMap(faultsOf)
    .reduce((sum, { kind, from, until }) => sum + (kind === 'slow' ? until - from : 0), 0);
  const settled = Math.max(0, ...results.map(({ settledMs }) => settledMs)) / 1_000;
  return [
    `stories ${stories.length} (seed ${seed}), requests ${requests}, webhook events ${total(({ reports }) => reports.length)}, answers judged ${total(({ questions, odds }) => questions.length + odds.length)}, events judged ${total(({ published }) => published.length)}, settled after ${settled.toFixed(0)} s, too slow to judge times for ${(slowMs / 1_000).toFixed(0)} s, violations ${stories.reduce((sum, { violations }) => sum + violations.length, 0)}`,
    `by kind of story: ${format(countBy(histories.map(({ kind }) => kind)))}`,
    `by kind of fault: ${format(faults)}`,
    `by status: ${format(countBy(histories.flatMap(({ questions }) => questions.map(({ route, status }) => `${route} ${status ?? 'none'}`))))}; ${format(countBy(histories.flatMap(({ reports }) => reports.map(({ status, outcome }) => `webhook ${outcome ?? status ?? 'none'}`))))}`,
    `violations by rule: ${broken.size === 0 ? 'none' : format(broken)}`,
  ].join('\n');
}

function faultsOf({ stories }: BatchResult) {
  return stories[0]?.history.faults ?? [];
}

function skewsOf(ms: number): string[] {
  const size = Math.abs(ms);
  if (size > 30 * 86_400_000) return ['time years off'];
  if (ms < -1_500_000) return ['event hours late'];
  return size > 45_000 ? ['clock minutes off'] : [];
}

function countBy(of: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of of) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
}

function format(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([what, count]) => `${what} ${count}`)
    .join(', ');
}
