/**
 * Judges the published events: each event by itself, and one id for one fact. Refused and repeated events count as
 * well.
 */
import { wholeOf } from './families.ts';
import type { AvailabilityDocument, History, Published } from './history.ts';
import type { Complain } from './judging.ts';
import { tagNoticeMs, at as windowAt } from './judging.ts';
import type { Model, Window } from './model.ts';
import { instant } from './model.ts';
import type { CloudEvent } from './topic.ts';
import type { Violation } from './violation.ts';
import { sentences } from './violation.ts';

export const types = {
  inRegion: 'AcrReplication.ImageAvailableInRegion',
  inAll: 'AcrReplication.ImageAvailableInAllReplicas',
  deletedInRegion: 'AcrReplication.ImageDeletedInRegion',
  deletedInAll: 'AcrReplication.ImageDeletedInAllReplicas',
  converged: 'AcrReplication.TagConverged',
  superseded: 'AcrReplication.TagSuperseded',
  delayed: 'AcrReplication.ReplicationDelayed',
} as const;

const tagTypes: readonly string[] = [types.converged, types.superseded];

export interface EventData extends Partial<AvailabilityDocument> {
  readonly generation?: number;
  readonly region?: string;
  readonly durationSeconds?: number;
  readonly supersededBy?: string;
}

export const dataOf = (event: CloudEvent) => event.data as EventData;

export function judgeEvents(history: History, model: Model): Violation[] {
  const found: Violation[] = [];
  for (const published of history.published) {
    const complain = (rule: string, sentence: keyof typeof sentences, what: string) =>
      found.push({
        rule,
        sentence: sentences[sentence],
        at: published.at,
        what: `${describeEvent(published.event)}: ${what}`,
      });
    judgeShape(history, published, complain);
    const { members } = dataOf(published.event);
    judgeTruth(history, members === null ? model.alone : model, published, complain);
  }
  return [...found, ...judgeIds(history, model)];
}

export function describeEvent(event: CloudEvent): string {
  const { generation, region, digest } = dataOf(event);
  const more = [
    region,
    generation === undefined ? undefined : `generation ${generation}`,
    tagTypes.includes(event.type) ? digest?.slice(7, 15) : undefined,
  ];
  return `${event.type.replace('AcrReplication.', '')} ${event.subject} ${more.filter((one) => one !== undefined).join(' ')}`;
}

function judgeShape(history: History, { event }: Published, complain: Complain): void {
  const data = dataOf(event);
  if (!(Object.values(types) as string[]).includes(event.type)) {
    complain('unknown type of event', 'event', event.type);
    return;
  }
  const isOfTag = tagTypes.includes(event.type);
  const shape: [string, unknown, unknown][] = [
    ['specversion', event.specversion, '1.0'],
    ['source', event.source, history.source],
    ['has an id', typeof event.id === 'string' && event.id.length > 0, true],
    ['has a time', Number.isFinite(Date.parse(event.time)), true],
    ['data.repository', data.repository, history.repository],
    ['has a generation', Number.isInteger(data.generation) && (data.generation ?? 0) >= 1, true],
    ['no satisfied', 'satisfied' in data, false],
    ['no requirement', 'requirement' in data, false],
  ];
  if (!isOfTag) shape.push(['subject', event.subject, `${history.repository}@${data.digest}`]);
  else shape.push(['subject', event.subject.startsWith(`${history.repository}:`), true]);
  if (event.type === types.inRegion || event.type === types.deletedInRegion)
    shape.push(['region', typeof data.region, 'string']);
  if (event.type === types.inAll) shape.push(['durationSeconds', (data.durationSeconds ?? -1) >= 0, true]);
  for (const [what, is, should] of shape) {
    if (is !== should)
      complain(`event: ${what}`, 'event', `${what} is ${JSON.stringify(is)}, expected ${JSON.stringify(should)}`);
  }
}

function judgeTruth(history: History, model: Model, { at, event }: Published, complain: Complain): void {
  const data = dataOf(event);
  const { digest, region } = data;
  if (typeof digest !== 'string') {
    complain('event without a digest', 'event', 'no digest');
    return;
  }
  // A decision is published later: it must have been possible at some instant before.
  const instants = [
    ...model.facts.map(({ sentAt }) => sentAt),
    ...history.served.map((served) => served.at),
    at,
  ].filter((one) => one <= at);
  const ever = (isPossible: (regions: readonly string[], when: ReturnType<typeof instant>) => boolean) =>
    instants.some((when) => model.expectedSets(instant(when)).some((set) => isPossible(set, instant(when))));
  const tag = event.subject.slice(history.repository.length + 1);

  if (event.type === types.inRegion && region !== undefined) {
    if (!ever((_, when) => model.isPossiblyThere(digest, region, when))) {
      complain('published too early', 'early', `${region} had not reported it`);
    }
  } else if (event.type === types.inAll) {
    if (!ever((set, when) => set.every((one) => model.isPossiblyThere(digest, one, when)))) {
      complain('published too early', 'early', 'not every expected region had reported it at any time');
    }
  } else if (event.type === types.deletedInRegion && region !== undefined) {
    if (!ever((_, when) => model.isPossiblyDeleted(digest, region, when))) {
      complain('published as deleted', 'deleted', `${region} never reported that`);
    }
  } else if (event.type === types.deletedInAll) {
    const every = [...new Set(model.facts.map((fact) => fact.region))];
    if (!ever((set, when) => model.isPossiblyGone(digest, set, when) || model.isPossiblyGone(digest, every, when))) {
      complain(
        'published as deleted everywhere',
        'deleted',
        'some region certainly had it all the time, or none deleted it',
      );
    }
  } else if (event.type === types.converged) {
    const isThere = (one: string, when: ReturnType<typeof instant>) =>
      model.isPossiblyPointed(tag, digest, one, when) && model.isPossiblyThere(digest, one, when);
    const isConverged = (set: readonly string[], { since, until }: Window) =>
      set.every((one) => isThere(one, windowAt(since - tagNoticeMs, until)));
    if (!ever(isConverged)) {
      complain('published as converged too early', 'early', 'not every region resolved the tag to it at any time');
    }
  } else if (event.type === types.superseded) {
    judgeSuperseded(model, tag, digest, data.supersededBy, at, complain);
  } else if (event.type === types.delayed) {
    judgeDelayed(history, model, digest, data, at, complain);
  }
}

