/** Parses the documents of a YAML or JSON text as plain values. */
import type { Parsed } from '../../core/runtime/parsed.ts';
import { parsed, problem } from '../../core/runtime/parsed.ts';
import { clean } from '../clean.ts';

/** @param file the file's name, for error messages */
export async function readDocuments(text: string, file: string): Promise<Parsed<readonly unknown[]>> {
  const json = readJson(text);
  if (json !== undefined) return parsed([json]);
  // Loaded only here: most waits have no file.
  const { parseAllDocuments } = await import('../third-party/yaml.mjs');
  // Rendered charts repeat keys, and compose files use `<<` and custom tags.
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
 * Drops CustomResourceDefinitions: they describe resources in megabytes of text, run nothing, and would need seconds to
 * parse. Line numbers stay the same. A line that begins with `---` never belongs to a text inside a document.
 */
function withoutDefinitions(text: string): string {
  return text
    .split(/^(?=---\s)/m)
    .map((part) => (/^kind: *CustomResourceDefinition\s*$/m.test(part) ? part.replaceAll(/[^\r\n]+/g, '') : part))
    .join('');
}

/** The first line of the error: the rest is a drawing of the place. */
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
