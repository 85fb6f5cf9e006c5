/** Counts what a run recorded. */
import { isAcknowledged } from './delivery.ts';
import type { Counts } from './disturb.ts';
import type { Attempt, Evidence, Violation } from './evidence.ts';
import type { ChaosOptions } from './options.ts';
import type { Registry } from './registry.ts';
import type { Figures } from './report.ts';

export interface Ran {
  readonly options: ChaosOptions;
  readonly evidence: Evidence;
  readonly registry: Registry;
  readonly counts: Counts;
  readonly topicFailures: number;
  readonly settledAfterSeconds: number;
  readonly ownLagMs: number;
  readonly violations: readonly Violation[];
}

export function countFigures(ran: Ran): Figures {
  const { options, evidence, registry, counts } = ran;
  const { attempts, published, truth, waiters, samples, answers } = evidence;
  const keys = truth.keys();
  const firstDeliveries = registry.sentWebhooks.filter(({ isRepeat }) => !isRepeat);
  const acknowledged = new Set(attempts.filter(isAcknowledged).map(({ key }) => key));
  const count = (...kinds: readonly (typeof counts extends Map<infer Kind, number> ? Kind : never)[]) =>
    kinds.reduce((sum, kind) => sum + (counts.get(kind) ?? 0), 0);
  return {
    seed: options.seed,
    seconds: options.seconds,
    processes: options.processes,
    regions: registry.regions.length,
    images: keys.length,
    'images in all replicas at the end': keys.filter((key) => truth.isEverywhere(key)).length,
    'images deleted at some time': keys.filter((key) => isDeletedSomewhere(evidence, key)).length,
    indexes: evidence.families.size,
    'indexes whose members were known at the end': countRead(evidence),
    'members deleted at some time': listMembers(evidence).filter((key) => isDeletedSomewhere(evidence, key)).length,
    'images never acknowledged': keys.filter((key) => !acknowledged.has(key)).length,
    'webhook events fired': firstDeliveries.length,
    'webhook events lost on the way': firstDeliveries.filter(({ outcome }) => outcome === 'lost').length,
    'webhook events sent, repeats included': attempts.length,
    'webhook events acknowledged': attempts.filter(isAcknowledged).length,
    'webhook events acknowledged with 202': attempts.filter(({ status }) => status === 202).length,
    'webhook events refused with 503': attempts.filter(({ status }) => status === 503).length,
    'webhook events without an answer': attempts.filter(({ status }) => status === 0).length,
    'slowest answer of an undisturbed process, ms': slowest(attempts),
    kills: count('kill'),
    'kills of all processes': count('killAll'),
    'orderly restarts': count('end'),
    pauses: count('pause'),
    'storage restarts': count('restartStorage'),
    'storage pauses': count('pauseStorage'),
    "times the storage's answers were lost": count('loseStorageAnswers'),
    'outages of the topic': count('topic'),
    'publish requests that failed': ran.topicFailures,
    'outages of a replica': count('replica'),
    'regions cut off': count('region'),
    'events accepted': published.length,
    'events accepted again with the same id': published.length - new Set(published.map(({ id }) => id)).size,
    'waiters released': waiters.filter(({ released }) => released !== null).length,
    'answers checked during the run': samples.length,
    'answers checked at the end': answers.length,
    'settled after, s': Number(ran.settledAfterSeconds.toFixed(1)),
    'worst lag of the test itself, ms': Math.round(ran.ownLagMs),
    violations: ran.violations.length,
  };
}

function countRead({ families, answers }: Evidence): number {
  const read = answers.filter(({ subject, document }) => families.has(subject) && document.members !== null);
  return new Set(read.map(({ subject }) => subject)).size;
}

function listMembers({ families }: Evidence): string[] {
  return [...new Set([...families.values()].flat())];
}

function isDeletedSomewhere({ truth }: Evidence, key: string): boolean {
  return truth.regions().some((region) => truth.periodsIn(region, key).some(({ until }) => until !== null));
}

function slowest(attempts: readonly Attempt[]): number {
  const times = attempts.filter(({ isDisturbed }) => !isDisturbed).map(({ sentAt, endedAt }) => endedAt - sentAt);
  return times.reduce((longest, time) => Math.max(longest, time), 0);
}