function judgeSuperseded(
  model: Model,
  tag: string,
  digest: string,
  by: string | undefined,
  at: number,
  complain: Complain,
): void {
  if (by === undefined) {
    complain('superseded by nothing', 'event', 'carries one digest only');
    return;
  }
  if (by === digest) complain('superseded by itself', 'order', 'both digests are the same');
  if (!model.mayBeAfter(tag, digest, by, instant(at))) {
    complain('published as superseded', 'order', `no region reported ${by.slice(7, 15)} after it`);
  }
}

function judgeDelayed(
  history: History,
  model: Model,
  digest: string,
  data: EventData,
  at: number,
  complain: Complain,
): void {
  const { missing = [] } = data;
  if (missing.length === 0) complain('delayed without missing regions', 'delayed', 'no missing regions');
  const first = Math.min(
    ...model.facts.filter((fact) => fact.action === 'push' && fact.digest === digest).map(({ sentAt }) => sentAt),
    ...history.served.filter((served) => served.digest === digest).map((served) => served.at),
  );
  const dueAt = first + history.delayedAfterSeconds * 1_000 - 1_000;
  if (at < dueAt) {
    complain('delayed too early', 'delayed', `${Math.round((at - first) / 1_000)} s after the first report`);
    return;
  }
  // Once it was deleted, the time is counted again; the contract does not say from when.
  if (model.facts.some((fact) => fact.action !== 'push')) return;
  for (const region of missing) {
    if (model.isCertainlyThere(digest, region, instant(dueAt))) {
      complain('delayed by a region that has it', 'delayed', `${region} had reported it when it was due`);
    }
  }
}

/** The number of generations that a digest can have had is bounded by what was removed, and by what was added. */
function maxGenerations(history: History, model: Model, digest: string): number {
  const removals = model.facts.filter(
    (fact) =>
      fact.action === 'repositoryDelete' ||
      (fact.action === 'delete' && fact.digest !== null && wholeOf(history, digest).includes(fact.digest)),
  );
  const absent = history.served.filter(({ result }) => result === 'absent').length > 0 && removals.length > 0 ? 1 : 0;
  return 1 + removals.length + absent + (history.expected.length - 1);
}

function judgeIds(history: History, model: Model): Violation[] {
  const found: Violation[] = [];
  const idsOf = new Map<string, Set<string>>();
  const factOf = new Map<string, string>();
  for (const { at, event } of history.published) {
    const data = dataOf(event);
    // A tag that returns to a digest converges again: the contract does not say with which generation.
    const isOfTag = tagTypes.includes(event.type);
    const fact = [event.type, event.subject, data.digest, ...(isOfTag ? [] : [data.region, data.generation])].join(' ');
    const known = factOf.get(event.id);
    if (known !== undefined && known !== fact) {
      found.push({
        rule: 'one id for two facts',
        sentence: sentences.id,
        at,
        what: `${event.id} is the id of ${fact}, and ${known}`,
      });
    }
    factOf.set(event.id, fact);
    const ids = idsOf.get(fact) ?? new Set();
    if (!ids.has(event.id) && ids.size > 0 && !(isOfTag && isBackAgain(model, data))) {
      found.push({
        rule: 'second id',
        sentence: sentences.id,
        at,
        what: `${fact} is published as ${event.id}, and was as ${[...ids]}`,
      });
    }
    idsOf.set(fact, ids.add(event.id));
    const highest = maxGenerations(history, model, data.digest ?? '');
    if (!isOfTag && (data.generation ?? 1) > highest) {
      const what = `${describeEvent(event)}, though it can have had ${highest} at most`;
      found.push({ rule: 'too many generations', sentence: sentences.id, at, what });
    }
  }
  return found;
}

function isBackAgain(model: Model, { digest }: EventData): boolean {
  const rounds = new Set(
    model.facts.filter((fact) => fact.digest === digest && fact.tag !== null).map(({ round }) => round),
  );
  // By a wrong time in one region the tag left it before it came; by the times of the others it came after that.
  const isMisdated = model.facts.some((fact) => fact.digest === digest && fact.tag !== null && !fact.isOnTime);
  return rounds.size > 1 || isMisdated || model.facts.some(({ action }) => action !== 'push');
}
