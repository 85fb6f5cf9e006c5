/**
 * App settings on this machine: the file that Core Tools would read, or else the sample in the repository, so that a
 * fresh clone can start; variables of the process override both.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject, parseJson } from './json.ts';

export type Settings = Readonly<Record<string, string | undefined>>;

const FILES = ['local.settings.json', 'local.settings.sample.json'];

/**
 * The settings of the first file that exists, overridden by `environment`. @throws Error that names the file and the
 * setting
 */
export async function readSettings(directory: string, environment: Settings): Promise<Settings> {
  for (const name of FILES) {
    const path = join(directory, name);
    const text = await readFile(path, 'utf8').catch((failure: unknown) => {
      if (failure instanceof Error && 'code' in failure && failure.code === 'ENOENT') return undefined;
      throw failure;
    });
    if (text !== undefined) return { ...parseValues(text, path), ...environment };
  }
  return environment;
}

function parseValues(text: string, path: string): Record<string, string> {
  const content = parseJson(text);
  if (!isObject(content)) throw new Error(`${path}: must hold a JSON object.`);
  if (content.IsEncrypted === true) throw new Error(`${path}: is encrypted. Decrypt it with "func settings decrypt".`);
  const { Values: values = {} } = content;
  if (!isObject(values)) throw new Error(`${path}: "Values" must be an object.`);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      // Core Tools also converts numbers and flags; anything else is a mistake, most often JSON that is not in a
      // string.
      if (!['string', 'number', 'boolean'].includes(typeof value)) {
        throw new Error(`${path}: ${name} must be a text; write JSON values as JSON in a text.`);
      }
      return [name, String(value)];
    }),
  );
}

/** @throws Error when `PORT` is not a port */
export function readAddress({ PORT, HOST }: Settings): { port: number; host: string } {
  const text = PORT === undefined || PORT === '' ? '7071' : PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new Error(`PORT: must be a number from 0 to 65535 (got "${text}").`);
  return { port, host: HOST === undefined || HOST === '' ? '127.0.0.1' : HOST };
}
