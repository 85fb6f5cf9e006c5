/** Whether an event could be told when it was: by what had been said by then, and for a set of replicas that was in use. */
import type { CloudEvent } from '../../src/core/announcement.ts';
import { announcementTypes } from '../../src/core/announcement.ts';
import type { Fact } from '../../src/core/arrival.ts';
import type { Tag } from '../../src/core/reference.ts';
import type { Region } from '../../src/core/region.ts';
import type { Case } from './case.ts';
import { clockText, delayedAfterMs } from './case.ts';
import type { Claim, Said, View } from './history.ts';

/** Long enough for one look at the others, in a world where nothing goes wrong. */
const settlingMs = 2_000;

export function eventJudge(on: Case): (event: CloudEvent) => void {
  const facts = new Map<string, string>();
  const ids = new Map<string, string>();
  const toldIds = new Map<string, Set<string>>();

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
    const image = on.imageOf(digest);
    const told = toldIds.get(`${type} ${digest} ${region}`) ?? new Set();
    toldIds.set(`${type} ${digest} ${region}`, told.add(id));
    const happened = new Set(
      on.history.said
        .filter((said) => said.image === image && said.fact.region === region && said.fact.kind === kind)
        .map(({ fact }) => fact.eventTime),
    );
    if (told.size > happened.size)
      on.violate(
        'one fact has one id',
        `${type} of image ${image} in ${region}: ${told.size} ids for ${happened.size} events`,
      );
  }

  function judge(event: CloudEvent): void {
    judgeId(event);
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
    const claim = (region: Region): Claim => on.history.claim(image, region, view);
    const isConfirmed = (region: Region) =>
      on.plan.world.probing !== 'confirm' || on.history.isConfirmed(image, region, view);
    // What a region said before it got its replica counts no more once it has one.
    const claimOfReplica = (region: Region): Claim =>
      on.history.claim(image, region, { ...view, absentAt: on.registry.addedAt(region) });
    const mayCount = (region: Region) =>
      (claim(region).mayBeThere || claimOfReplica(region).mayBeThere) && isConfirmed(region);
    const mayBeDeleted = (region: Region) =>
      on.history.said.some(
        (said) => said.image === image && said.fact.region === region && said.fact.kind === 'delete' && view.may(said),
      ) && !claim(region).mustBeThere;
    const setsUsed = [...(on.setsUsed.get(madeAt) ?? [])].map((text) => text.split(',').filter(Boolean) as Region[]);
    const place = `${type.replace('AcrReplication.', '')} of image ${image}${data.region === undefined ? '' : ` in ${data.region}`} made at ${clockText(madeAt)}`;

    if (type === announcementTypes.availableInRegion) judgeCount(event, 'push');
    if (type === announcementTypes.deletedInRegion) judgeCount(event, 'delete');
    if (type === announcementTypes.availableInRegion && (data.region === undefined || !mayCount(data.region))) {
      on.violate('an event is true', `${place}: it was not known to be there`);
    }
    if (type === announcementTypes.availableInAllReplicas) {
      const isTrue = setsUsed.some((regions) => regions.length > 0 && regions.every(mayCount));
      if (!isTrue)
        on.violate(
          'in all replicas is never told early',
          `${place}, with ${[...(on.setsUsed.get(madeAt) ?? [])].join(' or ')} in use`,
        );
    }
    if (type === announcementTypes.deletedInRegion && (data.region === undefined || !mayBeDeleted(data.region))) {
      on.violate('an event is true', `${place}: it was not known to be deleted`);
    }
    if (type === announcementTypes.deletedInAllReplicas) {
      const isTrue =
        setsUsed.some((regions) => regions.every((region) => !claimOfReplica(region).mustBeThere)) &&
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
            (a, b) => (a !== undefined && a.fact.eventTime > b.fact.eventTime ? a : b),
            undefined,
          )?.image === image;
      if (on.isCalm && !setsUsed.some((regions) => regions.every(resolves)))
        on.violate('an event is true', `${place}: ${tag} was another digest's somewhere`);
    }
    if (type === announcementTypes.tagSuperseded) {
      const tag = subject.slice(subject.lastIndexOf(':') + 1);
      const moved = on.history.said.some(
        ({ image: of, fact, saidAt }) =>
          of === on.imageOf(data.supersededBy ?? null) &&
          of !== image &&
          fact.kind === 'push' &&
          fact.tag === tag &&
          saidAt <= latest,
      );
      if (!moved) on.violate('an event is true', `${place}: ${tag} has not moved on`);
    }
    if (type === announcementTypes.delayed) {
      const times = on.history.said.filter((said) => said.image === image).map(({ fact }) => fact.receivedAt);
      const first = Math.min(Number.POSITIVE_INFINITY, ...times);
      if (latest < first + delayedAfterMs) on.violate('an event is true', `${place}: too soon`);
      // Where a report must be confirmed, whoever asked may have died with the answer.
      const isCertain = on.plan.world.probing !== 'confirm';
      if (isCertain && setsUsed.every((regions) => regions.every((region) => claim(region).mustBeThere)))
        on.violate('an event is true', `${place}: nothing was missing`);
    }
  }

  return judge;
}
