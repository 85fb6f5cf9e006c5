/**
 * When all faults are over and time has passed: every living instance says what the model says, everything true has been
 * told, and nothing is left that somebody would still have to tell.
 */
import type { AnnouncementKind } from '../../src/core/announcement.ts';
import { announcementTypes } from '../../src/core/announcement.ts';
import type { AvailabilityDocument } from '../../src/core/availability.ts';
import type { Region } from '../../src/core/region.ts';
import type { ReplicaSet } from '../../src/core/replica-set.ts';
import { expectedRegions, findReplica } from '../../src/core/replica-set.ts';
import { defaultRequirement } from '../../src/core/requirement.ts';
import type { ToldEvent } from '../../src/core/tracker.ts';
import type { Case } from './case.ts';
import { delayedAfterMs } from './case.ts';
import type { Claim } from './history.ts';
import { inTheEnd } from './history.ts';
import type { Instance } from './instance.ts';
import { judgeDocument } from './judge-answer.ts';
import { judgeTags } from './judge-tags.ts';

const rules = { said: 'an answer is true', kept: 'an acknowledged fact is kept' } as const;

/** Asks everything there is to ask of one instance; whoever calls lets the answers come. */
export async function judgeEnd(on: Case, instance: Instance): Promise<void> {
  const { tracker } = instance;
  await tracker.ready(on.settings);
  const set = tracker.replicaSet(on.settings);
  const images = spokenOf(on);
  for (const image of images) await judgeImage(on, instance, image, set);
  await judgeTags(on, instance, set);

  const query = {
    registry: on.settings,
    repository: undefined,
    region: undefined,
    missing: false,
    limit: 50,
    cursor: undefined,
  };
  const listed = await tracker.images({ ...query, state: undefined });
  for (const image of images) {
    const isKept = on.history.said.some((said) => said.image === image && said.keptAt !== undefined);
    const isListed = listed.images.some(({ digest }) => digest === on.nameOf(image).digest);
    if (isKept && !isListed) on.violate('images are listed', `image ${image} is not listed by ${instance.label}`);
  }
}

/** What one instance says of each image, in the end. */
export async function judgeDocuments(on: Case, instance: Instance): Promise<void> {
  await instance.tracker.ready(on.settings);
  for (const image of spokenOf(on)) await judgeDocumentOf(on, instance, image);
}

function spokenOf(on: Case): number[] {
  return [...new Set(on.history.said.map(({ image }) => image))];
}

function questionOf(on: Case, image: number) {
  return { registry: on.settings, repository: on.repository, digest: on.nameOf(image).digest, tag: undefined };
}

function claimer(on: Case, image: number, set: ReplicaSet): (region: Region) => Claim {
  return (region) => on.history.claim(image, region, { ...inTheEnd, absentAt: findReplica(set, region)?.absentAt });
}

async function judgeDocumentOf(on: Case, { tracker, label }: Instance, image: number): Promise<AvailabilityDocument> {
  const set = tracker.replicaSet(on.settings);
  const question = questionOf(on, image);
  const document = await tracker.answer(question, defaultRequirement(set));
  judgeDocument(on, document, set, inTheEnd, rules);
  const claim = claimer(on, image, set);
  const expected = expectedRegions(set);
  const isKept = on.history.said.some((said) => said.image === image && said.keptAt !== undefined);
  if (isKept && document.state === 'unknown' && !expected.some((region) => findReplica(set, region)?.absentAt)) {
    on.violate('an acknowledged fact is kept', `${label} knows nothing of image ${image}`);
  }
  for (const { region, state } of document.regions) {
    const isAskable =
      on.plan.world.probing === 'confirm' && expected.includes(region) && on.registry.has(question.digest, region);
    if (state === 'unverified' && isAskable && claim(region).mustBeThere) {
      on.violate(
        'an acknowledged fact is kept',
        `image ${image} is unverified in ${region}, whose replica would confirm it`,
      );
    }
  }
  return document;
}

async function judgeImage(on: Case, instance: Instance, image: number, set: ReplicaSet): Promise<void> {
  const document = await judgeDocumentOf(on, instance, image);
  judgeTold(on, image, document, claimer(on, image, set));
  const known = await instance.tracker.events(questionOf(on, image));
  judgeLedger(on, image, known?.events ?? [], instance.label);
}

/** At least once: what the document says now has been told. */
function judgeTold(on: Case, image: number, document: AvailabilityDocument, claim: (region: Region) => Claim): void {
  const told = on.published.filter((event) => event.data.digest === document.digest);
  const need = (kind: AnnouncementKind, region?: Region) => {
    const isTold = told.some((event) => event.type === announcementTypes[kind] && event.data.region === region);
    if (!isTold)
      on.violate(
        'what is true is told',
        `${kind} of image ${image}${region === undefined ? '' : ` in ${region}`} was never told`,
      );
  };
  const wasSeeded = on.plan.commands.some((command) => command.kind === 'replicas' && command.isSeeding);
  for (const { region, state } of document.regions) {
    if (state === 'available' && !wasSeeded) need('availableInRegion', region);
    if (state === 'deleted') need('deletedInRegion', region);
  }
  if (document.state === 'available') {
    need('availableInAllReplicas');
    if (document.announcedAt === null)
      on.violate('what is true is told', `image ${image} is everywhere, and nothing says when it was told`);
  }
  if (
    document.state === 'deleted' &&
    document.regions.every(({ region, expected }) => expected || !claim(region).mayBeThere)
  )
    need('deletedInAllReplicas');
  const firstSeen = document.firstSeenAt === null ? Number.POSITIVE_INFINITY : Date.parse(document.firstSeenAt);
  const isLate = on.scheduler.now() > firstSeen + 2 * delayedAfterMs;
  if (document.state === 'replicating' && document.availableAt === null && isLate) {
    const isToldDelayed = told.some((event) => event.type === announcementTypes.delayed);
    const wasGone = told.some(
      (event) => event.type === announcementTypes.deletedInAllReplicas && Date.parse(event.time) >= firstSeen,
    );
    if (!document.delayed || !isToldDelayed)
      on.violate(
        'what is true is told',
        `image ${image} is late, and not called delayed${wasGone ? ', since it was told as deleted everywhere' : ''}`,
      );
  }
}

/** What the tracker says it has told: all of it, and only what the topic has taken. */
function judgeLedger(on: Case, image: number, events: readonly ToldEvent[], label: string): void {
  const sent = new Set(on.published.map((event) => event.id));
  for (const { event, publishedAt } of events) {
    const what = `${event.type} of image ${image}${event.data.region === undefined ? '' : ` in ${event.data.region}`}, generation ${event.data.generation}`;
    if (publishedAt === null) on.violate('nothing stays untold', `${what}, as ${label} sees it`);
    if (publishedAt !== null && !sent.has(event.id)) on.violate('only what was sent is noted as told', what);
  }
}
