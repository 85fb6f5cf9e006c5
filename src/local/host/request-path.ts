/**
 * The path of a request as the host's web server sees it: every escape decoded but `%2F`, dot segments removed. Node
 * passes the path as sent, and parameters routed from that would differ from Azure.
 */

/** The path and query of a request line, not decoded. An absolute URL, as a proxy sends it, loses its origin. */
export function splitTarget(target: string): { path: string; query: string } {
  const local = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const [beforeHash = ''] = local.split('#', 1);
  const mark = beforeHash.indexOf('?');
  const path = mark < 0 ? beforeHash : beforeHash.slice(0, mark);
  return { path: path.startsWith('/') ? path : `/${path}`, query: mark < 0 ? '' : beforeHash.slice(mark) };
}

export function decodePath(path: string): string {
  const decoded = path.replace(/(%[0-9a-f]{2})+/gi, (run) => run.split(/(%2f)/i).map(decodeRun).join(''));
  return removeDotSegments(decoded);
}

/** Escapes that are not UTF-8 stay as they are. */
function decodeRun(run: string): string {
  if (/^%2f$/i.test(run)) return run;
  try {
    return decodeURIComponent(run);
  } catch {
    return run;
  }
}

function removeDotSegments(path: string): string {
  if (!/(^|\/)\.{1,2}(\/|$)/.test(path)) return path;
  const kept: string[] = [];
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === '..') kept.pop();
    if (segment !== '.' && segment !== '..') kept.push(segment);
    else if (isLast) kept.push('');
  }
  return `/${kept.join('/')}`;
}
