/** A plain list: one image per line, with `#` before comments, as projects publish the images they need offline. */
import type { Mention } from './mention.ts';

/** How every other format begins: a document, a key, an entry, JSON. */
const structure = /^(?:---|%|[-?]\s|[{[]|[^\s#]+:(?:\s|$))/;

/** Recognised by the first line that is not empty or a comment; a text without one is an empty list. */
export function isPlainList(text: string): boolean {
  const first = linesOf(text).find(({ image }) => image !== '');
  return first === undefined || !structure.test(first.image);
}

export function imagesInList(text: string): Mention[] {
  return linesOf(text).filter(({ image }) => image !== '');
}

function linesOf(text: string) {
  return text
    .split(/\r\n|\r|\n/)
    .map((line, i) => ({ image: unquoted(line.replace(/(?:^|\s)#.*$/, '').trim()), where: `line ${i + 1}` }));
}

/** Removes the quotes of a JSON string, as jq prints it. */
function unquoted(line: string): string {
  return line.replace(/^(["'])(.*)\1$/, '$2');
}
