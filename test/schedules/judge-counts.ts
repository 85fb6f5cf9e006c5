/**
 * The counts over all images, at the end: what follows from the documents of the images that are listed by themselves,
 * and from the answers about tags. The rule follows docs/http.md, and does not use how counts are stored.
 */
import type { AvailabilityDocument } from '../../src/core/image/availability.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { ReplicaSet } from '../../src/core/model/replica-set.ts';
import { expectedRegions } from '../../src/core/model/replica-set.ts';
import { defaultRequirement } from '../../src/core/model/requirement.ts';
import type { Tracker } from '../../src/core/tracker.ts';
import type { Case } from './case.ts';
import type { Instance } from './instance.ts';
import type { Standing } from './judge-family-end.ts';
import { standingOf } from './judge-family-end.ts';

type Summary = Awaited<ReturnType<Tracker['summary']>>;

/** What one instance answers in the end, as far as counts and lists follow from it. */
export interface Counted {
  /** Of images that are listed by themselves. */
  readonly documents: ReadonlyMap<number, AvailabilityDocument>;
  /** Of tags that are diverged, where their newest digest is one of those. */
  readonly diverged: readonly AvailabilityDocument[];
  /** Images with an event that the topic has not accepted. */
  readonly unpublished: ReadonlySet<number>;
}

/** From the documentation: so long an image may be counted as unpublished after its event was accepted; and a minute. */
const acceptedMs = 660_000;

/** @param listed the images of the plain list, which is read from the records */
export async function countedBy(
  on: Case,
  { tracker }: Instance,
  all: ReadonlyMap<number, AvailabilityDocument>,
  listed: readonly AvailabilityDocument[],
): Promise<Counted> {
  const isListed = ({ digest }: AvailabilityDocument) => listed.some((one) => one.digest === digest);
  const isCounted: Readonly<Record<Standing, (document: AvailabilityDocument) => boolean>> = {
    single: ({ state }) => state !== 'unknown',
    part: () => false,
    either: (document) => document.state !== 'unknown' && isListed(document),
  };
  const documents = new Map([...all].filter(([image, document]) => isCounted[standingOf(on, image, all)](document)));
  const unpublished = new Set<number>();
  for (const image of documents.keys()) {
    const question = { ...on.nameOf(image), registry: on.settings, tag: undefined };
    const known = await tracker.events(question);
    if (known?.events.some(({ publishedAt }) => publishedAt === null)) unpublished.add(image);
  }
  const diverged: AvailabilityDocument[] = [];
  for (const tag of movedTags(on)) {
    const question = { registry: on.settings, repository: on.repository, digest: undefined, tag };
    const document = await tracker.answer(question, defaultRequirement(tracker.replicaSet(on.settings)));
    const newest = on.imageOf(document.digest);
    if (document.tag?.state === 'diverged' && newest !== undefined && documents.has(newest)) diverged.push(document);
  }
  return { documents, diverged, unpublished };
}

/** Pushed with more than one digest; others cannot diverge. */
function movedTags(on: Case): Tag[] {
  const digests = new Map<Tag, Set<number>>();
  for (const { image, fact } of on.history.reports)
    if (fact.kind === 'push' && fact.tag !== undefined)
      digests.set(fact.tag, (digests.get(fact.tag) ?? new Set()).add(image));
  return [...digests].flatMap(([tag, images]) => (images.size > 1 ? [tag] : []));
}

function isBehind({ tag, digest }: AvailabilityDocument, region: Region): boolean {
  return tag?.regions.some((one) => one.region === region && one.digest !== digest) === true;
}

