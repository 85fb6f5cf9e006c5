/**
 * The images to request: those of the command line, and those in files whose registry is tracked. Faults that can be
 * found without the tracker are reported first.
 */

import type { CliContext } from './cli-context.ts';
import { printLine } from './cli-context.ts';
import { exitCodes } from './exit-codes.ts';
import { readFiles } from './image-file/read-files.ts';
import type { Sorted } from './image-file/tracked.ts';
import { describeUntracked, sortByRegistry } from './image-file/tracked.ts';
import { interruptionOf } from './interruption.ts';
import { CommandError, parsedOrFail } from './question.ts';

export interface Named {
  /** Instead of images and files. */
  readonly release?: string | undefined;
  readonly images: readonly string[];
  /** `-` is standard input. */
  readonly files: readonly string[];
  /** Images of untracked registries are an error. */
  readonly isStrict: boolean;
}

/** @returns the images in the files, each once; none without files */
export async function readNamed({ images, files }: Named, cliContext: CliContext): Promise<readonly string[]> {
  if (images.length + files.length === 0) {
    const message =
      "missing required argument 'image': registry/repository:tag, …@digest, a file that names some (-f), or a release (--release)";
    throw new CommandError(message, exitCodes.badUsage, '(--help says more)');
  }
  const read = await readFiles(files, cliContext);
  const interruption = interruptionOf(cliContext.signal);
  if (interruption !== undefined) throw new CommandError('interrupted', exitCodes[interruption]);
  return parsedOrFail(read);
}

/**
 * @param inFiles the result of `readNamed`
 * @param loginServers of the tracked registries
 * @returns all images to request
 */
export function selectTracked(
  { images, isStrict }: Named,
  inFiles: readonly string[],
  loginServers: readonly string[],
  { stderr }: Pick<CliContext, 'stderr'>,
): readonly string[] {
  const sorted: Sorted = sortByRegistry(inFiles, loginServers);
  const lines = describeUntracked(sorted);
  const tracked = `tracked: ${loginServers.join(', ') || 'none'}`;
  if (isStrict && lines.length > 0) throw new CommandError([...lines, tracked].join('\n'), exitCodes.badUsage);
  for (const line of lines) printLine(stderr, `left out, since ${line}`);
  const all = [...images, ...sorted.tracked];
  if (all.length === 0)
    throw new CommandError(`no image is of a registry that is tracked; ${tracked}`, exitCodes.badUsage);
  return all;
}
