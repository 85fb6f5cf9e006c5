/**
 * What something else should have replaced before: variables of a shell, of compose and of pipelines, and templates. No
 * reference contains any of these marks.
 */
const marks = /\$\{[^}]*\}?|\$\([^)]*\)?|\$\[[^\]]*\]?|\$\w+|\{\{.*?(?:\}\}|$)|<[^>]*>|%\w+%/g;

/** @returns each once, as it stands there */
export function unresolvedIn(text: string): string[] {
  return [...new Set(text.match(marks))];
}
