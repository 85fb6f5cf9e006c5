/** Judges each answer by itself: statuses here, documents and webhook events in the files beside this one. */
import type { AvailabilityQuery, History } from './history.ts';
import { judgeDocument } from './judge-document.ts';
import { judgeReport } from './judge-report.ts';
import type { Complain } from './judging.ts';
import { at, isDisturbed, neededOf, noticeMs } from './judging.ts';
import type { Model, Window } from './model.ts';
import type { Violation } from './violation.ts';
import { sentences } from './violation.ts';

/** How exact times are on a busy machine. */
const toleranceMs = 400;
/** After this time an answer is late. The contract's times hold on an idle machine. */
const lateMs = 10_000;

export function judgeAnswers(history: History, model: Model): Violation[] {
  const found: Violation[] = [];
  for (const question of history.questions) {
    judgeQuestion(history, model, question, (rule, sentence, what) =>
      found.push({ rule, sentence: sentences[sentence], at: question.answeredAt, what }),
    );
  }
  for (const report of history.reports) {
    judgeReport(history, model, report, (rule, sentence, what) =>
      found.push({ rule, sentence: sentences[sentence], at: report.answeredAt ?? report.sentAt, what }),
    );
  }
  for (const odd of history.odds) {
    const isUndisturbed = !isDisturbed(history, odd.process, odd.askedAt, odd.answeredAt);
    const isRight = odd.status === odd.wantStatus && (odd.wantText === null || odd.body.includes(odd.wantText));
    if (isRight || (!isUndisturbed && (odd.status === null || odd.status === 503))) continue;
    const wanted = odd.wantText === null ? '' : ` with ${odd.wantText}`;
    found.push({
      rule: `odd request: ${odd.what}`,
      sentence: odd.sentence,
      at: odd.answeredAt,
      what: `answered ${odd.status} ${odd.body.slice(0, 200)}, expected ${odd.wantStatus}${wanted}`,
    });
  }
  return found;
}

function judgeQuestion(history: History, model: Model, question: AvailabilityQuery, complain: Complain): void {
  const { askedAt, answeredAt, status, document, timeoutSeconds } = question;
  const lastedMs = answeredAt - askedAt;
  const disturbed = isDisturbed(history, question.process, askedAt, answeredAt);
  const isWait = question.route === 'wait';
  if (status === null || status === 503) {
    if (!disturbed) complain('no answer', 'answer', `answered ${status ?? 'nothing'} after ${lastedMs} ms`);
    return;
  }
  if (!(isWait ? [200, 202, 409, 410] : [200]).includes(status)) {
    complain('unexpected status', 'answer', `answered ${status}`);
    return;
  }
  const maxMs = (isWait ? timeoutSeconds * 1_000 : 0) + lateMs;
  if (lastedMs > maxMs && !disturbed) complain('late answer', 'wait', `answered after ${lastedMs} ms`);
  if (document !== null) judgeDocument(history, model, question, document, complain);
  if (!isWait) {
    if (document === null) complain('no document', 'answer', '200 without a document');
    return;
  }

  if (status === 200 || status === 202) {
    if (document === null) {
      complain('no document', 'wait', `${status} without a document`);
      return;
    }
    if (document.satisfied !== (status === 200)) {
      complain('status and document differ', 'wait', `${status} with satisfied ${document.satisfied}`);
    }
  }
  const hasEnded = lastedMs >= timeoutSeconds * 1_000 - toleranceMs;
  if (status === 202) {
    if (!hasEnded) complain('202 too early', 'wait', `202 after ${lastedMs} ms of ${timeoutSeconds} s`);
    if (question.retryAfter === null) complain('202 without Retry-After', 'wait', '202 without Retry-After');
    const late: Window = { since: timeoutSeconds === 0 ? askedAt : answeredAt - noticeMs, until: answeredAt };
    if (!disturbed && isCertainlySatisfied(model, question, late)) {
      complain('202 though it is met', 'no', '202, and every region that is required had been acknowledged');
    }
    if (timeoutSeconds === 0 && !disturbed) judgeFinalNo(model, question, complain);
  }
  if (
    status === 200 &&
    !disturbed &&
    lastedMs > 5_000 &&
    isCertainlySatisfied(model, question, at(askedAt, answeredAt))
  ) {
    complain('200 too late', 'no', `200 after ${lastedMs} ms, though it was met when it was asked`);
  }
  if (status === 409 || status === 410) judgeRefusal(model, question, lastedMs, hasEnded, complain);
}

