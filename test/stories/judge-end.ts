/** Judges the state after all faults have ended: nothing is lost, and all processes give the same answers. */
import { wholeOf } from './families.ts';
import type { AvailabilityQuery, History } from './history.ts';
import { dataOf, describeEvent, types } from './judge-events.ts';
import { judgeKnown } from './judge-family.ts';
import { judgeReleaseEnd } from './judge-release.ts';
import type { Complain } from './judging.ts';
import type { Fact, Model, Window } from './model.ts';
import { instant } from './model.ts';
import type { Violation } from './violation.ts';
import { sentences } from './violation.ts';

export function judgeEnd(history: History, model: Model): Violation[] {
  if (!Number.isFinite(history.quietAt)) return [];
  const at = Math.max(history.quietAt, ...history.questions.map(({ answeredAt }) => answeredAt));
  const found: Violation[] = [];
  const complain = (rule: string, sentence: keyof typeof sentences, what: string) =>
    found.push({ rule, sentence: sentences[sentence], at, what });
  // A message on the queue may be processed between the answers of two instances.
  const workedOff = Math.max(0, ...model.facts.map(({ ackedAt }) => ackedAt).filter(Number.isFinite));
  if (at > workedOff) judgeAgreement(history, complain);
  // Members are published with their index.
  const members = new Set(history.families.flatMap((family) => family.members.map(({ digest }) => digest)));
  for (const digest of model.digests) if (!members.has(digest)) judgeImage(history, model, digest, complain);
  for (const tag of model.tags) judgeTag(history, model, tag, complain);
  judgeLists(history, complain);
  judgeKnown(history, model, complain);
  judgeReleaseEnd(history, model, complain);
  judgeContent(history, model, complain);
  return found;
}

/** What two answers may not differ in. */
function gist({ document }: AvailabilityQuery): string {
  if (document === null) return 'nothing';
  const regions = document.regions.map(({ region, state, expected }) => `${region} ${state} ${expected}`);
  const { digest, state, satisfied, missing, tag } = document;
  return JSON.stringify({
    digest,
    state,
    satisfied,
    missing,
    members: document.members?.map((member) => `${member.digest} ${member.missing}`).sort(),
    regions,
    tag: tag?.state,
    pointers: tag?.regions.map((one) => `${one.region} ${one.digest}`).sort(),
  });
}

function judgeAgreement(history: History, complain: Complain): void {
  const last = new Map<string, Map<number, AvailabilityQuery>>();
  for (const question of history.questions) {
    if (!question.atEnd || question.status !== 200 || question.route !== 'availability') continue;
    const key = `${question.tag ?? ''}@${question.digest ?? ''}`;
    const byProcess = last.get(key) ?? new Map<number, AvailabilityQuery>();
    last.set(key, byProcess.set(question.process, question));
  }
  for (const [key, byProcess] of last) {
    const gists = [...byProcess].map(([process, question]) => ({
      process,
      answered: gist(question),
      set: setOf(question),
    }));
    for (const { process, answered, set } of gists) {
      // The contract does not say how soon every instance knows a new replica.
      const other = gists.find((one) => one.set === set && one.answered !== answered);
      if (other === undefined || other.process < process) continue;
      const both = `process ${process} answers ${answered}, process ${other.process} answers ${other.answered}`;
      complain('instances disagree', 'agree', `${key}: ${both}`);
    }
  }
}

function setOf({ document }: AvailabilityQuery): string {
  const expected = document?.regions.filter((region) => region.expected) ?? [];
  return expected.map(({ region }) => region).join();
}

function takenOf(history: History, type: string, passes: (event: ReturnType<typeof dataOf>) => boolean): Set<string> {
  const accepted = history.published.filter(({ event, accepted: isAccepted }) => isAccepted && event.type === type);
  return new Set(accepted.filter(({ event }) => passes(dataOf(event))).map(({ event }) => event.id));
}

/** An event that was held is under way for a moment. */
const heldMs = 11_000;

/** An event that the topic refuses permanently cannot be published: 400 and 413 are final. */
function isRefused(history: History, type: string, digest: string): boolean {
  return history.published.some(
    ({ event, refused }) => refused && event.type === type && dataOf(event).digest === digest,
  );
}

function momentsOf(facts: readonly Fact[]): number[] {
  return [...new Set(facts.map(({ ackedAt }) => ackedAt))].filter(Number.isFinite).sort((one, other) => one - other);
}

