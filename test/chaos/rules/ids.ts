/**
 * The same fact has one id, however often it is told and by whoever; and one id means one fact. Consumers deduplicate on
 * nothing else: two ids start a deployment twice, one id for two facts loses the second.
 */
import type { Evidence, Told, Violation } from '../evidence.ts';
import { tagConverged, tagSuperseded } from '../evidence.ts';

export function findDoubtfulIds({ told }: Pick<Evidence, 'told'>): Violation[] {
  const violations: Violation[] = [];
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

function toFact({ type, subject, key, generation, region }: Told): string {
  return [type, subject, key, `generation ${generation}`, region ?? ''].join(' ').trim();
}
