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
  // Of a wait that says "not yet" the contract does not ask for a fresh read: it must have noticed within some seconds.
  const isFresh = route === 'availability' || status !== 202;
  const window = at(isFresh ? askedAt : Math.min(askedAt, answeredAt - noticeMs), answeredAt);
  // While a process cannot read, what it says of "not there" may be old; a yes may not.
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
        isDoubt ? 'doubt' : 'yes',
        `${region} is available: it did not report it, or a removal was acknowledged`,
      );
    }
    if (state === 'deleted' && !model.isPossiblyDeleted(digest, region, window)) {
      complain('wrong gone', 'gone', `${region} is deleted: it never said so, or pushed it after that`);
    }
    if (mayBeOld) continue;
    // While an index is being read, no region counts: its answer says that its members are not known.
    if (
      document.members !== null &&
      state !== 'available' &&
      model.isCertainlyThere(digest, region, window) &&
      !model.isPossiblyDoubtful(digest, region, window)
    ) {
      complain('wrong no', 'no', `${region} is ${state}: its push was acknowledged, and no removal was sent after it`);
    }
    if (state !== 'deleted' && model.isCertainlyDeleted(digest, region, window)) {
      complain('deletion not said', 'gone', `${region} is ${state}: its delete was acknowledged`);
    }
    if (state !== 'missing' && model.isUnheard(digest, region, window)) {
      complain('wrong word', 'yes', `${region} is ${state}: nobody said anything of it`);
    }
  }
  judgeState(model, digest, document, window, complain);
}

/** Only from what the document itself says. Doubt, `unverified` and regions nobody expects: the contract is silent. */
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
      // Whether a region that lacks a member has deleted it, the model does not tell.
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
  // Where the index itself still is, though not whole, it has not been deleted.
  const isLeft = expected.some(({ region }) => model.alone.isPossiblyThere(digest, region, window));
  const isHalf = should === 'deleted' && document.state === 'deleting' && model.alone !== model && isLeft;
  const isRight =
    document.state === should || isPushedAgain || isHalf || (should === 'unknown' && document.state === 'replicating');
  if (!isRight) {
    const states = expected.map(({ region, state }) => `${region} ${state}`).join(', ');
    complain('wrong state', 'state', `state is ${document.state}, expected ${should}: ${states}`);
  }
}
