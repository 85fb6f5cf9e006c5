/**
 * Whether an event could be published at its time: by what had been reported by then, and for a set of replicas that
 * was in use.
 */

import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import type { Fact } from '../../src/core/image/arrival.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import { toEventTime } from '../../src/core/model/event-time.ts';
import type { Tag } from '../../src/core/model/reference.ts';
import type { Region } from '../../src/core/model/region.ts';
import type { Case } from './case.ts';
import { clockText, delayedAfterMs } from './case.ts';
import { claimOfAll, mustBeListed, partsOf } from './family-claims.ts';
import type { Claim, Report, View } from './history.ts';
import { familyJudge } from './judge-family.ts';
import { mayHaveMoved } from './judge-moves.ts';

/** Long enough for one comparison with the other digests, in a world without faults. */
const settlingMs = 2_000;
/** By more than any two clocks differ. */
const longAfterMs = 1_800_000;

export function eventJudge(on: Case): (event: CloudEvent) => void {
  const judgeFamily = familyJudge(on);
  const facts = new Map<string, string>();
  const ids = new Map<string, string>();
  const publishedIds = new Map<string, Set<string>>();
  /** The last generation of each image that was published as deleted everywhere, and when that was so. */
  const ended = new Map<string | null, { readonly generation: number; readonly at: number }>();

  /** The same fact under one id, the same id for one fact. */
  function judgeId({ id, type, subject, source, data }: CloudEvent): void {
    const fact = [source, type, subject, data.digest, data.region, data.generation].join(' ');
    const known = facts.get(id);
    if (known !== undefined && known !== fact) on.violate('one fact has one id', `${id} is ${known} and ${fact}`);
    facts.set(id, fact);
    // For a tag, the same may be published once more when it returns to a digest.
    if (type === announcementTypes.tagConverged || type === announcementTypes.tagSuperseded) return;
    const other = ids.get(fact);
    if (other !== undefined && other !== id)
      on.violate('one fact has one id', `${fact} is published as ${other} and ${id}`);
    ids.set(fact, id);
  }

  /** Once under each id; a fact that an earlier generation published needs a new report. */
  function judgeCount({ id, type, data }: CloudEvent, kind: Fact['kind']): void {
    const { region, digest } = data;
    // Of many regions that are not expected only the last 50 are kept, and with them what was published of them.
    if (region !== undefined && !on.regions.includes(region)) return;
    const image = on.imageOf(digest);
    if (image === undefined) return;
    const idsOfEvent = publishedIds.get(`${type} ${digest} ${region}`) ?? new Set();
    publishedIds.set(`${type} ${digest} ${region}`, idsOfEvent.add(id));
    const happened = (part: number) =>
      new Set(
        on.history.reports
          .filter((report) => report.image === part && report.fact.region === region && report.fact.kind === kind)
          .map(({ fact }) => fact.eventTime),
      ).size;
    // When a member is deleted, the family is deleted; when the member is pushed again, the family is there again.
    const ofMember = (part: number) => (kind === 'delete' ? happened(part) : Math.max(0, happened(part) - 1));
    const most = on.family.members(image).reduce((sum, part) => sum + ofMember(part), happened(image));
    if (idsOfEvent.size > most)
      on.violate(
        'one fact has one id',
        `${type} of image ${image} in ${region}: ${idsOfEvent.size} ids for ${most} events`,
      );
  }

  /** What was pushed long after it was published as deleted everywhere belongs to a later generation. */
  function judgeGeneration({ type, time, data }: CloudEvent): void {
    const at = Date.parse(time);
    const end = ended.get(data.digest);
    // A report of a region without a replica begins no generation.
    const isReplica = on.registry.replicas.some((region) => region === data.region);
    const isAfter = isReplica && end !== undefined && at > end.at + longAfterMs && data.generation <= end.generation;
    if (type === announcementTypes.availableInRegion && isAfter) {
      const image = on.imageOf(data.digest);
      const pushes = on.history.reports.filter(
        ({ image: of, fact, reportedAt }) =>
          of === image && fact.region === data.region && fact.kind === 'push' && reportedAt > end.at,
      );
      const isNew = (push: Report) => on.history.counted(push).first > toEventTime(end.at + longAfterMs);
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
      on.violate('an event is true', `${type} of ${subject}, which no report is about`);
      return;
    }
    const madeAt = Date.parse(event.time);
    // By the clock of the instance that decided. It may not have known what was acknowledged in the same millisecond.
    const [soonest, latest] = [madeAt - on.clockSpreadMs, madeAt + on.clockSpreadMs];
    const view: View = {
      must: ({ knownAt }) => knownAt !== undefined && knownAt < soonest,
      may: ({ reportedAt }) => reportedAt <= latest,
    };
    const parts = partsOf(on, image, mustBeListed(on, image, soonest, latest));
    const isConfirmed = (region: Region) =>
      on.plan.world.probing !== 'confirm' || on.history.isConfirmed(image, region, view);
    // Reports from before a region got its replica no longer count once it has one.
    const claimOfReplica = (region: Region, of: readonly number[] = [image]): Claim =>
      claimOfAll(on, of, region, { ...view, lastAbsentAt: on.registry.addedAt(region) });
    const isThere = (region: Region, of: readonly number[]) =>
      of.every((part) => on.history.claim(part, region, view).mayCount || claimOfReplica(region, [part]).mayCount);
    const mayCount = (region: Region) => isThere(region, parts) && isConfirmed(region);
    const isDeleted = (region: Region) =>
      on.history.reports.some(
        (report) =>
          partsOf(on, image, true).includes(report.image) &&
          report.fact.region === region &&
          report.fact.kind === 'delete' &&
          view.may(report),
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
        isPart ? 'a family is published only when complete' : 'an event is true',
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
            ? 'a family is published only when complete'
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
        on.history.reports.some(
          ({ image: of, fact, reportedAt }) =>
            of === image && fact.region === region && fact.kind === 'push' && fact.tag === tag && reportedAt <= latest,
        );
      if (
        !setsUsed.some(
          (regions) => regions.length > 0 && regions.every((region) => isTagged(region) && mayCount(region)),
        )
      ) {
        on.violate('an event is true', `${place}: ${tag} was not everywhere`);
      }
      // The other digests of a tag are compared when the tag comes to a digest; after a short time all instances know
      // them.
      const isKnownLong = (report: Report) => report.knownAt !== undefined && report.knownAt < soonest - settlingMs;
      const pushes = on.history.tagPushes(tag as Tag).filter((report) => report.image === image || isKnownLong(report));
      const resolves = (region: Region) =>
        pushes
          .filter(({ fact }) => fact.region === region)
          .reduce<Report | undefined>(
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
      if (!moved) on.violate('an event is true', `${place}: ${tag} is not known to have moved`);
    }
    if (type === announcementTypes.delayed) {
      const times = on.history.reports.filter((report) => report.image === image).map(({ fact }) => fact.receivedAt);
      const first = Math.min(Number.POSITIVE_INFINITY, ...times);
      if (latest < first + delayedAfterMs) on.violate('an event is true', `${place}: too soon`);
      // Where a report must be confirmed, an instance may have been killed with the answer of the replica.
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
