/**
 * Where every push under a tag was acknowledged, and nobody but the webhooks speaks, it is certain where the tag points:
 * then the answer must say so, and what became of the tag with each digest must have been told.
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
import type { Said } from './history.ts';
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
    const takenOff = on.history.takenOff(image, tag, region);
    const last = on.history
      .tagPushes(tag, region)
      .filter((said) => said.image === image)
      .map((said) => timeOf(on, said))
      .reduce((a, b) => (a > b ? a : b), '');
    // Somebody who asked the replica may know better.
    if (on.plan.world.probing === 'off' && takenOff !== '' && last <= takenOff)
      on.violate(
        'an answer is true',
        `${label} says that ${tag} is image ${image} in ${region}, where it was taken off`,
      );
  }
  const pushes = on.history.tagPushes(tag);
  const images = [...new Set(pushes.map(({ image }) => image))];
  judgeDoubts(on, document, tag, images, label);
  const isCertain =
    pushes.length > 0 &&
    on.plan.world.probing === 'off' &&
    on.history.said.every((said) => said.keptAt !== undefined || !images.includes(said.image)) &&
    images.every((image) => !mayBeForgotten(on, image) && on.history.isAllKept(image)) &&
    on.history.doubts.length === 0 &&
    on.history.said.every((said) => !images.includes(said.image) || isCountedOnce(on, said)) &&
    set.replicas.every(({ lastAbsentAt }) => lastAbsentAt === undefined) &&
    on.registry.everySet.size === 1;
  if (!isCertain) return;
  on.counters.count('tags', 'certain at the end');

  const newest = (among: readonly Said[]) =>
    among.reduce<Said | undefined>((a, b) => (a === undefined || timeOf(on, b) > timeOf(on, a) ? b : a), undefined);
  const lastIn = (region: Region) => newest(on.history.tagPushes(tag, region));
  const pointerIn = (region: Region) => {
    const last = lastIn(region);
    return last !== undefined && isThere(on, last) ? last : undefined;
  };
  // Where no region has it any more, it is what was deleted last.
  const ends = on.regions.flatMap((region) => lastIn(region) ?? []);
  const pointers = ends.some((last) => isThere(on, last))
    ? ends.filter((last) => isThere(on, last))
    : ends.filter((last) => isGone(on, last));
  const newestImage = (among: readonly number[]) =>
    [...new Set(among)]
      .sort()
      .reduce<number | undefined>((a, b) => (a === undefined || !isPushedLater(on, pushes, a, b) ? b : a), undefined);
  const pointer = newestImage(pointers.map(({ image }) => image));
  const wanted = pointer === undefined ? null : on.nameOf(pointer).digest;
  if (document.digest !== wanted) {
    on.violate(
      'an answer is true',
      `${tag} points at image ${pointer}, and ${label} says ${on.imageOf(document.digest)}`,
    );
  }

  const isTold = (type: string, image: number) =>
    [...on.published, ...on.refusedForGood.values()].some(
      (event) => event.type === type && event.subject.endsWith(`:${tag}`) && on.imageOf(event.data.digest) === image,
    );
  const expected = expectedRegions(set);
  const everywhere = expected.map((region) => pointerIn(region)?.image);
  const only = everywhere[0];
  // Pushed elsewhere with another digest, be it in a region that nobody waits for, the tag has moved on.
  const last = newestImage(images);
  const isNewest = last === only;
  if (only !== undefined && isNewest && everywhere.every((image) => image === only)) {
    const parts = partsOf(on, only, true);
    const isComplete =
      // What becomes of a tag of a member may be told or not.
      on.family.indexes(only).length === 0 &&
      expected.every((region) => claimOfAll(on, parts, region, inTheEnd).mustBeThere);
    if (isComplete && !isTold(announcementTypes.tagConverged, only))
      on.violate('what is true is published', `${tag} has converged at image ${only}, and nobody was told`);
    const isForwarded = on.forwarded.some((order) => on.imageOf(order.name.digest) === only && order.tag === tag);
    if (isComplete && on.plan.world.forwards && !isForwarded)
      on.violate('what is true is published', `${tag} at image ${only} was never forwarded`);
  }
  // Every digest that the tag has left had converged, or was superseded.
  for (const image of images) {
    // Only a region that has told of both says that it has left this one; where two contradict each other, neither does.
    const { won, lost } = last === undefined ? { won: false, lost: false } : compare(on, pushes, last, image);
    if (on.family.indexes(image).length > 0) continue;
    if (image === last || !won || lost || wasDeletedWithTag(on, image, pushes)) continue;
    if (isTold(announcementTypes.tagConverged, image) || isTold(announcementTypes.tagSuperseded, image)) continue;
    on.violate('what is true is published', `${tag} has left image ${image}, and nobody was told what became of it`);
  }
}

/** A tag that was taken off by name counts again where its replica still has it: that can be seen, and nobody has to wait for it. */
function judgeDoubts(
  on: Case,
  document: AvailabilityDocument,
  tag: Tag,
  images: readonly number[],
  label: string,
): void {
  const [image, ...others] = images;
  // One that has moved is not looked for where it was before, and of a new replica nothing that was said before counts.
  if (on.plan.world.probing === 'off' || image === undefined || others.length > 0 || on.registry.everySet.size > 1)
    return;
  for (const { region, keptAt } of on.history.doubts.filter((doubt) => doubt.tag === tag)) {
    const isKnown = on.history.tagPushes(tag, region).some((push) => push.keptAt !== undefined);
    const isAsked = keptAt !== undefined && isKnown && on.registry.replicas.includes(region);
    if (!isAsked || on.registry.resolve(region, tag) !== on.nameOf(image).digest) continue;
    on.counters.count('tags', 'in doubt, and still there');
    if (document.tag?.regions.some((one) => one.region === region && one.digest === on.nameOf(image).digest)) continue;
    on.violate('a tag in doubt is looked at', `${tag} is at image ${image} in ${region}, and ${label} does not say so`);
  }
}

