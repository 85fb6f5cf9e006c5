/**
 * The same fact has one id, however often and by whichever process it is published, and one id means one fact. Consumers
 * deduplicate only by it: two ids start a deployment twice, one id for two facts loses the second.
 */
import type { Truth } from '../../../src/local/simulator/truth.ts';
import type { Evidence, PublishedEvent, Violation } from '../evidence.ts';
import { allReplicas, tagConverged, tagSuperseded } from '../evidence.ts';
import type { Families } from '../families.ts';

export function findWrongIds(
  { published, truth }: Pick<Evidence, 'published' | 'truth'>,
  families: Families,
): Violation[] {
  const violations = findUncausedGenerations(published, truth, families);
  for (const [fact, events] of Map.groupBy(published, toFact)) {
    const ids = [...new Set(events.map(({ id }) => id))];
    const subject = events[0]?.key ?? '';
    // A tag may return to an image: that is published again.
    const isOnce = ![tagConverged, tagSuperseded].includes(events[0]?.type ?? '');
    if (isOnce && ids.length > 1) {
      violations.push({ rule: 'two ids', subject, what: `${fact} was published as ${ids.join(' and as ')}` });
    }
  }
  for (const [id, events] of Map.groupBy(published, (event) => event.id)) {
    const facts = [...new Set(events.map(toFact))];
    const subject = events[0]?.key ?? '';
    if (facts.length > 1) {
      violations.push({ rule: 'one id for two facts', subject, what: `${id} is the id of ${facts.join(' and ')}` });
    }
  }
  return violations;
}

/** The set of replicas stays as it is, so only what was deleted can become complete again. */
function findUncausedGenerations(published: readonly PublishedEvent[], truth: Truth, families: Families): Violation[] {
  const complete = Map.groupBy(
    published.filter(({ type }) => type === allReplicas),
    ({ key }) => key,
  );
  return [...complete].flatMap(([key, events]) => {
    const generations = new Set(events.map(({ generation }) => generation)).size;
    const periods = families.of(key).flatMap((each) => truth.regions().flatMap((one) => truth.periodsIn(one, each)));
    const deletions = periods.filter(({ until }) => until !== null).length;
    if (generations <= 1 + deletions) return [];
    const what = `${allReplicas} was published in ${generations} generations, after ${deletions} deletions`;
    return [{ rule: 'published again', subject: key, what }];
  });
}

function toFact({ type, subject, key, generation, region }: PublishedEvent): string {
  return [type, subject, key, `generation ${generation}`, region ?? ''].join(' ').trim();
}
