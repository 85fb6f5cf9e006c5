/**
 * Judges answers and events about members: a document lists them completely, and they are published, delayed and listed
 * only with their index.
 */
import { membersOf, readBy } from './families.ts';
import type { AvailabilityQuery, History } from './history.ts';
import { dataOf, describeEvent } from './judge-events.ts';
import type { Complain } from './judging.ts';
import { at as windowAt } from './judging.ts';
import type { Model } from './model.ts';
import type { Violation } from './violation.ts';
import { sentences } from './violation.ts';

/** Docs, "Families": for this time after it was first seen, nothing is published of an untagged manifest. */
const graceMs = 10_000;
/** What was due just before is on its way. */
const slackMs = 1_000;

export function judgeFamilies(history: History, model: Model): Violation[] {
  if (history.families.length === 0) return [];
  const found: Violation[] = [];
  const complainAt =
    (at: number): Complain =>
    (rule, sentence, what) =>
      found.push({ rule, sentence: sentences[sentence], at, what });
  for (const question of history.questions) judgeMembers(history, model, question, complainAt(question.answeredAt));
  judgeLoneEvents(history, model, complainAt);
  return found;
}

function judgeMembers(history: History, model: Model, question: AvailabilityQuery, complain: Complain): void {
  const { document, askedAt, answeredAt, route, status } = question;
  const should = membersOf(history, document?.digest ?? '');
  if (document === null || should.length === 0 || document.members === null) return;
  const list = (members: readonly { digest: string; kind: string; platform: string | null }[]) =>
    JSON.stringify(members.map(({ digest, kind, platform }) => [digest, kind, platform]).sort());
  const members = document.members ?? [];
  if (list(members) !== list(should)) {
    complain('wrong members', 'family', `lists ${list(members)}, the index lists ${list(should)}`);
    return;
  }
  if (document.membersKnown !== true) complain('members without being known', 'family', 'membersKnown is not true');
  const isFresh = route === 'availability' || status !== 202;
  // As for an image: `missing` is about the requested regions.
  const required = document.requirement.regions;
  for (const { digest, missing } of members) {
    const name = `member ${digest.slice(7, 15)}`;
    if (missing.join() !== [...missing].sort().join()) complain('members: missing in order', 'shape', name);
    for (const { region, state } of document.regions) {
      const isMissing = missing.includes(region);
      const window = windowAt(askedAt, answeredAt);
      if (isMissing && state === 'available')
        complain('available without a member', 'family', `${region} is available, and ${name} is missing there`);
      if (!required.includes(region)) continue;
      if (!isMissing && !model.isPossiblyThere(digest, region, window))
        complain('wrong yes', 'family', `${name} is not missing in ${region}, which has not reported it`);
      const isCertain = isFresh && model.isCertainlyThere(digest, region, window);
      if (isMissing && isCertain && askedAt > readBy(history, model, document.digest ?? ''))
        complain('wrong no', 'family', `${name} is missing in ${region}, whose push was acknowledged`);
    }
  }
}

/** A member that an index claimed in time is published as part of its family. */
function judgeLoneEvents(history: History, model: Model, complainAt: (at: number) => Complain): void {
  for (const { index, members } of history.families) {
    const claimedBy = readBy(history, model, index);
    // In the minute after an index of the registry could not be read, in any story, no index is waited for: the answer
    // shows that.
    const wasUnread = history.questions.some(
      ({ document }) => document?.digest === index && document.membersKnown === false,
    );
    if (wasUnread) continue;
    for (const { at, event } of history.published) {
      const { digest = '' } = dataOf(event);
      if (!members.some((member) => member.digest === digest)) continue;
      const firstSent = Math.min(
        ...model.facts.filter((fact) => fact.digest === digest).map(({ sentAt }) => sentAt),
        ...history.served.filter((served) => served.digest === digest).map((served) => served.at),
      );
      // The topic may not have accepted it before the index was claimed: then it is published again.
      const isClaimedInTime = claimedBy + slackMs < firstSent + graceMs;
      if (isClaimedInTime) complainAt(at)('member published', 'members', describeEvent(event));
    }
  }
}

/** In the end, an index that can be read has been read. */
export function judgeKnown(history: History, model: Model, complain: Complain): void {
  for (const { index } of history.families) {
    const isReadable = history.content.some(({ digest }) => digest === index);
    const facts = model.facts.filter((fact) => fact.digest === index && fact.action === 'push');
    // On a busy machine the registry may not have answered in time; it is asked again within the hour.
    const wasSlow = history.faults.some(({ kind }) => kind === 'slow');
    if (!isReadable || wasSlow || !facts.some(({ ackedAt }) => Number.isFinite(ackedAt))) continue;
    const last = history.questions.findLast(
      ({ atEnd, digest, document }) => atEnd && digest === index && document !== null,
    );
    if (last?.document?.members === null)
      complain('members not known', 'family', `${index.slice(7, 15)} can be read, and its members are not known`);
  }
  const listed = history.imageLists.at(-1);
  if (listed === undefined || listed.status !== 200) return;
  for (const { index, members } of history.families) {
    const known = history.questions.some(({ document }) => document?.digest === index && document.members !== null);
    const lone = members.filter(({ digest }) => known && listed.digests.includes(digest));
    for (const { digest } of lone) complain('member listed', 'members', `${digest.slice(7, 15)} has a row of its own`);
  }
}
