/**
 * A list that somebody wrote as one text: entries separated by commas or line breaks, as a command line, a query, a
 * block of YAML and the output of a command on Windows have them.
 */

/** @returns the entries without white space around them, in their order; what is empty is left out */
export function splitList(text: string): string[] {
  return splitWithGaps(text).filter((entry) => entry !== '');
}

/** What cannot be read: an entry, or a text of commas alone, which names nothing though somebody meant to. */
export function unreadOf(
  text: string | undefined,
  entries: readonly string[],
  isRead: (entry: string) => boolean,
): string | undefined {
  const whole = text?.trim();
  return entries.length === 0 && whole ? whole : entries.find((entry) => !isRead(entry));
}

/**
 * The same for a list of which nothing may be lost: an entry that is empty between commas stays, since it may be a variable
 * that was not set. Empty lines are left out.
 */
export function splitWithGaps(text: string): string[] {
  return text
    .split(/,?[^\S\r\n]*[\r\n]+/)
    .filter((line) => line.trim() !== '')
    .flatMap((line) => line.split(',').map((entry) => entry.trim()));
}
