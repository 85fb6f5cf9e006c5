/**
 * When all faults have ended and time has passed: every running instance answers what the model expects, everything
 * true has been published, and no event is pending.
 */

import type { AnnouncementKind } from '../../src/core/image/announcement-key.ts';
import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { expectedRegions, findReplica } from '../../src/core/model/replica-set.ts';
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import type { PublishedEvent } from '../../src/core/query/published-events.ts';
import type { Case } from './case.ts';
import { delayedAfterMs } from './case.ts';
import { partsOf } from './family-claims.ts';
import type { Claim } from './history.ts';
import { inTheEnd } from './history.ts';
import type { Instance } from './instance.ts';
import { judgeDocument, mayBeForgotten } from './judge-answer.ts';
import { judgeArtifactsEnd } from './judge-artifacts-end.ts';
import { countedBy, judgeCounts } from './judge-counts.ts';
import type { Standing } from './judge-family-end.ts';
import { judgeFamilies, standingOf } from './judge-family-end.ts';
import { judgeLists } from './judge-lists.ts';
import { judgeReleases } from './judge-release.ts';
import { judgeTags } from './judge-tags.ts';

const rules = { answer: 'an answer is true', kept: 'an acknowledged fact is kept' } as const;

/** Asks one instance everything; the caller runs the scheduler until the answers come. */
export async function judgeEnd(on: Case, instance: Instance): Promise<void> {
  const { tracker } = instance;
  await tracker.ready(on.settings);
  const set = tracker.replicaSet(on.settings);
  const images = reportedImages(on);
  const documents = new Map<number, AvailabilityDocument>();
  for (const image of images) documents.set(image, await judgeDocumentOf(on, instance, image));
  for (const [image, document] of documents)
    await judgeImage(on, instance, image, set, document, standingOf(on, image, documents));
  const states = new Map([...documents].map(([image, { state }]) => [image, state]));
  const isPart = (image: number) => standingOf(on, image, documents) !== 'single';
  await judgeTags(on, instance, set);
  const signed = on.plan.world.signed ?? -1;
  const plain = documents.get(signed);
  if (plain !== undefined) await judgeArtifactsEnd(on, instance, signed, plain);
  await judgeReleases(on, instance);

  const query = {
    registry: on.settings,
    repository: undefined,
    region: undefined,
    missing: false,
    limit: 50,
    cursor: undefined,
  };
  await judgeFamilies(on, instance, documents, { ...query, state: undefined });
  const listed = await tracker.images({ ...query, state: undefined });
  for (const image of images.filter((one) => !isPart(one))) {
    const isKept = on.history.reports.some((report) => report.image === image && report.keptAt !== undefined);
    const isListed = listed.images.some(({ digest }) => digest === on.nameOf(image).digest);
    // One that is unknown was reported by replaced replicas only, or may have expired: `judgeDocumentOf` judges that.
    if (isKept && !isListed && states.get(image) !== 'unknown')
      on.violate('images are listed', `image ${image} is not listed by ${instance.label}`);
  }
  if (on.plan.world.catalogue === true) {
    const counted = await countedBy(on, instance, documents, listed.images);
    for (const each of on.runningInstances()) await judgeCounts(on, each, counted);
    await judgeLists(on, instance, counted, { ...query, state: undefined });
  }
  const open = await tracker.images({ ...query, state: 'replicating' });
  for (const [image, state] of states) {
    const isListed = open.images.some(({ digest }) => digest === on.nameOf(image).digest);
    if (state === 'replicating' && !isListed && !isPart(image))
      on.violate('images are listed', `image ${image} is replicating, and ${instance.label} does not list it as that`);
  }
}

/** What one instance answers about each image, at the end. */
export async function judgeDocuments(on: Case, instance: Instance): Promise<void> {
  await instance.tracker.ready(on.settings);
  for (const image of reportedImages(on)) await judgeDocumentOf(on, instance, image);
}

function reportedImages(on: Case): number[] {
  return [...new Set(on.history.reports.map(({ image }) => image))];
}

function questionOf(on: Case, image: number) {
  return { registry: on.settings, repository: on.repository, digest: on.nameOf(image).digest, tag: undefined };
}

function claimer(on: Case, image: number, set: ReplicaSet): (region: Region) => Claim {
  return (region) =>
    on.history.claim(image, region, { ...inTheEnd, lastAbsentAt: findReplica(set, region)?.lastAbsentAt });
}

