/** What is true at the end has been published, and the events that the app lists are those that the topic accepted. */
import type { Answer, Evidence, Listing, Violation } from '../evidence.ts';
import { allReplicas, deletedEverywhere, deletedInRegion, inRegion } from '../evidence.ts';
import type { Families } from '../families.ts';
import type { Acknowledgements } from './acknowledgements.ts';

export function findUnpublished(evidence: Evidence, known: Acknowledgements, families: Families): Violation[] {
  const accepted = Map.groupBy(evidence.published, ({ key }) => key);
  const acceptedIds = new Set(evidence.published.map(({ id }) => id));
  const answerOf = new Map(evidence.answers.map((answer) => [`${answer.process} ${answer.subject}`, answer]));
  return evidence.listings.flatMap((listing) => {
    const { process, key, events } = listing;
    const listed = new Set(events.map(({ id }) => id));
    const answer = answerOf.get(`${process} ${key}`);
    const faults = [
      ...events.filter(({ isPublished }) => !isPublished).map(({ type }) => `${type} is not published yet`),
      ...events
        .filter(({ id }) => !acceptedIds.has(id))
        .map(({ type, id }) => `the topic never accepted ${type} ${id}`),
      ...(accepted.get(key) ?? [])
        .filter(({ id }) => !listed.has(id))
        .map(({ type, id }) => `the topic accepted ${type} ${id}, which is not in the image's record`),
      ...(answer === undefined ? [] : findMissing(families, known, listing, answer)),
    ];
    return [...new Set(faults)].map((what) => ({ rule: 'not published', subject: key, what: `${process}: ${what}` }));
  });
}

/** @returns the events that the present generation should have */
function findMissing(
  { truth, of, knownMemberAt }: Families,
  known: Acknowledgements,
  { key, events }: Listing,
  { document }: Answer,
): string[] {
  // It is a member: only its index is published.
  if (knownMemberAt(key) !== undefined) return [];
  const generation = Math.max(0, ...events.map((event) => event.generation));
  const isListed = (type: string, region: string | null = null) =>
    events.some((event) => event.type === type && event.generation === generation && event.region === region);
  const missing = (type: string, regions: readonly (string | null)[]) =>
    regions
      .filter((region) => !isListed(type, region))
      .map((region) => `${type} ${region ?? ''} is not listed in generation ${generation}`);
  // Published in an earlier generation and true ever since: it is not published again, and keeps its id.
  const isStillTrue = (region: string) =>
    events.findLast((event) => event.region === region && [inRegion, deletedInRegion].includes(event.type))?.type ===
    inRegion;
  const isKnown = known.of(key).length > 0 || document.state !== 'unknown';
  if (truth.isEverywhere(key) && isKnown) {
    const isNoted = document.announcedAt !== null;
    return [
      ...missing(allReplicas, [null]),
      ...missing(
        inRegion,
        truth.regions().filter((region) => !isStillTrue(region)),
      ),
      ...(isNoted ? [] : ['the document does not say when it was announced']),
    ];
  }
  // An index is deleted once it was deleted itself; without a member it is in no region, but not deleted.
  const isWithoutMember = of(key).some((each) => each !== key && known.lastDelete(each));
  if (truth.regionsWith(key).length > 0 || !known.lastDelete(key) || isWithoutMember) return [];
  // What was deleted before it was pushed again was published then.
  const isListedAtAll = (region: string) =>
    events.some((event) => event.type === deletedInRegion && event.region === region);
  const deleted = document.regions.filter(({ region, state }) => state === 'deleted' && !isListedAtAll(region));
  return [
    ...missing(deletedEverywhere, [null]),
    ...deleted.map(({ region }) => `${deletedInRegion} ${region} is not listed`),
  ];
}
