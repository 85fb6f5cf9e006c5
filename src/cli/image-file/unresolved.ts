/**
 * Finds placeholders that should have been replaced earlier: variables of a shell, of compose and of pipelines, and
 * templates. No reference contains any of these marks.
 */
const marks = /\$\{[^}]*\}?|\$\([^)]*\)?|\$\[[^\]]*\]?|\$\w+|\{\{.*?(?:\}\}|$)|<[^>]*>|%\w+%/g;

/** @returns each once, as written */
export function unresolvedIn(text: string): string[] {
  return [...new Set(text.match(marks))];
}
