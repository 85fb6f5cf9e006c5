/**
 * Reads a route template, `webhooks/{registry}/{region:alpha}`, into segments to match with. The host hands templates
 * to ASP.NET, whose small print decides between a function and a 404: which braces are escaped, where a catch-all may
 * stand, what is optional. A template it would refuse is refused here too, with the reason.
 */
import { type Constraint, createConstraint } from './route-constraints.ts';

export interface Parameter {
  readonly name: string;
  readonly isOptional: boolean;
  readonly isCatchAll: boolean;
  readonly fallback: string | undefined;
  readonly constraints: readonly Constraint[];
}

/** One part: a literal or a parameter. Several: a complex segment like `{name}.{extension}`. */
export type Part = { readonly literal: string } | { readonly parameter: Parameter };
export type Segment = readonly Part[];

const NAME = /^[^/{}?*:=]+$/;

/** @throws Error with the template and the reason. */
export function parseTemplate(template: string): Segment[] {
  const fail = (reason: string): never => {
    throw new Error(`route "${template}": ${reason}`);
  };
  const text = template.replace(/^~?\//, '').replace(/\/$/, '');
  if (text === '') return [];
  const segments = splitSegments(text, fail).map((segment) => parseSegment(segment, fail));
  const parameters = segments.flatMap((segment) =>
    segment.flatMap((part) => ('parameter' in part ? [part.parameter] : [])),
  );
  const names = parameters.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) fail(`the parameter "${twice}" appears twice`);
  for (const [index, segment] of segments.entries()) {
    for (const part of segment) {
      if (!('parameter' in part)) continue;
      const { name, isCatchAll, isOptional } = part.parameter;
      if (isCatchAll && index < segments.length - 1) fail(`the catch-all "${name}" must be the last segment`);
      if (segment.length > 1 && isCatchAll) fail(`the catch-all "${name}" must be alone in its segment`);
      if (segment.length > 1 && isOptional) fail(`the optional "${name}" must be alone in its segment`);
    }
  }
  return segments;
}

type Fail = (reason: string) => never;

/** Splits at the slashes outside of braces; `{{` and `}}` are single braces and stay doubled here. */
function splitSegments(text: string, fail: Fail): string[] {
  const segments = [''];
  let isInside = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if ((character === '{' || character === '}') && text.charAt(index + 1) === character) {
      segments.push(`${segments.pop() ?? ''}${character}${character}`);
      index += 1;
      continue;
    }
    if (character === '{') isInside = isInside ? fail('a brace opens inside a parameter; write it twice') : true;
    if (character === '}') isInside = isInside ? false : fail('a brace closes that was not opened; write it twice');
    if (character === '/' && !isInside) segments.push('');
    else segments.push(`${segments.pop() ?? ''}${character}`);
  }
  if (isInside) fail('a brace is not closed');
  if (segments.includes('')) fail('a segment is empty');
  return segments;
}

function parseSegment(segment: string, fail: Fail): Segment {
  // A parameter runs to the first single closing brace, a literal to the first single opening one.
  const parts = segment.match(/\{(?!\{)(?:\{\{|\}\}|[^{}])*\}(?!\})|(?:\{\{|\}\}|[^{}])+/g) ?? [];
  if (parts.join('') !== segment) fail(`"${segment}" is not well formed`);
  const parsed = parts.map((part): Part => {
    const isParameter = part.startsWith('{') && !part.startsWith('{{');
    const text = (isParameter ? part.slice(1, -1) : part).replaceAll('{{', '{').replaceAll('}}', '}');
    if (!isParameter && text.includes('?')) fail('a question mark may only end a parameter');
    return isParameter ? { parameter: parseParameter(text, fail) } : { literal: text };
  });
  const isTouching = parsed.some((part, index) => 'parameter' in part && 'parameter' in (parsed[index - 1] ?? {}));
  return isTouching ? fail(`"${segment}" has two parameters with nothing between them`) : parsed;
}

function parseParameter(text: string, fail: Fail): Parameter {
  const stars = /^\*{0,2}/.exec(text)?.[0] ?? '';
  const rest = text.slice(stars.length);
  const nameEnd = rest.search(/[:=?]|$/);
  const name = rest.slice(0, nameEnd);
  if (!NAME.test(name)) fail(`"${name}" is not a parameter name`);
  const { constraints, end } = parseConstraints(rest, nameEnd, fail);
  const tail = rest.slice(end);
  const isOptional = tail === '?';
  const fallback = tail.startsWith('=') ? tail.slice(1) : undefined;
  if (tail !== '' && !isOptional && fallback === undefined) fail(`"${text}" is not well formed`);
  if (fallback?.endsWith('?')) fail(`the optional "${name}" cannot have a default`);
  if (isOptional && stars !== '') fail(`the catch-all "${name}" cannot be optional; it may be empty anyway`);
  return { name, isOptional, isCatchAll: stars !== '', fallback, constraints };
}

function parseConstraints(text: string, from: number, fail: Fail): { constraints: Constraint[]; end: number } {
  const constraints: Constraint[] = [];
  let end = from;
  while (text.charAt(end) === ':') {
    const [whole = '', name = ''] = /^:([A-Za-z]*)/.exec(text.slice(end)) ?? [];
    end += whole.length;
    let argument: string | undefined;
    if (text.charAt(end) === '(') {
      const close = findClosing(text, end);
      if (close < 0) fail(`a parenthesis of "${name}" is not closed`);
      argument = text.slice(end + 1, close);
      end = close + 1;
    }
    const constraint = createConstraint(name, argument);
    constraints.push(
      constraint ?? fail(`there is no constraint "${text.slice(end - whole.length, end) && whole.slice(1)}" like this`),
    );
  }
  return { constraints, end };
}

/** A regular expression may hold parentheses and colons; the argument ends where the next thing can start. */
function findClosing(text: string, from: number): number {
  for (let index = text.indexOf(')', from); index >= 0; index = text.indexOf(')', index + 1)) {
    if (/^$|^[:=?]/.test(text.slice(index + 1)) && isBalanced(text.slice(from + 1, index))) return index;
  }
  return -1;
}

function isBalanced(text: string): boolean {
  const plain = text.replace(/\\./g, '').replace(/\[[^\]]*\]/g, '');
  return plain.split('(').length === plain.split(')').length;
}
