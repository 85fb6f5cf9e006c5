/**
 * A list that somebody wrote as one text: entries separated by commas or line breaks, as a command line, a query, a
 * block of YAML and the output of a command on Windows have them.
 */

/**
 * @returns the entries without white space around them, in their order. Empty lines are left out; an entry that is empty
 * between commas is not: it may be a variable that was not set, and a shorter list would mean something else.
 */
export function splitList(text: string): string[] {
  return text
    .split(/,?[^\S\r\n]*[\r\n]+/)
    .filter((line) => line.trim() !== '')
    .flatMap((line) => line.split(',').map((entry) => entry.trim()));
}
