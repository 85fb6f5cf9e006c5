/**
 * Route templates as this app writes them: literals and whole-segment parameters, `webhooks/{registry}/{region}`. The
 * host also supports constraints, defaults and catch-alls; a template with any of these is refused here, so that
 * nothing is matched differently than on Azure. Literals ignore case, parameter values keep it, one trailing slash is
 * ignored.
 */
export type Params = Record<string, string>;

/** A literal in lower case, or a parameter by its name. */
export type Segment = { readonly literal: string } | { readonly parameter: string };

/** @throws Error with the template and the reason */
export function parseTemplate(template: string): Segment[] {
  const text = template.replace(/^\/|\/$/g, '');
  if (text === '') return [];
  const segments = text.split('/').map((part): Segment => {
    const [, parameter] = /^\{(\w+)\}$/.exec(part) ?? [];
    if (parameter !== undefined) return { parameter };
    if (/^[\w.-]+$/.test(part)) return { literal: part.toLowerCase() };
    throw new Error(`route "${template}": "${part}" is neither a literal nor a parameter like {name}`);
  });
  const names = segments.flatMap((segment) => ('parameter' in segment ? [segment.parameter.toLowerCase()] : []));
  if (new Set(names).size < names.length) throw new Error(`route "${template}": a parameter appears twice`);
  return segments;
}

/** @param path with its leading slash. @returns the parameters, or `undefined` when the path is not of this route */
export function matchPath(segments: readonly Segment[], path: string): Params | undefined {
  const parts = path.slice(1).replace(/\/$/, '').split('/');
  const given = parts.length === 1 && parts[0] === '' ? [] : parts;
  if (given.length !== segments.length) return undefined;
  const params: Params = {};
  for (const [i, segment] of segments.entries()) {
    const part = given[i] ?? '';
    if (part === '') return undefined;
    if ('parameter' in segment) params[segment.parameter] = part;
    else if (part.toLowerCase() !== segment.literal) return undefined;
  }
  return params;
}

/** Whether a path can match both. */
export function canOverlap(a: readonly Segment[], b: readonly Segment[]): boolean {
  return (
    a.length === b.length &&
    a.every((segment, i) => {
      const other = b[i];
      return other === undefined || 'parameter' in segment || 'parameter' in other || segment.literal === other.literal;
    })
  );
}
