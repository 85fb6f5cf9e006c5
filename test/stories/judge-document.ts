/** Judges an availability document: whether it agrees with itself, and with what was known. */
import type { AvailabilityDocument, AvailabilityQuery, History } from './history.ts';
import { judgeTag } from './judge-tag.ts';
import type { Complain } from './judging.ts';
import { at, isDisturbed, neededOf, noticeMs } from './judging.ts';
import type { Model, Window } from './model.ts';

export function judgeDocument(
  history: History,
  model: Model,
  question: AvailabilityQuery,
  document: AvailabilityDocument,
  complain: Complain,
): void {
  const { askedAt, answeredAt, status, route } = question;
  // The contract does not require a fresh read for a wait that is not satisfied: it must notice a report within some
  // seconds.
  const isFresh = route === 'availability' || status !== 202;
  const window = at(isFresh ? askedAt : Math.min(askedAt, answeredAt - noticeMs), answeredAt);
  // While a process cannot read, its "missing" may be outdated, but not its "available".
  const mayBeOld = !isFresh && isDisturbed(history, question.process, askedAt, answeredAt);

  const expected = document.regions.filter((region) => region.expected).map(({ region }) => region);
  const sets = model.expectedSets(window);
  if (!sets.some((set) => set.join() === expected.join())) {
    complain(
      'wrong expected set',
      'expected',
      `expects ${expected.join(', ') || 'none'}, not ${sets.map((set) => set.join(', ')).join(' or ')}`,
    );
  }
  const required = [
    ...(question.regions ?? document.regions.filter((one) => one.required).map((one) => one.region)),
  ].sort();
  const { requirement, missing } = document;
  const counted = required.filter((region) => !missing.includes(region));
  const needed = neededOf(question.require, required.length);
  const shape: [string, unknown, unknown][] = [
    [
      'regions in order',
      document.regions.map(({ region }) => region),
      document.regions.map((one) => one.region).sort(),
    ],
    ['missing in order', missing, [...missing].sort()],
    ['missing is required', missing.filter((region) => !required.includes(region)), []],
    ['requirement.regions', requirement.regions, required],
    ['requirement.needed', requirement.needed, needed],
    ['requirement.have', requirement.have, counted.length],
    ['satisfied', document.satisfied, counted.length >= needed],
  ];
  for (const [what, is, should] of shape) {
    if (JSON.stringify(is) !== JSON.stringify(should)) {
      complain(`document: ${what}`, 'shape', `${what} is ${JSON.stringify(is)}, expected ${JSON.stringify(should)}`);
    }
  }
  for (const { region, state, evidence, lagSeconds } of document.regions) {
    if (state === 'available' && evidence.length === 0) complain('no evidence', 'shape', `${region} without evidence`);
    if (lagSeconds !== null && lagSeconds < 0)
      complain('negative lag', 'shape', `${region} has a lag of ${lagSeconds}`);
    if (!['available', 'unverified', 'missing', 'deleted'].includes(state)) complain('unknown state', 'shape', state);
  }
  if (question.digest !== null && document.digest !== question.digest) {
    complain('another digest', 'tag', `the digest is ${document.digest}, asked for ${question.digest}`);
  }
  const known = document.members === null ? model.alone : model;
  if (question.tag !== null) judgeTag(known, question.tag, question, document, counted, window, mayBeOld, complain);
  else if (question.digest !== null)
    judgeRegions(known, question.digest, document, counted, window, mayBeOld, complain);
}

function judgeRegions(
  model: Model,
  digest: string,
  document: AvailabilityDocument,
  counted: readonly string[],
  window: Window,
  mayBeOld: boolean,
  complain: Complain,
): void {
  for (const { region, state } of document.regions) {
    const isCounted = counted.includes(region);
    if (isCounted && state !== 'available') complain('counts what is not available', 'shape', `${region} is ${state}`);
    if (state === 'available' && !model.isPossiblyThere(digest, region, window)) {
      const isDoubt = model.isPossiblyDoubtful(digest, region, window);
      complain(
        'wrong yes',
        isDoubt ? 'unnamedDelete' : 'yes',
        `${region} is available: it did not report it, or a removal was acknowledged`,
      );
    }
    if (state === 'deleted' && !model.isPossiblyDeleted(digest, region, window)) {
      complain('wrong deleted', 'deleted', `${region} is deleted: it never reported that, or pushed it after that`);
    }
    if (mayBeOld) continue;
    // While an index is being read, no region counts: the answer has `membersKnown: false`.
    if (
      document.members !== null &&
      state !== 'available' &&
      model.isCertainlyThere(digest, region, window) &&
      !model.isPossiblyDoubtful(digest, region, window)
    ) {
      complain('wrong no', 'no', `${region} is ${state}: its push was acknowledged, and no removal was sent after it`);
    }
    if (state !== 'deleted' && model.isCertainlyDeleted(digest, region, window)) {
      complain('deletion not shown', 'deleted', `${region} is ${state}: its delete was acknowledged`);
    }
    if (state !== 'missing' && model.isUnreported(digest, region, window)) {
      complain('wrong state', 'yes', `${region} is ${state}: it was not reported`);
    }
  }
  judgeState(model, digest, document, window, complain);
}

/**
 * Only from the document itself. The contract says nothing about unnamed deletes, `unverified` and unexpected regions.
 */
function judgeState(
  model: Model,
  digest: string,
  document: AvailabilityDocument,
  window: Window,
  complain: Complain,
): void {
  const expected = document.regions.filter((region) => region.expected);
  const unclear = document.regions.some(
    ({ region, state, expected: isExpected }) =>
      state === 'unverified' ||
      !isExpected ||
      model.isPossiblyDoubtful(digest, region, window) ||
      // Whether a region that lacks a member has deleted it does not follow from the model.
      model.isPossiblyBroken(digest, region, window),
  );
  if (unclear || expected.length === 0) return;
  const count = (wanted: string) => expected.filter(({ state }) => state === wanted).length;
  const available = count('available');
  const deleted = count('deleted');
  let should = 'replicating';
  if (available === expected.length) should = 'available';
  else if (deleted > 0) should = available > 0 ? 'deleting' : 'deleted';
  else if (available === 0) should = 'unknown';
  // Probes can show that a digest exists somewhere without naming a region that counts.
  // In a new generation, what is still deleted from the one before: the contract is silent.
  const isPushedAgain = should === 'deleting' && document.state === 'replicating' && model.mayBeBack(digest, window);
  // If the index itself is still there, though incomplete, it has not been deleted.
  const isLeft = expected.some(({ region }) => model.alone.isPossiblyThere(digest, region, window));
  const isHalf = should === 'deleted' && document.state === 'deleting' && model.alone !== model && isLeft;
  const isRight =
    document.state === should || isPushedAgain || isHalf || (should === 'unknown' && document.state === 'replicating');
  if (!isRight) {
    const states = expected.map(({ region, state }) => `${region} ${state}`).join(', ');
    complain('wrong state', 'state', `state is ${document.state}, expected ${should}: ${states}`);
  }
}