async function judgeDocumentOf(on: Case, { tracker, label }: Instance, image: number): Promise<AvailabilityDocument> {
  const set = tracker.replicaSet(on.settings);
  const question = questionOf(on, image);
  const document = await tracker.answer(question, defaultRequirement(set));
  judgeDocument(on, document, set, inTheEnd, rules);
  const claim = claimer(on, image, set);
  const parts = partsOf(on, image, true);
  const expected = expectedRegions(set);
  // Reports of a replica that was removed are void; the tracker may keep them or not.
  const isKept = on.history.reports.some(
    ({ image: of, fact: { region }, keptAt }) => of === image && keptAt !== undefined && expected.includes(region),
  );
  const isForgotten = mayBeForgotten(on, image) && expected.every((region) => !claim(region).mustBeThere);
  if (
    isKept &&
    !isForgotten &&
    document.state === 'unknown' &&
    !expected.some((region) => findReplica(set, region)?.lastAbsentAt)
  ) {
    on.violate('an acknowledged fact is kept', `${label} answers that nothing is known of image ${image}`);
  }
  for (const { region, state } of document.regions) {
    const isAskable =
      on.plan.world.probing === 'confirm' &&
      expected.includes(region) &&
      parts.every((part) => on.registry.has(on.nameOf(part).digest, region));
    if (state === 'unverified' && isAskable && parts.every((part) => claimer(on, part, set)(region).mustBeThere)) {
      on.violate(
        'an acknowledged fact is kept',
        `image ${image} is unverified in ${region}, whose replica would confirm it`,
      );
    }
  }
  return document;
}

async function judgeImage(
  on: Case,
  instance: Instance,
  image: number,
  set: ReplicaSet,
  document: AvailabilityDocument,
  standing: Standing,
): Promise<void> {
  // A member is not published by itself.
  if (standing === 'single') judgePublished(on, image, document, claimer(on, image, set));
  const known = await instance.tracker.events(questionOf(on, image));
  judgeListedEvents(on, image, known?.events ?? [], instance.label);
}

/** At least once: what the document says now was published. */
function judgePublished(
  on: Case,
  image: number,
  document: AvailabilityDocument,
  claim: (region: Region) => Claim,
): void {
  const published = [...on.published, ...on.refusedForGood.values()].filter(
    ({ data }) => data.digest === document.digest,
  );
  const isPublished = (kind: AnnouncementKind, region?: Region) =>
    published.some((event) => event.type === announcementTypes[kind] && event.data.region === region);
  const mustBePublished = (kind: AnnouncementKind, region?: Region) => {
    if (!isPublished(kind, region))
      on.violate(
        'what is true is published',
        `${kind} of image ${image}${region === undefined ? '' : ` in ${region}`} was never published`,
      );
  };
  const wasSeeded = on.plan.commands.some((command) => command.kind === 'replicas' && command.isSeeding);
  for (const { region, state } of document.regions) {
    if (state === 'available' && !wasSeeded) mustBePublished('availableInRegion', region);
    // If only a member was deleted, that is published of the family if the family had been published there.
    const isWhole = on.family.members(image).length === 0 || claim(region).mustBeDeleted;
    if (state === 'deleted' && (isWhole || isPublished('availableInRegion', region)))
      mustBePublished('deletedInRegion', region);
  }
  if (document.state === 'available') {
    mustBePublished('availableInAllReplicas');
    const isRefused = [...on.refusedForGood.values()].some(
      ({ type, data }) => type === announcementTypes.availableInAllReplicas && data.digest === document.digest,
    );
    if (document.announcedAt === null && !isRefused)
      on.violate(
        'what is true is published',
        `image ${image} is everywhere, and the document does not say when that was published`,
      );
  }
  if (
    document.state === 'deleted' &&
    document.regions.every(({ region, expected }) => expected || !claim(region).mayBeThere)
  )
    mustBePublished('deletedInAllReplicas');
  const firstSeen = document.firstSeenAt === null ? Number.POSITIVE_INFINITY : Date.parse(document.firstSeenAt);
  const isLate = on.scheduler.now() > firstSeen + 2 * delayedAfterMs;
  if (document.state === 'replicating' && document.availableAt === null && isLate) {
    const isDelayPublished = published.some((event) => event.type === announcementTypes.delayed);
    const wasGone = published.some(
      (event) => event.type === announcementTypes.deletedInAllReplicas && Date.parse(event.time) >= firstSeen,
    );
    if (!document.delayed || !isDelayPublished)
      on.violate(
        'what is true is published',
        `image ${image} is late, and not called delayed${wasGone ? ', since it was published as deleted everywhere' : ''}`,
      );
  }
}

/** The events that the tracker lists as published: all of them, and only those that the topic accepted. */
function judgeListedEvents(on: Case, image: number, events: readonly PublishedEvent[], label: string): void {
  const sent = new Set(on.published.map((event) => event.id));
  for (const { event, publishedAt } of events) {
    const what = `${event.type} of image ${image}${event.data.region === undefined ? '' : ` in ${event.data.region}`}, generation ${event.data.generation}`;
    if (publishedAt === null && !on.refusedForGood.has(event.id))
      on.violate('nothing stays unpublished', `${what}, as ${label} sees it`);
    if (publishedAt !== null && !sent.has(event.id)) on.violate('only what was sent is stored as published', what);
  }
}
