/**
 * Patterns of names in which `*` stands for anything, also across `/`. The texts are chosen by whoever may push, so the
 * time to match one may not grow faster than its length: a regular expression with several `.*` tries every way to share
 * the text between them.
 */

/** Between the beginning and the end each part is taken where it first comes: if any place fits, so does that one. */
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
