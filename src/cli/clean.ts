/**
 * Cleans text from outside before anything else reads it. A terminal executes escape sequences and a build agent
 * executes commands in the output of a step, so an answer could otherwise control either.
 */

/** Control characters, and those that change the direction of the text after them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g;

/**
 * Azure Pipelines executes `##vso[` and `##[` anywhere in a line, GitHub `##[` anywhere and `::` at its beginning.
 * Agents and runners: ActionCommand.TryParseV2 and TryParse, Command.TryParse.
 */
export function clean(text: string): string {
  return text
    .replaceAll(controls, ' ')
    .replaceAll(/##(?=(?:vso)?\[)/gi, '# #')
    .replace(/^\s*::+/, '');
}

/** Cleans every string in a JSON value, including field names. */
export function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map(cleanDeep);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [clean(name), cleanDeep(field)]));
}
