/** The registries of a list: the one named on the command line, or all that are tracked. */

import type { CliContext } from './cli-context.ts';
import { readText } from './document.ts';
import { askOnce } from './question.ts';
import type { TrackerClient } from './tracker-client.ts';
import { isFields } from './tracker-reply.ts';

export async function registriesToList(
  registry: string | undefined,
  client: TrackerClient,
  cliContext: CliContext,
): Promise<string[]> {
  if (registry !== undefined) return [registry];
  const { registries } = await askOnce(client, cliContext, 'api/registries');
  const named = Array.isArray(registries) ? registries.filter(isFields) : [];
  return named.flatMap(({ name }) => readText(name) ?? []);
}
