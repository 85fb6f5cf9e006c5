/** Reads the files that name images, or standard input, and reports the faults of all of them at once. */
import type { FieldProblem, Parsed } from '../../core/runtime/parsed.ts';
import { parsed, problem } from '../../core/runtime/parsed.ts';
import { clean } from '../clean.ts';
import type { CliContext } from '../cli-context.ts';
import { readImages } from './read-images.ts';

/** More than all manifests of a large cluster need. */
const maxBytes = 64 * 1024 * 1024;

const reasons: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'it is a folder',
  EACCES: 'no right to read it',
};

/** @param files `-` is standard input; a file that is named twice is read once */
export async function readFiles(
  files: readonly string[],
  { readFile }: Pick<CliContext, 'readFile'>,
): Promise<Parsed<readonly string[]>> {
  const images: string[] = [];
  const problems: FieldProblem[] = [];
  for (const file of new Set(files)) {
    const name = file === '-' ? 'standard input' : clean(file);
    const text = await readFile(file).then(
      (bytes) => decode(bytes, name),
      (error: unknown) => problem(name, describe(error)),
    );
    const read = text.ok ? await readImages(text.value, name) : text;
    if (read.ok) images.push(...read.value);
    else problems.push(...read.problems);
  }
  return problems.length === 0 ? parsed([...new Set(images)]) : { ok: false, problems };
}

/** UTF-8, or UTF-16 with a byte order mark, as Windows PowerShell writes output. */
function decode(bytes: Uint8Array, name: string): Parsed<string> {
  if (bytes.byteLength > maxBytes) return problem(name, `must have at most ${maxBytes} bytes`);
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  try {
    return parsed(new TextDecoder(encoding, { fatal: true }).decode(bytes));
  } catch {
    return problem(name, 'must be text in UTF-8');
  }
}

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return `cannot be read: ${reasons[code] ?? clean(code || String(error))}`;
}
