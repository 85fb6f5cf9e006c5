/** Holds a history against the contract. Pure: the same history is always judged alike. */
import type { History } from './history.ts';
import { judgeAnswers } from './judge-answers.ts';
import { judgeEnd } from './judge-end.ts';
import { judgeEvents } from './judge-events.ts';
import { judgeFamilies } from './judge-family.ts';
import { judgeReleases } from './judge-release.ts';
import { modelOf } from './model.ts';
import type { Violation } from './violation.ts';

/** @returns the violations, in order of time; each rule once for each place */
export function judge(history: History): Violation[] {
  const model = modelOf(history);
  const all = [judgeAnswers, judgeEvents, judgeFamilies, judgeReleases, judgeEnd].flatMap((one) => one(history, model));
  const seen = new Set<string>();
  return all
    .sort((one, other) => one.at - other.at)
    .filter(({ rule, what }) => {
      const key = `${rule} ${what}`;
      return !seen.has(key) && seen.add(key);
    });
}
