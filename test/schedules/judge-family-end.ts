/** What is answered about families when all faults have ended: members are known, and listed only with their family. */
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import type { ImageQuery } from '../../src/core/query/list-images.ts';
import type { Case } from './case.ts';
import { start } from './case.ts';
import { mayBeDeleted, partsOf } from './family-claims.ts';
import { inTheEnd } from './history.ts';
import type { Instance } from './instance.ts';
import { isTagged, ruleAbout } from './judge-family.ts';

/**
 * `part`: listed by an index that is there; only the family is published and listed. `single`: listed by no index that
 * was reported. `either`: listed by an index that may be deleted, or could not be read.
 */
export type Standing = 'part' | 'single' | 'either';

export function standingOf(on: Case, image: number, documents: ReadonlyMap<number, AvailabilityDocument>): Standing {
  const attachment = on.family.attachment(image);
  // An index whose manifest could not be read is an image like any other.
  if (attachment !== undefined) return isAttached(on, image, documents) ? 'part' : 'either';
  const indexes = on.family.indexes(image).flatMap((index) => documents.get(index) ?? []);
  if (indexes.length === 0) return 'single';
  const isThere = ({ digest, membersKnown }: AvailabilityDocument) =>
    membersKnown && !mayBeDeleted(on, on.imageOf(digest) ?? 0);
  return indexes.some(isThere) ? 'part' : 'either';
}

/** An artifact, by its document or by its tag. */
function isAttached(on: Case, image: number, documents: ReadonlyMap<number, AvailabilityDocument>): boolean {
  const attachment = on.family.attachment(image);
  const isNamed = isTagged(on, image, on.scheduler.now()) || documents.get(image)?.subject !== undefined;
  return attachment !== undefined && isNamed && !mayBeDeleted(on, attachment.subject);
}

/** Asked of one instance; of the same registry as all else. */
export async function judgeFamilies(
  on: Case,
  instance: Instance,
  documents: ReadonlyMap<number, AvailabilityDocument>,
  query: ImageQuery,
): Promise<void> {
  if (on.plan.world.family === undefined && on.plan.world.signed === undefined) return;
  const { tracker, label } = instance;
  on.counters.count('families', 'schedules');
  const [families, all] = [await tracker.images(query), await tracker.images({ ...query, members: true })];
  for (const [image, document] of documents) {
    if (isInFamily(on, image)) judgeFound(on, image, document, label);
    if (on.family.members(image).length > 0) {
      judgeKnown(on, image, document, label);
      await judgeMembers(on, instance, image, document);
    }
    const isListed = (list: typeof all) => list.images.some(({ digest }) => digest === document.digest);
    if (standingOf(on, image, documents) !== 'part') continue;
    on.counters.count('families', 'members at the end');
    if (isListed(families)) on.violate(ruleAbout(on, image), `image ${image} is listed by ${label}`);
    const isKept = on.history.reports.some((report) => report.image === image && report.keptAt !== undefined);
    if (isKept && document.state !== 'unknown' && !isListed(all))
      on.violate('images are listed', `image ${image} is not listed by ${label}, members included`);
  }
}

/** What is there and can be read has been read by now. */
function judgeKnown(on: Case, image: number, { membersKnown, state }: AvailabilityDocument, label: string): void {
  on.counters.count('families', `at the end: ${state}${membersKnown ? '' : ', members unknown'}`);
  const indexes = partsOf(on, image, true).filter((part) => on.family.members(part).length > 0);
  const isReadable = on.registry.replicas.every((region) =>
    indexes.every((index) => on.registry.has(on.nameOf(index).digest, region)),
  );
  const isThere = on.registry.replicas.every((region) => on.history.claim(image, region, inTheEnd).mustBeThere);
  if (!membersKnown && isReadable && isThere)
    on.violate('what an index lists is known', `of image ${image}, ${label} does not know what it lists`);
}

/** Where replicas can be probed, an image in all of them is found, although webhook events were lost. */
function judgeFound(on: Case, image: number, { state, regions }: AvailabilityDocument, label: string): void {
  if (on.plan.world.probing === 'off' || on.leaps.length > 0 || !isWhole(on, image)) return;
  // No instance can know that an image is back that was not reported since it was deleted.
  if (!on.registry.replicas.some((region) => on.history.claim(image, region, inTheEnd).mustBeThere)) return;
  on.counters.count(
    'families',
    isReported(on, image) ? 'complete at the end' : 'complete at the end, and found by probing',
  );
  if (state !== 'available')
    on.violate(
      'what is true is published',
      `image ${image} is complete in every replica, and ${label} answers ${state}: ${regions.map((one) => `${one.region} ${one.state}`)}`,
    );
}

/**
 * If a region has an index with everything that it lists, each of these manifests is there in an answer about it alone.
 */
async function judgeMembers(on: Case, { tracker, label }: Instance, index: number, document: AvailabilityDocument) {
  if (!document.membersKnown) return;
  const regions = document.regions.filter(({ state }) => state === 'available').map(({ region }) => region);
  for (const member of on.family.members(index)) {
    const { digest } = on.nameOf(member);
    const question = { registry: on.settings, repository: on.repository, digest, tag: undefined };
    const found = await tracker.answer(question, defaultRequirement(tracker.replicaSet(on.settings)));
    for (const region of regions) {
      on.counters.count('families', 'manifests of an index that a region has');
      const state = found.regions.find((one) => one.region === region)?.state;
      if (state !== 'available')
        on.violate(
          'what is true is published',
          `image ${index} is in ${region}, and ${label} answers that image ${member}, which it lists, is ${state} there`,
        );
    }
  }
}

/** From the documentation: what could not be read is tried again within two hours. */
const readAgainMs = 7_300_000;

/** By then a timer that is due has been swept, and what the probe found is counted. */
const sweptAndCountedMs = 30_000;

/**
 * By when the tracker must know the state of the world, milliseconds since 1970: what an index lists is read again, and
 * replicas that have not reported are probed at pauses that grow with the age of the image.
 */
export function foundBy(on: Case): number {
  const indexes = on.family.digests.flatMap((_, image) =>
    on.family.members(image).length > 0 && on.history.reports.some((report) => report.image === image) ? [image] : [],
  );
  const { lastFailedAt } = on.readings;
  const isUnread = indexes.some((index) => on.readings.listedSince(index) === undefined);
  const readAt = lastFailedAt !== undefined && isUnread ? lastFailedAt + readAgainMs : 0;
  const all = on.family.digests.flatMap((_, image) => (isInFamily(on, image) ? [image] : []));
  const isUnreported = all.some((image) => isWhole(on, image) && !isReported(on, image));
  const now = on.scheduler.now();
  const askedAt =
    isUnreported && on.plan.world.probing !== 'off' && on.leaps.length === 0
      ? now + (now - start) + sweptAndCountedMs
      : 0;
  return Math.max(readAt, askedAt);
}

/** It is an index, or an index lists it. */
function isInFamily(on: Case, image: number): boolean {
  return on.family.members(image).length > 0 || on.family.indexes(image).length > 0;
}

/** In every replica, with all that it lists. */
function isWhole(on: Case, index: number): boolean {
  return partsOf(on, index, true).every((part) =>
    on.registry.replicas.every((region) => on.registry.has(on.nameOf(part).digest, region)),
  );
}

function isReported(on: Case, index: number): boolean {
  return partsOf(on, index, true).every((part) =>
    on.registry.replicas.every((region) => on.history.claim(part, region, inTheEnd).mustBeThere),
  );
}