/** At the end, a wait for what is certainly deleted or superseded must be answered so. */
function judgeFinalNo(model: Model, question: AvailabilityQuery, complain: Complain): void {
  const { digest, tag } = question;
  if (digest === null) return;
  const window = at(question.askedAt, question.answeredAt);
  const sets = model.expectedSets(window);
  if (model.isCertainlyGone(digest, window)) {
    complain('202 though it is deleted', 'deleted', '202 at the end of the timeout, though deleted everywhere');
    return;
  }
  if (tag === null || question.regions !== null) return;
  const moved = model.digests.some(
    (other) =>
      other !== digest &&
      sets.every((regions) =>
        regions.every(
          (region) =>
            model.isCertainlyPointed(tag, other, region, window) &&
            model.facts.some(
              (fact) =>
                fact.region === region && fact.digest === digest && fact.tag === tag && fact.ackedAt <= window.since,
            ),
        ),
      ) &&
      model.isKnownAfter(tag, digest, other, window),
  );
  if (moved) complain('202 though it is superseded', 'order', '202, though every region has moved the tag on');
}

function judgeRefusal(
  model: Model,
  question: AvailabilityQuery,
  lastedMs: number,
  hasEnded: boolean,
  complain: Complain,
): void {
  const { status, digest, tag, askedAt, answeredAt } = question;
  const isEarly = !hasEnded && lastedMs < 30_000 - toleranceMs;
  if (isEarly) {
    const what = `${status} after ${lastedMs} ms of a timeout of ${question.timeoutSeconds} s`;
    complain(`${status} too early`, 'refusal', what);
  }
  const now = at(Math.max(askedAt, answeredAt - noticeMs), answeredAt);
  const before = hasEnded ? now : at(Math.min(askedAt, answeredAt - 29_000), answeredAt - 29_000);
  if (status === 410) {
    if (digest === null) return; // A tag alone: the contract does not say which digest is meant.
    const isPossible = (window: Window) =>
      model.expectedSets(window).some((regions) => model.isPossiblyGone(digest, regions, window));
    if (!isPossible(now))
      complain('false 410', 'deleted', '410, though some region certainly has it, or none deleted it');
    else if (!isEarly && !isPossible(before))
      complain('410 too early', 'refusal', '410, though it was not deleted for 30 s');
    return;
  }
  if (tag === null || digest === null) {
    complain('false 409', 'order', '409 to what is no tag with a digest');
    return;
  }
  // For each set that may have been in use, some region of it holds the digest.
  const holding = model
    .expectedSets(now)
    .map((regions) => regions.filter((region) => model.isCertainlyPointed(tag, digest, region, now)));
  if (question.regions === null && holding.length > 0 && holding.every((regions) => regions.length > 0)) {
    complain('false 409', 'order', `409, though ${[...new Set(holding.flat())]} certainly resolves the tag to it`);
  }
  const isPossible = (window: Window) =>
    model.digests.some((other) => other !== digest && model.mayBeAfter(tag, digest, other, window));
  if (!isPossible(now)) complain('false 409', 'order', '409, though no region has reported both digests in that order');
  else if (!isEarly && !isPossible(before))
    complain('409 too early', 'refusal', '409, though it was not superseded for 30 s');
}

function isCertainlySatisfied(model: Model, question: AvailabilityQuery, window: Window): boolean {
  const { digest, tag, require } = question;
  const counts = (region: string, wanted: string) =>
    model.isCertainlyThere(wanted, region, window) &&
    (tag === null || model.isCertainlyPointed(tag, wanted, region, window));
  const candidates = digest !== null ? [digest] : model.digests;
  return model.expectedSets(window).every((expected) => {
    const regions = question.regions ?? expected;
    const needed = neededOf(require, regions.length);
    return candidates.some(
      (wanted) =>
        regions.filter((region) => counts(region, wanted)).length >= needed &&
        // A question about a tag alone is about its newest digest: only certain if no other was reported.
        (digest !== null || onlyDigestOf(model, tag, wanted, window)),
    );
  });
}

function onlyDigestOf(model: Model, tag: string | null, digest: string, window: Window): boolean {
  return model.digests.every(
    (other) =>
      other === digest ||
      (tag !== null &&
        (model.isKnownAfter(tag, other, digest, window) ||
          !model.facts.some((fact) => fact.tag === tag && fact.digest === other && fact.sentAt <= window.until))),
  );
}
