/**
 * If every push under a tag was acknowledged, and only webhooks report, it is certain where the tag points: then the
 * answer must say so, and what became of the tag with each digest must have been published.
 */
import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { EventTime } from '../../src/core/model/event-time.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { expectedRegions } from '../../src/core/model/replica-set.ts';
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import type { Case } from './case.ts';
import { claimOfAll, partsOf } from './family-claims.ts';
import type { Report } from './history.ts';
import { inTheEnd } from './history.ts';
import type { Instance } from './instance.ts';
import { mayBeForgotten } from './judge-answer.ts';

const tags = [0, 1];

export async function judgeTags(on: Case, instance: Instance, set: ReplicaSet): Promise<void> {
  for (const tag of tags) await judgeTag(on, instance, tag, set);
}

async function judgeTag(on: Case, { tracker, label }: Instance, number: number, set: ReplicaSet): Promise<void> {
  const tag = on.tagOf(number);
  const question = { registry: on.settings, repository: on.repository, digest: undefined, tag };
  const document = await tracker.answer(question, defaultRequirement(set));
  for (const { region, digest } of document.tag?.regions ?? []) {
    const image = on.imageOf(digest);
    if (image === undefined) continue;
    const tagDeletedAt = on.history.tagDeletedAt(image, tag, region);
    const last = on.history
      .tagPushes(tag, region)
      .filter((report) => report.image === image)
      .map((report) => timeOf(on, report))
      .reduce((a, b) => (a > b ? a : b), '');
    // An instance that probed the replica may know better.
    if (on.plan.world.probing === 'off' && tagDeletedAt !== '' && last <= tagDeletedAt)
      on.violate(
        'an answer is true',
        `${label} answers that ${tag} is image ${image} in ${region}, where it was deleted`,
      );
  }
  const pushes = on.history.tagPushes(tag);
  const images = [...new Set(pushes.map(({ image }) => image))];
  judgeUnnamedDeletes(on, document, tag, images, label);
  const isCertain =
    pushes.length > 0 &&
    on.plan.world.probing === 'off' &&
    on.history.reports.every((report) => report.keptAt !== undefined || !images.includes(report.image)) &&
    images.every((image) => !mayBeForgotten(on, image) && on.history.isAllKept(image)) &&
    on.history.unnamedDeletes.length === 0 &&
    on.history.reports.every((report) => !images.includes(report.image) || isCountedOnce(on, report)) &&
    set.replicas.every(({ lastAbsentAt }) => lastAbsentAt === undefined) &&
    on.registry.everySet.size === 1;
  if (!isCertain) return;
  on.counters.count('tags', 'certain at the end');

  const newest = (among: readonly Report[]) =>
    among.reduce<Report | undefined>((a, b) => (a === undefined || timeOf(on, b) > timeOf(on, a) ? b : a), undefined);
  const lastIn = (region: Region) => newest(on.history.tagPushes(tag, region));
  const pointerIn = (region: Region) => {
    const last = lastIn(region);
    return last !== undefined && isThere(on, last) ? last : undefined;
  };
  // Where no region has it any more, it is what was deleted last.
  const ends = on.regions.flatMap((region) => lastIn(region) ?? []);
  const pointers = ends.some((last) => isThere(on, last))
    ? ends.filter((last) => isThere(on, last))
    : ends.filter((last) => isDeleted(on, last));
  const newestImage = (among: readonly number[]) =>
    [...new Set(among)]
      .sort()
      .reduce<number | undefined>((a, b) => (a === undefined || !isPushedLater(on, pushes, a, b) ? b : a), undefined);
  const pointer = newestImage(pointers.map(({ image }) => image));
  const wanted = pointer === undefined ? null : on.nameOf(pointer).digest;
  if (document.digest !== wanted) {
    on.violate(
      'an answer is true',
      `${tag} points at image ${pointer}, and ${label} answers ${on.imageOf(document.digest)}`,
    );
  }

  const isPublished = (type: string, image: number) =>
    [...on.published, ...on.refusedForGood.values()].some(
      (event) => event.type === type && event.subject.endsWith(`:${tag}`) && on.imageOf(event.data.digest) === image,
    );
  const expected = expectedRegions(set);
  const everywhere = expected.map((region) => pointerIn(region)?.image);
  const only = everywhere[0];
  // Pushed with another digest in any region, also one that is not expected, the tag has moved.
  const last = newestImage(images);
  const isNewest = last === only;
  if (only !== undefined && isNewest && everywhere.every((image) => image === only)) {
    const parts = partsOf(on, only, true);
    const isComplete =
      // What becomes of a tag of a member may be published or not.
      on.family.indexes(only).length === 0 &&
      expected.every((region) => claimOfAll(on, parts, region, inTheEnd).mustBeThere);
    if (isComplete && !isPublished(announcementTypes.tagConverged, only))
      on.violate('what is true is published', `${tag} has converged at image ${only}, and no event says so`);
    const isForwarded = on.forwarded.some((order) => on.imageOf(order.name.digest) === only && order.tag === tag);
    if (isComplete && on.plan.world.forwards && !isForwarded)
      on.violate('what is true is published', `${tag} at image ${only} was never forwarded`);
  }
  // Every digest that the tag has left had converged, or was superseded.
  for (const image of images) {
    // Only a region that reported both digests shows that the tag left this one; if two regions contradict each other,
    // neither does.
    const { won, lost } = last === undefined ? { won: false, lost: false } : compare(on, pushes, last, image);
    if (on.family.indexes(image).length > 0) continue;
    if (image === last || !won || lost || wasDeletedWithTag(on, image, pushes)) continue;
    if (isPublished(announcementTypes.tagConverged, image) || isPublished(announcementTypes.tagSuperseded, image))
      continue;
    on.violate(
      'what is true is published',
      `${tag} has moved from image ${image}, and no event says what became of it`,
    );
  }
}

