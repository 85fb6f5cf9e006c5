/** What is true at the end has been told, and what the app believes to have told is what the topic took. */
import type { Answer, Evidence, Listing, Violation } from '../evidence.ts';
import { allReplicas, deletedEverywhere, deletedInRegion, inRegion } from '../evidence.ts';
import type { Families } from '../families.ts';
import type { Acknowledgements } from './acknowledgements.ts';

export function findUnpublished(evidence: Evidence, known: Acknowledgements, families: Families): Violation[] {
  const taken = Map.groupBy(evidence.told, ({ key }) => key);
  const takenIds = new Set(evidence.told.map(({ id }) => id));
  const answerOf = new Map(evidence.answers.map((answer) => [`${answer.process} ${answer.subject}`, answer]));
  return evidence.listings.flatMap((listing) => {
    const { process, key, events } = listing;
    const listed = new Set(events.map(({ id }) => id));
    const answer = answerOf.get(`${process} ${key}`);
    const faults = [
      ...events.filter(({ isPublished }) => !isPublished).map(({ type }) => `${type} is still to be told`),
      ...events.filter(({ id }) => !takenIds.has(id)).map(({ type, id }) => `the topic never took ${type} ${id}`),
      ...(taken.get(key) ?? [])
        .filter(({ id }) => !listed.has(id))
        .map(({ type, id }) => `the topic took ${type} ${id}, which is not in the image's record`),
      ...(answer === undefined ? [] : findMissing(families, known, listing, answer)),
    ];
    return [...new Set(faults)].map((what) => ({ rule: 'not published', subject: key, what: `${process}: ${what}` }));
  });
}

/** @returns what should have been told in the present generation */
function findMissing(
  { truth, of, knownMemberAt }: Families,
  known: Acknowledgements,
  { key, events }: Listing,
  { document }: Answer,
): string[] {
  // Its family is published, and it is not.
  if (knownMemberAt(key) !== undefined) return [];
  const generation = Math.max(0, ...events.map((event) => event.generation));
  const isTold = (type: string, region: string | null = null) =>
    events.some((event) => event.type === type && event.generation === generation && event.region === region);
  const missing = (type: string, regions: readonly (string | null)[]) =>
    regions
      .filter((region) => !isTold(type, region))
      .map((region) => `${type} ${region ?? ''} was not noted in generation ${generation}`);
  // Told in a generation before and so ever since, it is no news in this one: the push keeps the id that it has.
  const isStillSo = (region: string) =>
    events.findLast((event) => event.region === region && [inRegion, deletedInRegion].includes(event.type))?.type ===
    inRegion;
  const isHeardOf = known.of(key).length > 0 || document.state !== 'unknown';
  if (truth.isEverywhere(key) && isHeardOf) {
    const isNoted = document.announcedAt !== null;
    return [
      ...missing(allReplicas, [null]),
      ...missing(
        inRegion,
        truth.regions().filter((region) => !isStillSo(region)),
      ),
      ...(isNoted ? [] : ['the document does not say when it was announced']),
    ];
  }
  // An index is gone once it has been deleted itself; without a member it is in no region, and not gone.
  const isWithoutMember = of(key).some((each) => each !== key && known.lastDelete(each));
  if (truth.regionsWith(key).length > 0 || !known.lastDelete(key) || isWithoutMember) return [];
  // What was deleted before it was pushed again was told then.
  const isToldAtAll = (region: string) =>
    events.some((event) => event.type === deletedInRegion && event.region === region);
  const gone = document.regions.filter(({ region, state }) => state === 'deleted' && !isToldAtAll(region));
  return [
    ...missing(deletedEverywhere, [null]),
    ...gone.map(({ region }) => `${deletedInRegion} ${region} was never noted`),
  ];
}