function judgeImage(history: History, model: Model, digest: string, complain: Complain): void {
  const whole = wholeOf(history, digest);
  const facts = model.facts.filter((fact) => fact.digest !== null && whole.includes(fact.digest));
  const moments = [...momentsOf(facts), history.quietAt].filter((at) => at <= history.quietAt);
  const settled: Window = { since: history.quietAt, until: Number.POSITIVE_INFINITY };
  // Before the set grew, it was smaller: the contract does not say whether reports of a new replica meanwhile are
  // published.
  const fixed = history.expected.length === 1 ? history.expected[0]?.possible[0] : undefined;
  const finals = model.expectedSets(settled);
  const short = digest.slice(7, 15);
  const expect = (type: string, count: number, why: string, region?: string) => {
    const ids = takenOf(
      history,
      type,
      (data) => data.digest === digest && (region === undefined || data.region === region),
    );
    if (ids.size >= count || isRefused(history, type, digest)) return;
    const where = region === undefined ? '' : ` of ${region}`;
    complain(
      'event lost',
      'lost',
      `${type.replace('AcrReplication.', '')}${where} of ${short} was accepted under ${ids.size} ids, expected ${count}: ${why}`,
    );
  };

  if (finals.every((set) => set.every((region) => model.isCertainlyThere(digest, region, settled)))) {
    expect(types.inAll, 1, 'it is in every region at the end');
  }
  // Docs, "Families": for ten seconds nothing is published of an untagged manifest. What is no longer true then is
  // never published.
  const firstAt = Math.min(...facts.map(({ sentAt }) => sentAt));
  const isHeld =
    history.canProbe &&
    facts.some(
      ({ action, sentAt }) =>
        action !== 'push' &&
        sentAt <= firstAt + heldMs &&
        facts.every((before) => before.tag === null || before.sentAt > sentAt),
    );
  if (fixed === undefined || isHeld) return;
  let complete = 0;
  let deletions = 0;
  let was: 'complete' | 'deleted' | undefined;
  for (const at of moments) {
    const isComplete = fixed.every((region) => model.isCertainlyThere(digest, region, instant(at)));
    const isGone = model.isCertainlyGone(digest, instant(at));
    if (isComplete && was !== 'complete') {
      complete += 1;
      was = 'complete';
    } else if (isGone && was === 'complete') {
      deletions += 1;
      was = 'deleted';
    }
  }
  expect(types.inAll, complete, `it was in every region, and not in between, ${complete} times`);
  expect(types.deletedInAll, deletions, `it was deleted everywhere ${deletions} times`);
  for (const region of fixed) {
    if (moments.some((at) => model.isCertainlyThere(digest, region, instant(at)))) {
      expect(types.inRegion, 1, 'its push was acknowledged', region);
    }
    const there = moments.find((at) => model.isCertainlyThere(digest, region, instant(at)));
    if (
      there !== undefined &&
      moments.some((at) => at > there && model.isCertainlyDeleted(digest, region, instant(at)))
    ) {
      expect(types.deletedInRegion, 1, 'its delete was acknowledged', region);
    }
  }
  if (facts.some(({ action }) => action !== 'push') || history.canProbe) return;
  const first = Math.min(...facts.map(({ ackedAt }) => ackedAt));
  const dueAt = first + history.delayedAfterSeconds * 1_000;
  const isLate = fixed.some((region) => facts.every((fact) => fact.region !== region || fact.sentAt > dueAt + 15_000));
  const isKnown = fixed.some((region) => model.isCertainlyThere(digest, region, instant(dueAt)));
  const isDoubtful = model.facts.some(({ action }) => action === 'repositoryDelete');
  if (isLate && isKnown && !isDoubtful && Number.isFinite(dueAt))
    expect(types.delayed, 1, 'a region was still missing when it was due');
}