export async function judgeCounts(on: Case, instance: Instance, counted: Counted): Promise<void> {
  const { tracker, label } = instance;
  const summary = await tracker.summary(on.settings);
  const all = [...counted.documents.values()];
  const { images, delayed, divergedTags } = summary;
  const judge = (what: string, answered: number | undefined, wanted: number) => {
    if (answered === wanted) return;
    const states = all.map(({ digest, state }) => `image ${on.imageOf(digest)} ${state}`);
    on.violate('each image is counted once', `${label} counts ${answered} ${what}, and there are ${wanted}: ${states}`);
  };
  for (const state of ['available', 'replicating', 'deleting', 'deleted'] as const)
    judge(state, images[state], all.filter((one) => one.state === state).length);
  judge('delayed', delayed, all.filter(isDelayed).length);
  judge('diverged tags', divergedTags, counted.diverged.length);
  judgeUnpublished(on, summary, counted, label);
  for (const region of regionsOf(tracker.replicaSet(on.settings), all)) {
    const answered = summary.regions.find((one) => one.region === region);
    const isExpected = expectedRegions(tracker.replicaSet(on.settings)).includes(region);
    const missing = isExpected ? all.filter((one) => one.state === 'replicating' && !isIn(one, region)) : [];
    judge(`available in ${region}`, answered?.available, all.filter((one) => isIn(one, region)).length);
    judge(`missing in ${region}`, answered?.missing, missing.length);
    judge(`delayed in ${region}`, answered?.delayed, missing.filter(isDelayed).length);
    const behind = isExpected ? counted.diverged.filter((one) => isBehind(one, region)) : [];
    judge(`diverged tags in ${region}`, answered?.divergedTags, behind.length);
  }
  on.counters.count('counts', 'judged at the end');
  if (all.length > 1) on.counters.count('counts', 'of several images at the end');
  if (delayed > 0) on.counters.count('counts', 'delayed at the end');
  if (divergedTags > 0) on.counters.count('counts', 'diverged at the end');
  if (counted.unpublished.size > 0) on.counters.count('counts', 'unpublished at the end');
}

/** For a while, one whose event was accepted is still counted. */
function judgeUnpublished(on: Case, { unpublished }: Summary, counted: Counted, label: string): void {
  const least = counted.unpublished.size;
  const lately = [...counted.documents.keys()].filter((image) => isAcceptedLately(on, image));
  const most = new Set([...counted.unpublished, ...lately]).size;
  if (unpublished === undefined || unpublished < least || unpublished > most)
    on.violate(
      'each image is counted once',
      `${label} counts ${unpublished} unpublished, and there are ${least}, and ${most - least} until lately`,
    );
}

function isAcceptedLately(on: Case, image: number): boolean {
  return (on.acceptedAt.get(on.nameOf(image).digest) ?? 0) > on.scheduler.now() - acceptedMs;
}

/** Every expected one, and every other that has an image. */
function regionsOf(set: ReplicaSet, all: readonly AvailabilityDocument[]): Region[] {
  const others = all.flatMap(({ regions }) => regions.filter(({ state }) => state === 'available'));
  return [...new Set([...expectedRegions(set), ...others.map(({ region }) => region)])];
}

export function isIn({ regions }: AvailabilityDocument, region: Region): boolean {
  return regions.some((one) => one.region === region && one.state === 'available');
}

/** In some region, and not in all of them. */
export function isIncomplete({ state }: AvailabilityDocument): boolean {
  return state === 'replicating' || state === 'deleting';
}

export function isDelayed({ state, delayed }: AvailabilityDocument): boolean {
  return state === 'replicating' && delayed;
}

/** While calls fail: an image may not be counted yet, but no image is counted that was not reported. */
export async function judgeCountsDuringRun(on: Case, { tracker, label }: Instance): Promise<void> {
  const summary = await tracker.summary(on.settings).catch(() => undefined);
  if (summary === undefined) return;
  on.counters.count('counts', 'judged during the run');
  const { images, regions, delayed, divergedTags, unpublished } = summary;
  const reportedImages = new Set(on.history.reports.map(({ image }) => image)).size;
  const total = Object.values(images).reduce((a, b) => a + b, 0);
  const ofImages = [total, delayed, unpublished ?? 0, ...regions.flatMap((one) => [one.available + one.missing])];
  const parts = regions.flatMap((one) => [one.available, one.missing, one.delayed, one.divergedTags]);
  const numbers = [...Object.values(images), ...ofImages, ...parts, divergedTags];
  if (
    numbers.some((number) => !Number.isInteger(number) || number < 0) ||
    ofImages.some((number) => number > reportedImages)
  )
    on.violate(
      'counts are never too high',
      `${label} answers ${JSON.stringify(summary)}, and ${reportedImages} images were reported`,
    );
}
