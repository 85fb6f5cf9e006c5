/** Judges what an availability document says of a tag. */
import type { AvailabilityDocument, AvailabilityQuery } from './history.ts';
import type { Complain } from './judging.ts';
import { at } from './judging.ts';
import type { Model, Window } from './model.ts';

export function judgeTag(
  model: Model,
  tag: string,
  question: AvailabilityQuery,
  document: AvailabilityDocument,
  counted: readonly string[],
  window: Window,
  mayBeOld: boolean,
  complain: Complain,
): void {
  const isReported = (digest: string, passes: 'sent' | 'acked') =>
    model.facts.some(
      (fact) =>
        fact.action === 'push' &&
        fact.tag === tag &&
        fact.digest === digest &&
        (passes === 'sent' ? fact.sentAt <= window.until : fact.ackedAt <= window.since),
    );
  const { digest } = document;
  const all = document.regions.map(({ region }) => region);
  if (question.digest === null) {
    const isSeen =
      digest !== null && all.some((region) => model.isPossiblyPointed(tag, digest, region, at(0, window.until)));
    if (digest !== null && !isSeen) complain('wrong digest of a tag', 'tag', `${digest} was never pushed for ${tag}`);
    const isSettled = model.facts.every((fact) => fact.action === 'push' || fact.sentAt > window.until);
    if (digest === null && isSettled && !mayBeOld && model.digests.some((one) => isReported(one, 'acked'))) {
      complain('no digest of a tag', 'tag', `digest is null, though a push for ${tag} was acknowledged`);
    }
    const newer = model.digests.find(
      (other) => digest !== null && other !== digest && model.isKnownAfter(tag, digest, other, window),
    );
    // Where something was deleted, the newest that is left may be meant.
    if (newer !== undefined && isSettled && !mayBeOld) {
      complain('old digest of a tag', 'tag', `${tag} is ${digest}, although a region reported ${newer} after it`);
    }
  }
  if (digest === null) {
    if (counted.length > 0) complain('wrong yes', 'tag', `${counted} counts for a tag of no digest`);
    return;
  }
  for (const region of counted) {
    const isPossible =
      model.isPossiblyPointed(tag, digest, region, window) && model.isPossiblyThere(digest, region, window);
    if (!isPossible) complain('wrong yes', 'tag', `${region} counts, though its tag cannot point at ${digest} there`);
  }
  // While an index is being read, no region counts: the answer has `membersKnown: false`.
  const isBeingRead = document.members === null && document.regions.some(({ state }) => state === 'unverified');
  for (const region of mayBeOld || isBeingRead ? [] : document.missing) {
    const isCertain =
      model.isCertainlyPointed(tag, digest, region, window) &&
      model.isCertainlyThere(digest, region, window) &&
      !model.isPossiblyDoubtful(digest, region, window);
    if (isCertain) complain('wrong no', 'no', `${region} is missing, although it reported that ${tag} is ${digest}`);
  }
  const shown = document.tag;
  if (shown === undefined || shown === null) {
    complain('no tag', 'tag', 'the answer to a tag has no `tag`');
    return;
  }
  if (shown.name !== tag) complain('another tag', 'tag', `the tag is ${shown.name}`);
  for (const { region, digest: pointed } of shown.regions) {
    if (pointed !== null && !model.isPossiblyResolved(tag, pointed, region, window)) {
      complain('wrong pointer', 'tag', `${region} resolves ${tag} to ${pointed}, which it cannot have reported last`);
    }
  }
  judgeTagState(model, tag, shown.state, document, window, mayBeOld, complain);
}

function judgeTagState(
  model: Model,
  tag: string,
  state: string,
  document: AvailabilityDocument,
  window: Window,
  mayBeOld: boolean,
  complain: Complain,
): void {
  const required = document.requirement.regions;
  const pointed = required.map((region) =>
    model.digests.find((digest) => model.isCertainlyPointed(tag, digest, region, window)),
  );
  // Where a tag points is about the index itself: a region resolves the tag to it also if a member is missing there.
  const isSaid = (digest: string, region: string) =>
    model.isPossiblyPointed(tag, digest, region, window) && model.alone.isPossiblyThere(digest, region, window);
  const mayConverge = model.digests.some((digest) => required.every((region) => isSaid(digest, region)));
  const complainState = (should: string) =>
    complain(
      'wrong state of a tag',
      'tag',
      `tag.state is ${state}, expected ${should}: ${required.map((region, i) => `${region} ${pointed[i]?.slice(7, 13) ?? '?'}`).join(', ')}`,
    );
  if (!['converged', 'converging', 'diverged', 'unknown'].includes(state)) {
    complainState('one of the four');
    return;
  }
  if (state === 'converged' && !mayConverge) {
    complainState('anything else');
    return;
  }
  if (mayBeOld) return;
  const certain = new Set(pointed);
  const isWhole = document.digest !== null && certain.size === 1 && certain.has(document.digest);
  if (
    isWhole &&
    required.every((region) => model.isCertainlyThere(document.digest ?? '', region, window)) &&
    state !== 'converged'
  ) {
    complainState('converged');
    return;
  }
  // Regions without a report about the tag do not disagree. A replica that was probed counts as a report.
  const reported = model.facts.filter((fact) => fact.tag === tag && fact.sentAt <= window.until);
  const digests = new Set([
    ...reported.map((fact) => fact.digest),
    ...model.digests.filter((digest) => required.some((region) => isSaid(digest, region))),
  ]);
  const isUntouched = model.facts.every((fact) => fact.action === 'push' || fact.sentAt > window.until);
  if (digests.size === 1 && isUntouched && state === 'diverged')
    complainState('converging: no region holds another digest');
  if (digests.size === 0 && state !== 'unknown') complainState('unknown');
}