function judgeTag(history: History, model: Model, tag: string, complain: Complain): void {
  const fixed = history.expected.length === 1 ? history.expected[0]?.possible[0] : undefined;
  if (fixed === undefined) return;
  const subject = `${history.repository}:${tag}`;
  const settled: Window = { since: history.quietAt, until: Number.POSITIVE_INFINITY };
  const isThere = (digest: string, region: string) =>
    model.isCertainlyPointed(tag, digest, region, settled) && model.isCertainlyThere(digest, region, settled);
  const last = model.digests.find((digest) => fixed.every((region) => isThere(digest, region)));
  if (last === undefined) return;
  const isAccepted = (type: string, digest: string) =>
    isRefused(history, type, digest) ||
    history.published.some(
      ({ event, accepted }) =>
        accepted && event.type === type && event.subject === subject && dataOf(event).digest === digest,
    );
  if (!isAccepted(types.converged, last)) {
    complain(
      'event lost',
      'lost',
      `TagConverged ${subject} ${last.slice(7, 15)}: every region resolves the tag to it at the end`,
    );
  }
  const times = [...model.facts.map(({ sentAt }) => sentAt), history.quietAt];
  for (const digest of model.digests) {
    const isOfTag = model.facts.some(
      (fact) => fact.tag === tag && fact.digest === digest && Number.isFinite(fact.ackedAt),
    );
    if (digest === last || !isOfTag || !model.isKnownAfter(tag, digest, last, settled)) continue;
    // Never complete, not even possibly, and not deleted: then it moved on before it had converged.
    const mayHaveConverged = times.some((at) =>
      fixed.every(
        (region) =>
          model.isPossiblyPointed(tag, digest, region, instant(at)) &&
          model.isPossiblyThere(digest, region, instant(at)),
      ),
    );
    const isRemoved = model.facts.some(({ action }) => action !== 'push');
    // A region that reported it only after the newer one never resolved the tag to it, as far as the reports show.
    const wasSeen = momentsOf(model.facts).some((at) =>
      fixed.some((region) => model.isCertainlyPointed(tag, digest, region, instant(at))),
    );
    const isTold = isAccepted(types.superseded, digest) || isAccepted(types.converged, digest);
    if (!mayHaveConverged && !isRemoved && wasSeen && !isTold) {
      complain(
        'event lost',
        'lost',
        `TagSuperseded ${subject} ${digest.slice(7, 15)}: the tag moved on before it had converged`,
      );
    }
  }
}

function judgeLists(history: History, complain: Complain): void {
  const refused = new Set(history.published.filter((one) => one.refused).map(({ event }) => event.id));
  const accepted = new Map(history.published.filter((one) => one.accepted).map(({ event }) => [event.id, event]));
  const last = new Map(history.eventLists.map((list) => [`${list.digest} ${list.process}`, list]));
  for (const { digest, process, askedAt, status, events } of last.values()) {
    if (status !== 200) {
      complain(
        'no list of events',
        'list',
        `process ${process} answered ${status} about the events of ${digest.slice(7, 15)}`,
      );
      continue;
    }
    for (const { id, type, status: state } of events) {
      if (refused.has(id)) continue;
      if (state === 'published' && !accepted.has(id))
        complain(
          'published, not accepted',
          'list',
          `${type} ${id} of ${digest.slice(7, 15)}: the topic never accepted it`,
        );
      if (state === 'pending') complain('still pending', 'lost', `${type} ${id} of ${digest.slice(7, 15)}`);
    }
    const listed = new Set(events.map(({ id }) => id));
    const takenBefore = new Set(
      history.published.filter((one) => one.accepted && one.at < askedAt).map(({ event }) => event.id),
    );
    const newest = Math.max(
      0,
      ...[...accepted.values()]
        .filter((event) => dataOf(event).digest === digest)
        .map((event) => dataOf(event).generation ?? 0),
    );
    for (const event of accepted.values()) {
      const isOfImage = dataOf(event).digest === digest && event.subject.includes('@');
      // The contract does not say how long earlier generations are listed.
      if (isOfImage && dataOf(event).generation === newest && takenBefore.has(event.id) && !listed.has(event.id)) {
        complain('event not listed', 'list', `process ${process} does not list ${describeEvent(event)}`);
      }
    }
  }
}

/** Where replicas can be probed, a lost report is found. */
function judgeContent(history: History, model: Model, complain: Complain): void {
  const settled: Window = { since: history.quietAt, until: Number.POSITIVE_INFINITY };
  for (const { region, digest } of history.content) {
    // What was reported as removed and is back is probed only for a reason: the contract says nothing about it.
    if (model.facts.some((fact) => fact.action !== 'push') || model.isCertainlyDeleted(digest, region, settled))
      continue;
    const last = history.questions.findLast(
      (one) => one.atEnd && one.digest === digest && one.document !== null && one.tag === null,
    );
    const shown = last?.document?.regions.find((one) => one.region === region);
    if (shown !== undefined && shown.state !== 'available') {
      complain('replica not probed', 'probe', `${region} has ${digest.slice(7, 15)} and answers; it is ${shown.state}`);
    }
  }
}
