/** Reads an action's inputs as the runner gives them, and waits. */
import { workflowCommand } from './github.ts';
import { need, Stop } from './question.ts';
import type { Environment, Surroundings } from './surroundings.ts';
import { printLine } from './surroundings.ts';
import { parseConnection } from './tracker-client.ts';
import { wait } from './wait.ts';
import { parseWaitRequest } from './wait-request.ts';

export async function runAction(surroundings: Surroundings): Promise<number> {
  const { stdout, stderr, environment } = surroundings;
  const input = (name: string) => readInput(environment, name);
  const url = input('url') ?? environment.ACR_REPLICATION_URL;
  const key = input('key') ?? environment.ACR_REPLICATION_KEY;
  if (key !== undefined && key !== '') printLine(stdout, workflowCommand('add-mask', {}, key));
  try {
    const request = need(
      parseWaitRequest({
        image: input('image') ?? '',
        regions: input('regions'),
        require: input('require'),
        timeout: input('timeout'),
      }),
    );
    return await wait(request, need(parseConnection(url, key)), { output: 'text' }, surroundings);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    printLine(stderr, workflowCommand('error', { title: 'Bad input' }, error.message));
    return error.exitCode;
  }
}

/** The runner's spelling: upper case, blanks as underscores, dashes kept; inputs left out are empty. */
export function readInput(environment: Environment, name: string): string | undefined {
  const value = environment[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`]?.trim();
  return value === '' ? undefined : value;
}