/**
 * A tag that was deleted without a digest counts again where its replica still has it: a probe shows that, and no
 * request has to wait for it.
 */
function judgeUnnamedDeletes(
  on: Case,
  document: AvailabilityDocument,
  tag: Tag,
  images: readonly number[],
  label: string,
): void {
  const [image, ...others] = images;
  // A tag that has moved is not compared with its earlier digest, and for a new replica earlier reports do not count.
  if (on.plan.world.probing === 'off' || image === undefined || others.length > 0 || on.registry.everySet.size > 1)
    return;
  for (const { region, keptAt } of on.history.unnamedDeletes.filter((unnamedDelete) => unnamedDelete.tag === tag)) {
    const isKnown = on.history.tagPushes(tag, region).some((push) => push.keptAt !== undefined);
    const isAsked = keptAt !== undefined && isKnown && on.registry.replicas.includes(region);
    if (!isAsked || on.registry.resolve(region, tag) !== on.nameOf(image).digest) continue;
    on.counters.count('tags', 'deleted without a digest, and still there');
    if (document.tag?.regions.some((one) => one.region === region && one.digest === on.nameOf(image).digest)) continue;
    on.violate(
      'a tag deleted without a digest is compared',
      `${tag} is at image ${image} in ${region}, and ${label} does not say so`,
    );
  }
}

/**
 * In each region the last push counts. If a region has both digests, it determines the order. Times of two regions
 * decide only if nothing else does.
 */
function isPushedLater(on: Case, pushes: readonly Report[], image: number, than: number): boolean {
  const { won, lost, isLater } = compare(on, pushes, image, than);
  return won === lost ? isLater : won;
}

function compare(on: Case, pushes: readonly Report[], image: number, than: number) {
  const lastOf = (one: number, region?: Region) =>
    pushes
      .filter((report) => report.image === one && (region ?? report.fact.region) === report.fact.region)
      .map((report) => timeOf(on, report))
      .sort()
      .at(-1) ?? '';
  const regions = [...new Set(pushes.map(({ fact }) => fact.region))];
  const both = regions.filter((region) => lastOf(image, region) !== '' && lastOf(than, region) !== '');
  const won = both.some((region) => lastOf(image, region) > lastOf(than, region));
  const lost = both.some((region) => lastOf(image, region) < lastOf(than, region));
  return { won, lost, isLater: lastOf(image) > lastOf(than) };
}

/** A digest that is deleted everywhere loses its tags: pushed again without one, it has no tag that could move. */
function wasDeletedWithTag(on: Case, image: number, pushes: readonly Report[]): boolean {
  const isOfImage = ({ data }: CloudEvent) => on.imageOf(data.digest) === image;
  return (
    pushes.every((report) => report.image !== image || !isThere(on, report)) &&
    on.published.some((event) => event.type === announcementTypes.deletedInAllReplicas && isOfImage(event))
  );
}

/** Deleted since, and not pushed there again under any tag. */
function isDeleted(on: Case, { image, fact }: Report): boolean {
  return on.history.claim(image, fact.region, inTheEnd).mustBeDeleted;
}

/** Not deleted since in its region. */
function isThere(on: Case, push: Report): boolean {
  const { image, fact } = push;
  return !on.history.reports.some(
    (report) =>
      report.image === image &&
      report.fact.region === fact.region &&
      report.fact.kind === 'delete' &&
      timeOf(on, report) >= timeOf(on, push),
  );
}

/** A repeat of a time far ahead may count as of either receipt. */
function isCountedOnce(on: Case, report: Report): boolean {
  const { first, last } = on.history.counted(report);
  return first === last;
}

function timeOf(on: Case, report: Report): EventTime {
  return on.history.counted(report).last;
}
