/**
 * What a build system gets beside the text that people read: outputs for later steps, a line where its page shows
 * errors, a summary. Commands to it go to standard error, which agents read as well, and so never into a result that a
 * script captures.
 */
import type { Answer } from './document.ts';
import type { Verdict } from './verdict.ts';

export interface BuildReport {
  answered(answer: Answer): void;
  /** @param answers one for each image, in their order; @param state of all of them */
  finish(verdict: Verdict, answers: readonly Answer[], state: string | undefined): Promise<void>;
}
