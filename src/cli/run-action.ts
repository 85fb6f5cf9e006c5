/** Reads an action's inputs from the environment, and waits. */

import { splitList } from '../core/runtime/text-list.ts';
import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import type { Environment } from './environment.ts';
import { exitCodes } from './exit-codes.ts';
import { workflowCommand } from './github.ts';
import { CommandError, parsedOrFail } from './question.ts';
import { parseConnection } from './tracker-client.ts';
import { titles } from './verdict.ts';
import { waitForNamed } from './wait-named.ts';

export async function runAction(cliContext: CliContext): Promise<number> {
  const { stdout, stderr, environment } = cliContext;
  const input = (name: string) => readInput(environment, name);
  const url = input('url') ?? environment.ACR_REPLICATION_URL;
  const key = input('key') ?? environment.ACR_REPLICATION_KEY;
  if (key !== undefined && key !== '') printLine(stdout, workflowCommand('add-mask', {}, key));
  try {
    const list = (name: string) => splitList(input(name) ?? '');
    const named = { release: input('release'), images: list('image'), files: list('file'), isStrict: false };
    const texts = {
      regions: input('regions'),
      require: input('require'),
      artifacts: input('artifacts'),
      platforms: input('platforms'),
      timeout: input('timeout'),
    };
    const connect = () => parsedOrFail(parseConnection(url, key, environment));
    return await waitForNamed(named, texts, connect, { output: 'text' }, cliContext);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const title = error.exitCode === exitCodes.badUsage ? titles.badUsage : titles.unexpected;
    const message = error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
    printLine(stderr, workflowCommand('error', { title }, message));
    return error.exitCode;
  }
}

/** The runner's spelling: upper case, blanks as underscores, dashes kept; omitted inputs are empty. */
export function readInput(environment: Environment, name: string): string | undefined {
  const value = environment[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`]?.trim();
  return value === '' ? undefined : value;
}
