/**
 * A list in one text, with entries separated by commas or line breaks: from a command line, a query, a YAML block, or the output
 * of a command on Windows.
 */

/** @returns the entries without white space around them, in their order; empty ones are left out */
export function splitList(text: string): string[] {
  return splitWithGaps(text).filter((entry) => entry !== '');
}

/** The first invalid entry, or the text itself if it has only commas: its author meant to name something. */
export function unreadOf(
  text: string | undefined,
  entries: readonly string[],
  isRead: (entry: string) => boolean,
): string | undefined {
  const whole = text?.trim();
  return entries.length === 0 && whole ? whole : entries.find((entry) => !isRead(entry));
}

/**
 * The same, but keeps an empty entry between commas, which may be a variable that was not set and must be reported. Empty lines
 * are left out.
 */
export function splitWithGaps(text: string): string[] {
  return text
    .split(/,?[^\S\r\n]*[\r\n]+/)
    .filter((line) => line.trim() !== '')
    .flatMap((line) => line.split(',').map((entry) => entry.trim()));
}
