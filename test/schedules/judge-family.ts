/**
 * What is told of an index is told of the whole family and once; and of what it lists nothing is told, once it is known to be
 * listed.
 */
import { announcementTypes } from '../../src/core/image/announcement-key.ts';
import type { CloudEvent } from '../../src/core/image/cloud-event.ts';
import type { ForwardOrder } from '../../src/core/image/forward-entry.ts';
import type { Case } from './case.ts';
import { clockText } from './case.ts';
import { mayBeDeleted } from './family-claims.ts';

/** From the documentation: an untagged manifest is told after so long; less what reading its index takes. */
const claimedWithinMs = 8_000;

/** Events about tags say what the tag points at, whatever that is. */
const aboutTags: readonly string[] = [announcementTypes.tagConverged, announcementTypes.tagSuperseded];

export function familyJudge(on: Case): (event: CloudEvent) => void {
  const ids = new Map<string, Set<string>>();

  function judgeCount({ type, id, data }: CloudEvent, image: number): void {
    const key = `${type} ${image}`;
    const told = (ids.get(key) ?? new Set()).add(id);
    ids.set(key, told);
    const deleted = new Set(
      on.history.said.flatMap(({ image: of, fact }) =>
        of === image && fact.kind === 'delete' ? [fact.eventTime] : [],
      ),
    );
    // Complete for a larger set, it is told anew.
    const sets = new Set([...on.setsUsed.values()].flatMap((used) => [...used].filter(Boolean)));
    if (told.size > Math.max(1, sets.size) + deleted.size)
      on.violate(
        'a family is published once',
        `${type} of image ${image}, generation ${data.generation}, is number ${told.size}, after ${deleted.size} deletes`,
      );
  }

  return (event) => {
    const { type, data } = event;
    const image = on.imageOf(data.digest);
    if (image === undefined || on.plan.world.family === undefined) return;
    const isIndex = on.family.members(image).length > 0;
    if (isIndex && data.membersKnown) on.readings.listed(image, on.scheduler.now());
    if (isIndex && (type === announcementTypes.availableInAllReplicas || type === announcementTypes.delayed))
      judgeCount(event, image);
    if (aboutTags.includes(type)) return;
    if (isIndex) on.counters.count('families', type.replace('AcrReplication.', ''));
    if (on.family.indexes(image).length > 0) on.counters.count('families', 'a member published by itself');
    const madeAt = Date.parse(event.time);
    judgeMember(
      on,
      image,
      `${type.replace('AcrReplication.', '')} made at ${clockText(madeAt)}`,
      madeAt - on.clockSpreadMs,
    );
  };
}

/** When it was decided to send it is not known: only what nobody had spoken of cannot have been decided before. */
export function judgeForwardOrder(on: Case, { name }: ForwardOrder): void {
  const image = on.imageOf(name.digest);
  if (image === undefined) return;
  const firstAt = Math.min(...on.history.said.flatMap((said) => (said.image === image ? [said.saidAt] : [])));
  judgeMember(on, image, 'forwarded', firstAt);
}

/** @param decidedAt at the soonest, by the world's clock */
function judgeMember(on: Case, image: number, what: string, decidedAt: number): void {
  for (const index of on.family.indexes(image)) {
    if (mayBeDeleted(on, index)) continue;
    const since = on.readings.listedSince(index);
    if (since !== undefined && decidedAt > since)
      on.violate(
        'a member is published with its family',
        `image ${image} is ${what}, and image ${index} has listed it since ${clockText(since)}`,
      );
    else if (isClaimedInTime(on, image, index))
      on.violate('a member is published with its family', `image ${image} is ${what}, and image ${index} came in time`);
  }
}

/** In a world where nothing goes wrong: no tag had it published before its index was there. */
function isClaimedInTime(on: Case, image: number, index: number): boolean {
  if (!on.isCalm || on.clockSpreadMs > 0 || on.readings.lastFailedAt !== undefined) return false;
  const ofImage = on.history.said.filter((said) => said.image === image);
  const knownAt = on.history.said.flatMap((said) =>
    said.image === index ? [said.knownAt ?? Number.POSITIVE_INFINITY] : [],
  );
  const firstAt = Math.min(...ofImage.map(({ saidAt }) => saidAt));
  return ofImage.every(({ fact }) => fact.tag === undefined) && Math.min(...knownAt) < firstAt + claimedWithinMs;
}
