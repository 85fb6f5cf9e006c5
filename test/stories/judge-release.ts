/**
 * Judges releases: contract, section 7. The content of a release follows from the changes that were acknowledged, and
 * those that may have taken effect without an answer. Its state follows from where its images are.
 */
import type { History, ReleaseCall } from './history.ts';
import type { Complain } from './judging.ts';
import { isDisturbed, noticeMs, at as windowAt } from './judging.ts';
import type { Model, Window } from './model.ts';
import { instant } from './model.ts';
import type { Violation } from './violation.ts';
import { sentences } from './violation.ts';

const available = 'AcrReplication.ReleaseAvailableInAllReplicas';
const delayed = 'AcrReplication.ReleaseDelayed';
const toleranceMs = 400;
const lateMs = 10_000;

/** Absent, or a content under a revision. */
type State = { readonly images: readonly string[]; readonly revision: number } | null;

const isChange = ({ call }: ReleaseCall) => call === 'put' || call === 'delete';
const contentOf = (images: readonly string[]) => [...new Set(images)].sort().join();
const nameOf = (state: State) => (state === null ? 'none' : `revision ${state.revision} of ${state.images.length}`);

export function applyChange(state: State, { call, images }: ReleaseCall): State {
  if (call === 'delete') return null;
  if (state === null) return { images: [...new Set(images)], revision: 1 };
  if (contentOf(state.images) === contentOf(images)) return state;
  return { images: [...new Set(images)], revision: state.revision + 1 };
}

/**
 * Every state that an answer within this time may be about: the changes in every order that their times allow. Changes
 * that overlap may have come in either order, one without an answer at any time after it was sent, or never.
 */
export function statesIn({ releases }: History, { since, until }: Window, except?: ReleaseCall): State[] {
  // A change that was answered 404 or 400 had no effect.
  const isRefused = ({ status }: ReleaseCall) => status !== null && status >= 400 && status < 500;
  const possible = releases.filter((one) => isChange(one) && one !== except && one.askedAt <= until && !isRefused(one));
  const isAnswered = ({ status }: ReleaseCall) => status !== null && status < 300;
  const precedes = (one: ReleaseCall, other: ReleaseCall) => isAnswered(one) && one.answeredAt <= other.askedAt;
  const isDone = (one: ReleaseCall) => isAnswered(one) && one.answeredAt <= since;
  const found = new Map<string, State>();
  const seen = new Set<string>();
  const explore = (state: State, applied: readonly ReleaseCall[]): void => {
    const key = `${keyOf(state)} ${possible.map((one) => Number(applied.includes(one))).join('')}`;
    if (seen.has(key)) return;
    seen.add(key);
    const left = possible.filter((one) => !applied.includes(one));
    if (!left.some(isDone)) found.set(keyOf(state), state);
    for (const next of left) {
      if (left.some((one) => precedes(one, next))) continue;
      explore(applyChange(state, next), [...applied, next]);
    }
  };
  explore(null, []);
  return [...found.values()];
}

function keyOf(state: State): string {
  return `${state?.revision} ${contentOf(state?.images ?? [])}`;
}

export function judgeReleases(history: History, model: Model): Violation[] {
  const found: Violation[] = [];
  const complainAt =
    (at: number): Complain =>
    (rule, sentence, what) =>
      found.push({ rule, sentence: sentences[sentence], at, what });
  for (const call of history.releases) judgeCall(history, model, call, complainAt(call.answeredAt));
  judgeReleaseEvents(history, model, complainAt);
  return found;
}

function judgeCall(history: History, model: Model, call: ReleaseCall, complain: Complain): void {
  const { askedAt, answeredAt, status, timeoutSeconds } = call;
  const lastedMs = answeredAt - askedAt;
  const disturbed = isDisturbed(history, call.process, askedAt, answeredAt);
  const name = `${call.call} of the release`;
  if (status === null || status === 503) {
    if (!disturbed) complain('no answer', 'answer', `${name}: ${status ?? 'nothing'} after ${lastedMs} ms`);
    return;
  }
  const allowed = { put: [200, 201], get: [200, 404], wait: [200, 202, 404], delete: [204, 404] }[call.call];
  if (!allowed.includes(status)) {
    complain('unexpected status', 'release', `${name}: ${status}`);
    return;
  }
  if (lastedMs > timeoutSeconds * 1_000 + lateMs && !disturbed)
    complain('late answer', 'wait', `${name}: after ${lastedMs} ms`);
  const states = statesIn(history, windowAt(askedAt, answeredAt), call);
  const expected = states.map(nameOf).join(' or ');
  if (call.call === 'delete') {
    if (status === 404 && !states.includes(null))
      complain('lost release', 'release', `${name}: 404, there is ${expected}`);
    return;
  }
  if (call.call === 'put') {
    const after = states.map((state) => ({ state: applyChange(state, call), status: state === null ? 201 : 200 }));
    const right = after.some((one) => one.status === status && one.state?.revision === call.document?.revision);
    const is = `${status} with revision ${call.document?.revision}`;
    if (!right) complain('wrong revision', 'release', `${name}: ${is}, there was ${expected}`);
    return;
  }
  if (status === 404) {
    if (!states.includes(null)) complain('lost release', 'release', `${name}: 404, there is ${expected}`);
    return;
  }
  judgeContent(model, call, states, disturbed, complain);
}

