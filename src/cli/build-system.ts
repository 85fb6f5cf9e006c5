/** Detects the build system that runs the command, by the variables that each sets for its jobs. */

import { azurePipelinesReport } from './azure-pipelines.ts';
import type { BuildReport } from './build-report.ts';
import type { CliContext } from './cli-context.ts';
import { githubReport } from './github.ts';
export function buildReport({ stderr, environment }: CliContext): BuildReport {
  if (environment.GITHUB_ACTIONS === 'true') return githubReport(stderr, environment);
  if (environment.TF_BUILD?.toLowerCase() === 'true') return azurePipelinesReport(stderr);
  return { answered() {}, async finish() {} };
}
