/** Whether an event could be told when it was: by what had been said by then, and for a set of replicas that was in use. */

import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import type { Fact } from '../../src/core/image/arrival.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import { toEventTime } from '../../src/core/model/event-time.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Case } from './case.ts';
import { clockText, delayedAfterMs } from './case.ts';
import { claimOfAll, mustBeListed, partsOf } from './family-claims.ts';
import type { Claim, Said, View } from './history.ts';
import { familyJudge } from './judge-family.ts';
import { mayHaveMoved } from './judge-moves.ts';

/** Long enough for one look at the others, in a world where nothing goes wrong. */
const settlingMs = 2_000;
/** By more than any two clocks differ. */
const longAfterMs = 1_800_000;

export function eventJudge(on: Case): (event: CloudEvent) => void {
  const judgeFamily = familyJudge(on);
  const facts = new Map<string, string>();
  const ids = new Map<string, string>();
  const toldIds = new Map<string, Set<string>>();
  /** The last generation of each image that was told as deleted everywhere, and when that was so. */
  const ended = new Map<string | null, { readonly generation: number; readonly at: number }>();

  /** The same fact under one id, the same id for one fact. */
  function judgeId({ id, type, subject, source, data }: CloudEvent): void {
    const fact = [source, type, subject, data.digest, data.region, data.generation].join(' ');
    const known = facts.get(id);
    if (known !== undefined && known !== fact) on.violate('one fact has one id', `${id} is ${known} and ${fact}`);
    facts.set(id, fact);
    // Of a tag, the same may be told once more when it comes back to a digest.
    if (type === announcementTypes.tagConverged || type === announcementTypes.tagSuperseded) return;
    const other = ids.get(fact);
    if (other !== undefined && other !== id) on.violate('one fact has one id', `${fact} is told as ${other} and ${id}`);
    ids.set(fact, id);
  }

  /** Under each id once; a generation that tells anew what the one before has told finds no event for it. */
  function judgeCount({ id, type, data }: CloudEvent, kind: Fact['kind']): void {
    const { region, digest } = data;
    // Of many regions that nobody expects only the last 50 are kept: what was told of the others is forgotten with them.
    if (region !== undefined && !on.regions.includes(region)) return;
    const image = on.imageOf(digest);
    if (image === undefined) return;
    const told = toldIds.get(`${type} ${digest} ${region}`) ?? new Set();
    toldIds.set(`${type} ${digest} ${region}`, told.add(id));
    const happened = (part: number) =>
      new Set(
        on.history.said
          .filter((said) => said.image === part && said.fact.region === region && said.fact.kind === kind)
          .map(({ fact }) => fact.eventTime),
      ).size;
    // With a member the family is gone, and once that is pushed again it is back.
    const ofMember = (part: number) => (kind === 'delete' ? happened(part) : Math.max(0, happened(part) - 1));
    const most = on.family.members(image).reduce((sum, part) => sum + ofMember(part), happened(image));
    if (told.size > most)
      on.violate('one fact has one id', `${type} of image ${image} in ${region}: ${told.size} ids for ${most} events`);
  }

  /** What was pushed long after it was told as deleted everywhere belongs to a later generation. */
  function judgeGeneration({ type, time, data }: CloudEvent): void {
    const at = Date.parse(time);
    const end = ended.get(data.digest);
    // What a region without a replica says begins nothing.
    const isReplica = on.registry.replicas.some((region) => region === data.region);
    const isAfter = isReplica && end !== undefined && at > end.at + longAfterMs && data.generation <= end.generation;
    if (type === announcementTypes.availableInRegion && isAfter) {
      const image = on.imageOf(data.digest);
      const pushes = on.history.said.filter(
        ({ image: of, fact, saidAt }) =>
          of === image && fact.region === data.region && fact.kind === 'push' && saidAt > end.at,
      );
      const isNew = (push: Said) => on.history.counted(push).first > toEventTime(end.at + longAfterMs);
      if (pushes.length > 0 && pushes.every(isNew))
        on.violate(
          'a generation is never published again',
          `image ${image} in ${data.region}, generation ${data.generation}, made at ${clockText(at)}; ${end.generation} ended at ${clockText(end.at)}`,
        );
    }
    if (type === announcementTypes.deletedInAllReplicas && (end === undefined || end.generation < data.generation))
      ended.set(data.digest, { generation: data.generation, at });
  }

  function judge(event: CloudEvent): void {
    judgeId(event);
    judgeFamily(event);
    judgeGeneration(event);
    const { type, subject, data } = event;
    const image = on.imageOf(data.digest);
    if (image === undefined) {
      on.violate('an event is true', `${type} of ${subject}, which nobody has spoken of`);
      return;
    }
    const madeAt = Date.parse(event.time);
    // By the clock of whoever decided. Of what was acknowledged in that very millisecond, the decision may not have known.
    const [soonest, latest] = [madeAt - on.clockSpreadMs, madeAt + on.clockSpreadMs];
    const view: View = {
      must: ({ knownAt }) => knownAt !== undefined && knownAt < soonest,
      may: ({ saidAt }) => saidAt <= latest,
    };
    const parts = partsOf(on, image, mustBeListed(on, image, soonest, latest));
    const isConfirmed = (region: Region) =>
      on.plan.world.probing !== 'confirm' || on.history.isConfirmed(image, region, view);
    // What a region said before it got its replica counts no more once it has one.
    const claimOfReplica = (region: Region, of: readonly number[] = [image]): Claim =>
      claimOfAll(on, of, region, { ...view, lastAbsentAt: on.registry.addedAt(region) });
    const isThere = (region: Region, of: readonly number[]) =>
      of.every((part) => on.history.claim(part, region, view).mayCount || claimOfReplica(region, [part]).mayCount);
    const mayCount = (region: Region) => isThere(region, parts) && isConfirmed(region);
    const isDeleted = (region: Region) =>
      on.history.said.some(
        (said) =>
          partsOf(on, image, true).includes(said.image) &&
          said.fact.region === region &&
          said.fact.kind === 'delete' &&
          view.may(said),
      );
    const mayBeDeleted = (region: Region) =>
      isDeleted(region) && !claimOfAll(on, partsOf(on, image, true), region, view).mustBeThere;
    const setsUsed = [...(on.setsUsed.get(madeAt) ?? [])].map((text) => text.split(',').filter(Boolean) as Region[]);
    const place = `${type.replace('AcrReplication.', '')} of image ${image}${data.region === undefined ? '' : ` in ${data.region}`} made at ${clockText(madeAt)}`;

    if (type === announcementTypes.availableInRegion) judgeCount(event, 'push');
    if (type === announcementTypes.deletedInRegion) judgeCount(event, 'delete');
    if (type === announcementTypes.availableInRegion && (data.region === undefined || !mayCount(data.region))) {
      const isPart = data.region !== undefined && isThere(data.region, [image]) && isConfirmed(data.region);
      on.violate(
        isPart ? 'a family is published only when it is whole' : 'an event is true',
        `${place}: it was not known to be there`,
      );
    }
    if (type === announcementTypes.availableInAllReplicas) {
      const isTrue = setsUsed.some((regions) => regions.length > 0 && regions.every(mayCount));
      const isPart = setsUsed.some(
        (regions) => regions.length > 0 && regions.every((region) => isThere(region, [image])),
      );
      if (!isTrue)
        on.violate(
          isPart && parts.length > 1
            ? 'a family is published only when it is whole'
            : 'in all replicas is never published early',
          `${place}, with ${[...(on.setsUsed.get(madeAt) ?? [])].join(' or ')} in use`,
        );
    }
    if (type === announcementTypes.deletedInRegion && (data.region === undefined || !mayBeDeleted(data.region))) {
      on.violate('an event is true', `${place}: it was not known to be deleted`);
    }
    if (type === announcementTypes.deletedInAllReplicas) {
      // A region without one of the members does not have the family.
      const family = partsOf(on, image, true);
      const isTrue =
        setsUsed.some((regions) => regions.every((region) => !claimOfReplica(region, family).mustBeThere)) &&
        on.regions.some(mayBeDeleted);
      if (!isTrue) on.violate('an event is true', `${place}: some replica still had it`);
    }
    if (type === announcementTypes.tagConverged) {
      const tag = subject.slice(subject.lastIndexOf(':') + 1);
      const isTagged = (region: Region) =>
        on.history.said.some(
          ({ image: of, fact, saidAt }) =>
            of === image && fact.region === region && fact.kind === 'push' && fact.tag === tag && saidAt <= latest,
        );
      if (
        !setsUsed.some(
          (regions) => regions.length > 0 && regions.every((region) => isTagged(region) && mayCount(region)),
        )
      ) {
        on.violate('an event is true', `${place}: ${tag} was not everywhere`);
      }
      // What others have been pushed with is looked at when the tag comes to a digest, and a moment passes until all know.
      const isKnownLong = (said: Said) => said.knownAt !== undefined && said.knownAt < soonest - settlingMs;
      const pushes = on.history.tagPushes(tag as Tag).filter((said) => said.image === image || isKnownLong(said));
      const resolves = (region: Region) =>
        pushes
          .filter(({ fact }) => fact.region === region)
          .reduce<Said | undefined>(
            (a, b) => (a !== undefined && on.history.counted(a).last > on.history.counted(b).last ? a : b),
            undefined,
          )?.image === image;
      if (on.isCalm && !setsUsed.some((regions) => regions.every(resolves)))
        on.violate('an event is true', `${place}: ${tag} was another digest's somewhere`);
    }
    if (type === announcementTypes.tagSuperseded) {
      const tag = subject.slice(subject.lastIndexOf(':') + 1);
      const newer = on.imageOf(data.supersededBy ?? null);
      const moved = newer !== undefined && mayHaveMoved(on, { tag: tag as Tag, from: image, to: newer }, latest);
      if (!moved) on.violate('an event is true', `${place}: ${tag} is not known to have moved on`);
    }
    if (type === announcementTypes.delayed) {
      const times = on.history.said.filter((said) => said.image === image).map(({ fact }) => fact.receivedAt);
      const first = Math.min(Number.POSITIVE_INFINITY, ...times);
      if (latest < first + delayedAfterMs) on.violate('an event is true', `${place}: too soon`);
      // Where a report must be confirmed, whoever asked may have died with the answer.
      const isCertain = on.plan.world.probing !== 'confirm';
      const family = partsOf(on, image, true);
      const isListed = family.length === 1 || (on.readings.listedSince(image) ?? latest) < soonest;
      const isWhole = (region: Region) => claimOfAll(on, family, region, view).mustBeThere;
      if (isCertain && isListed && setsUsed.every((regions) => regions.every(isWhole)))
        on.violate('an event is true', `${place}: nothing was missing`);
    }
  }

  return judge;
}
