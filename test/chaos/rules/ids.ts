/**
 * The same fact has one id, however often it is told and by whoever; and one id means one fact. Consumers deduplicate on
 * nothing else: two ids start a deployment twice, one id for two facts loses the second.
 */
import type { Truth } from '../../../src/local/simulator/truth.ts';
import type { Evidence, Told, Violation } from '../evidence.ts';
import { allReplicas, tagConverged, tagSuperseded } from '../evidence.ts';
import type { Families } from '../families.ts';

export function findDoubtfulIds({ told, truth }: Pick<Evidence, 'told' | 'truth'>, families: Families): Violation[] {
  const violations = findUncausedGenerations(told, truth, families);
  for (const [fact, events] of Map.groupBy(told, toFact)) {
    const ids = [...new Set(events.map(({ id }) => id))];
    const subject = events[0]?.key ?? '';
    // A tag may come back to an image: that is told anew.
    const isOnce = ![tagConverged, tagSuperseded].includes(events[0]?.type ?? '');
    if (isOnce && ids.length > 1) {
      violations.push({ rule: 'two ids', subject, what: `${fact} was told as ${ids.join(' and as ')}` });
    }
  }
  for (const [id, events] of Map.groupBy(told, (event) => event.id)) {
    const facts = [...new Set(events.map(toFact))];
    const subject = events[0]?.key ?? '';
    if (facts.length > 1) {
      violations.push({ rule: 'one id for two facts', subject, what: `${id} told ${facts.join(' and ')}` });
    }
  }
  return violations;
}

/** The set of replicas stays as it is, so only what was deleted can become complete again. */
function findUncausedGenerations(told: readonly Told[], truth: Truth, families: Families): Violation[] {
  const complete = Map.groupBy(
    told.filter(({ type }) => type === allReplicas),
    ({ key }) => key,
  );
  return [...complete].flatMap(([key, events]) => {
    const generations = new Set(events.map(({ generation }) => generation)).size;
    const spells = families.of(key).flatMap((each) => truth.regions().flatMap((one) => truth.spellsIn(one, each)));
    const deletions = spells.filter(({ until }) => until !== null).length;
    if (generations <= 1 + deletions) return [];
    const what = `${allReplicas} was told in ${generations} generations, after ${deletions} deletions`;
    return [{ rule: 'published again', subject: key, what }];
  });
}

function toFact({ type, subject, key, generation, region }: Told): string {
  return [type, subject, key, `generation ${generation}`, region ?? ''].join(' ').trim();
}
