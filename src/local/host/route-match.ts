/**
 * Matches a request path against one parsed template, in the two passes ASP.NET makes. Literals ignore case, parameter
 * values keep it, a trailing slash does not count, and an empty segment matches nothing.
 */
import type { Parameter, Segment } from './route-template.ts';

export type Params = Record<string, string>;

/** The parameters found, or `undefined` when the path is not of this route. `path` starts with a slash. */
export function matchPath(segments: readonly Segment[], path: string): Params | undefined {
  const params: Params = {};
  let offset = 1;
  for (const segment of segments) {
    const parameter = findLone(segment);
    const isAtEnd = offset >= path.length;
    if (isAtEnd) {
      if (!fillAbsent(parameter, params)) return undefined;
      continue;
    }
    const end = endOfSegment(path, offset);
    if (end === offset) return undefined;
    if (parameter?.isCatchAll) {
      params[parameter.name] = path.slice(offset);
      offset = path.length;
    } else {
      if (!matchSegment(segment, path.slice(offset, end), params)) return undefined;
      offset = end + 1;
    }
  }
  // More text than segments, where one trailing slash is no text.
  if (offset < path.length) return undefined;
  return meetsConstraints(segments, params) ? params : undefined;
}

function endOfSegment(path: string, offset: number): number {
  const slash = path.indexOf('/', offset);
  return slash < 0 ? path.length : slash;
}

function findLone(segment: Segment): Parameter | undefined {
  const [part] = segment;
  return segment.length === 1 && part !== undefined && 'parameter' in part ? part.parameter : undefined;
}

/** A segment the path does not reach: fine for what may be left out. */
function fillAbsent(parameter: Parameter | undefined, params: Params): boolean {
  if (parameter === undefined) return false;
  if (parameter.fallback !== undefined) params[parameter.name] = parameter.fallback;
  return parameter.isCatchAll || parameter.isOptional || parameter.fallback !== undefined;
}

/** Made at the first request that meets the segment. */
const patterns = new WeakMap<Segment, RegExp>();

function patternOf(segment: Segment): RegExp {
  const known = patterns.get(segment);
  if (known !== undefined) return known;
  // Read from the right, so the first parameters take as much as they can: what greedy groups do.
  const parts = segment.map((part) => ('literal' in part ? escapePattern(part.literal) : '(.+)'));
  const pattern = new RegExp(`^${parts.join('')}$`, 'is');
  patterns.set(segment, pattern);
  return pattern;
}

function matchSegment(segment: Segment, text: string, params: Params): boolean {
  const found = patternOf(segment).exec(text);
  if (found === null) return false;
  const names = segment.flatMap((part) => ('parameter' in part ? [part.parameter.name] : []));
  for (const [index, name] of names.entries()) params[name] = found[index + 1] ?? '';
  return true;
}

function meetsConstraints(segments: readonly Segment[], params: Params): boolean {
  return segments.flat().every((part) => {
    if (!('parameter' in part)) return true;
    const { name, isOptional, constraints } = part.parameter;
    const value = params[name];
    // A constraint on something absent is met only where it may be absent; an empty catch-all is not that.
    if (value === undefined) return isOptional || constraints.length === 0;
    return constraints.every((isMet) => isMet(value));
  });
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
