/**
 * Text from elsewhere, cleaned before anything else reads it. A terminal obeys escape sequences and a build agent
 * obeys commands in what a step prints; an answer that could bring its own would drive either.
 */

/** Control characters, and those that turn the direction of what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/**
 * Azure Pipelines obeys `##vso[` and `##[` anywhere in a line, GitHub `##[` anywhere and `::` at its beginning.
 * Agents and runners: ActionCommand.TryParseV2 and TryParse, Command.TryParse.
 */
export function clean(text: string): string {
  return text
    .replaceAll(controls, ' ')
    .replaceAll(/##(?=(?:vso)?\[)/gi, '# #')
    .replace(/^\s*::+/, '');
}

/** The same for every text in a JSON value, names of fields as well. */
export function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map(cleanDeep);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [clean(name), cleanDeep(field)]));
}
