/**
 * What a build system gets besides the text for people: outputs for later steps, an annotation where its page shows
 * errors, a summary. Its commands go to standard error, which agents read as well, so they never end up in a result
 * that a script captures.
 */
import type { Answer } from './document.ts';
import type { Verdict } from './verdict.ts';

export interface BuildReport {
  answered(answer: Answer): void;
  /**
   * @param answers one for each image, in their order
   * @param state of all of them
   */
  finish(verdict: Verdict, answers: readonly Answer[], state: string | undefined): Promise<void>;
}
