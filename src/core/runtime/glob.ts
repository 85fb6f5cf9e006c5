/**
 * Patterns of names in which `*` matches any characters, also `/`. Clients that may push choose the texts, so the time to match
 * one must not grow faster than its length: a regular expression with several `.*` may need exponential time.
 */

/** Each part between the start and the end is matched at its first place: if a later place would match, so does the first. */
export function matchesGlob(pattern: string, text: string): boolean {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return text === pattern;
  if (!text.startsWith(start) || !text.endsWith(end)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + end.length <= text.length;
}