function judgeContent(
  model: Model,
  call: ReleaseCall,
  states: readonly State[],
  disturbed: boolean,
  complain: Complain,
): void {
  const { askedAt, answeredAt, status, document, timeoutSeconds } = call;
  const name = `${call.call} of the release`;
  if (document === null) {
    complain('no document', 'release', `${name}: ${status} without a document`);
    return;
  }
  const listed = contentOf(document.images.map(({ digest }) => digest ?? ''));
  const state = states.find((one) => one?.revision === document.revision && contentOf(one.images) === listed);
  if (state === undefined || state === null) {
    const is = `revision ${document.revision} with ${document.images.length} images`;
    complain('another content', 'release', `${name}: ${is}, there is ${states.map(nameOf).join(' or ')}`);
    return;
  }
  const isWait = call.call === 'wait';
  if (isWait && document.satisfied !== (status === 200))
    complain('status and document differ', 'release', `${name}: ${status} with satisfied ${document.satisfied}`);
  // A wait that is not satisfied must have noticed within some seconds.
  const window = windowAt(status === 202 ? Math.min(askedAt, answeredAt - noticeMs) : askedAt, answeredAt);
  const sets = model.expectedSets(window);
  const isPossible = sets.some((set) =>
    state.images.every((digest) => set.every((region) => model.isPossiblyThere(digest, region, window))),
  );
  const isCertain = sets.every((set) =>
    state.images.every((digest) => set.every((region) => model.isCertainlyThere(digest, region, window))),
  );
  if (document.satisfied && !isPossible)
    complain('wrong yes', 'release', `${name}: satisfied, and an image is missing`);
  if (!document.satisfied && isCertain && !disturbed)
    complain('wrong no', 'release', `${name}: not satisfied, and every image was acknowledged everywhere`);
  const hasEnded = answeredAt - askedAt >= timeoutSeconds * 1_000 - toleranceMs;
  if (status === 202 && !hasEnded)
    complain('202 too early', 'wait', `${name}: after ${answeredAt - askedAt} ms of ${timeoutSeconds} s`);
}

function judgeReleaseEvents(history: History, model: Model, complainAt: (at: number) => Complain): void {
  const ids = new Map<string, string>();
  for (const { at, event } of history.releaseEvents) {
    const complain = complainAt(at);
    const { revision, createdAt } = event.data;
    const name = `${event.type.replace('AcrReplication.', '')} of revision ${String(revision)}`;
    if (![available, delayed].includes(event.type)) complain('unknown type of event', 'event', event.type);
    if ('satisfied' in event.data || 'requirement' in event.data) complain('event: shape', 'event', name);
    const fact = `${event.type} ${String(createdAt)} ${String(revision)}`;
    const known = ids.get(fact) ?? event.id;
    if (known !== event.id) complain('second id', 'id', `${name} is ${event.id}, and was ${known}`);
    ids.set(fact, known);
    const moments = [
      ...model.facts.map(({ sentAt }) => sentAt),
      ...history.releases.map(({ answeredAt }) => answeredAt),
      at,
    ];
    const about = (when: number) => statesIn(history, instant(when)).filter((state) => state?.revision === revision);
    const ever = moments
      .filter((when) => when <= at)
      .some((when) =>
        about(when).some((state) =>
          model
            .expectedSets(instant(when))
            .some((set) =>
              (state?.images ?? []).every((digest) =>
                set.every((region) => model.isPossiblyThere(digest, region, instant(when))),
              ),
            ),
        ),
      );
    if (event.type === available && !ever) complain('published too early', 'release', `${name}: an image was missing`);
    const made = history.releases.filter(
      (one) =>
        one.call === 'put' &&
        statesIn(history, windowAt(one.askedAt, one.answeredAt)).some((s) => s?.revision === revision),
    );
    const dueAt = Math.min(...made.map(({ askedAt }) => askedAt)) + history.delayedAfterSeconds * 1_000;
    if (event.type === delayed && at < dueAt - 1_000)
      complain('delayed too early', 'release', `${name}: ${Math.round((dueAt - at) / 1_000)} s before it was due`);
  }
}

/** In the end, a release that is complete has been published. */
export function judgeReleaseEnd(history: History, model: Model, complain: Complain): void {
  const settled: Window = { since: history.quietAt, until: Number.POSITIVE_INFINITY };
  const states = statesIn(history, settled);
  const [state] = states;
  if (states.length !== 1 || state === undefined || state === null) return;
  const isComplete = model
    .expectedSets(settled)
    .every((set) =>
      state.images.every((digest) => set.every((region) => model.isCertainlyThere(digest, region, settled))),
    );
  if (!isComplete) return;
  const isTaken = history.releaseEvents.some(
    ({ event, accepted }) => accepted && event.type === available && event.data.revision === state.revision,
  );
  if (!isTaken) complain('event lost', 'lost', `ReleaseAvailableInAllReplicas of ${nameOf(state)}: all are everywhere`);
  const last = history.releases.findLast(({ call, document }) => call === 'get' && document !== null);
  if (last?.document?.satisfied !== true) complain('wrong no', 'release', `${nameOf(state)}: not satisfied in the end`);
  if (typeof last?.document?.availableAt !== 'string')
    complain('not available', 'release', `${nameOf(state)}: no availableAt in the end`);
}