/**
 * In each region the last push counts, and where a region has seen both, its word: it is certain there. Times of two
 * regions decide only where nothing else does.
 */
function isPushedLater(on: Case, pushes: readonly Said[], image: number, than: number): boolean {
  const { won, lost, isLater } = compare(on, pushes, image, than);
  return won === lost ? isLater : won;
}

function compare(on: Case, pushes: readonly Said[], image: number, than: number) {
  const lastOf = (one: number, region?: Region) =>
    pushes
      .filter((said) => said.image === one && (region ?? said.fact.region) === said.fact.region)
      .map((said) => timeOf(on, said))
      .sort()
      .at(-1) ?? '';
  const regions = [...new Set(pushes.map(({ fact }) => fact.region))];
  const both = regions.filter((region) => lastOf(image, region) !== '' && lastOf(than, region) !== '');
  const won = both.some((region) => lastOf(image, region) > lastOf(than, region));
  const lost = both.some((region) => lastOf(image, region) < lastOf(than, region));
  return { won, lost, isLater: lastOf(image) > lastOf(than) };
}

/** Deleted everywhere, a digest takes its tags along: pushed again without one, it has none that could move on. */
function wasDeletedWithTag(on: Case, image: number, pushes: readonly Said[]): boolean {
  const isOfImage = ({ data }: CloudEvent) => on.imageOf(data.digest) === image;
  return (
    pushes.every((said) => said.image !== image || !isThere(on, said)) &&
    on.published.some((event) => event.type === announcementTypes.deletedInAllReplicas && isOfImage(event))
  );
}

/** Deleted since, and not pushed there again, under whatever tag. */
function isGone(on: Case, { image, fact }: Said): boolean {
  return on.history.claim(image, fact.region, inTheEnd).mustBeDeleted;
}

/** Not deleted since in its region. */
function isThere(on: Case, push: Said): boolean {
  const { image, fact } = push;
  return !on.history.said.some(
    (said) =>
      said.image === image &&
      said.fact.region === fact.region &&
      said.fact.kind === 'delete' &&
      timeOf(on, said) >= timeOf(on, push),
  );
}

/** A repeat of a time far ahead may count as of either receipt. */
function isCountedOnce(on: Case, said: Said): boolean {
  const { first, last } = on.history.counted(said);
  return first === last;
}

function timeOf(on: Case, said: Said): EventTime {
  return on.history.counted(said).last;
}
