/**
 * What a build system is told beside the text that people read: outputs for later steps, a line where its page shows
 * errors, a summary. Commands to it go to standard error, which agents read as well, and so never into a result that a
 * script captures.
 */
import { azurePipelinesReport } from './azure-pipelines.ts';
import type { Answer } from './document.ts';
import { githubReport } from './github.ts';
import type { Surroundings } from './surroundings.ts';
import type { Verdict } from './verdict.ts';

export interface BuildReport {
  answered(answer: Answer): void;
  finish(verdict: Verdict, answer: Answer | undefined): Promise<void>;
}

export function buildReport({ stderr, environment }: Surroundings): BuildReport {
  if (environment.GITHUB_ACTIONS === 'true') return githubReport(stderr, environment);
  if (environment.TF_BUILD?.toLowerCase() === 'true') return azurePipelinesReport(stderr);
  return { answered() {}, async finish() {} };
}
