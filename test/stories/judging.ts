/** What all who judge have in common. */
import type { AvailabilityQuery, History } from './history.ts';
import type { Window } from './model.ts';
import type { sentences } from './violation.ts';

export type Complain = (rule: string, sentence: keyof typeof sentences, what: string) => void;

/** After so long, a wait must have noticed what was acknowledged. Contract: a poll's length is not named. */
export const noticeMs = 10_000;

/** What is stored of one digest of a tag is noted in the other digests right after that, by the same instance. */
export const tagNoticeMs = 1_000;

export const at = (since: number, until: number): Window => ({ since, until });

/** By a fault of its own, or because the machine was too busy to judge times. */
export function isDisturbed({ faults }: History, process: number, from: number, until: number): boolean {
  return faults.some(
    (fault) => (fault.process === process || fault.kind === 'slow') && fault.from <= until && fault.until >= from,
  );
}

export function neededOf(require: AvailabilityQuery['require'], count: number): number {
  if (require === 'all') return count;
  return require === 'any' ? 1 : require;
}
