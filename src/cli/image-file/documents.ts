/** The documents of a text in YAML or JSON, as plain values. */
import type { Parsed } from '../../core/runtime/parsed.ts';
import { parsed, problem } from '../../core/runtime/parsed.ts';
import { clean } from '../clean.ts';

/** @param file named in the problem */
export async function readDocuments(text: string, file: string): Promise<Parsed<readonly unknown[]>> {
  const json = readJson(text);
  if (json !== undefined) return parsed([json]);
  // Most who wait have no file.
  const { parseAllDocuments } = await import('../third-party/yaml.mjs');
  // Rendered charts have keys twice, and compose files `<<` and tags of their own.
  const documents = parseAllDocuments(withoutDefinitions(text), { uniqueKeys: false, merge: true, logLevel: 'silent' });
  const values: unknown[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) return problem(file, describe(error));
    try {
      values.push(document.toJS());
    } catch (error) {
      return problem(file, describe(error));
    }
  }
  return parsed(values.filter((value) => value !== null));
}

/**
 * Most of what a project publishes describes its resources, megabytes of it, and runs nothing: not worth seconds of
 * reading. Lines keep their numbers. A line that begins with `---` is in no text of a document.
 */
function withoutDefinitions(text: string): string {
  return text
    .split(/^(?=---\s)/m)
    .map((part) => (/^kind: *CustomResourceDefinition\s*$/m.test(part) ? part.replaceAll(/[^\r\n]+/g, '') : part))
    .join('');
}

/** The first line of it: what follows is a picture of the place. */
function describe(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return `is neither a list of images nor YAML or JSON: ${clean(line).replace(/:$/, '')}`;
}

function readJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
