/** Answers as pages show them, with `…` for what is left out, compared with the answers that are given. */

/** JSON values one after the other, with `…` for what was left out: in a text, among the elements, among the fields. */
export function parseShown(text: string): unknown[] {
  const whole = text.replaceAll(/"(?:[^"\\]|\\.)*"|,\s*…(?=\s*\})|…/g, (found) =>
    found.startsWith('"') ? found : found === '…' ? '"…"' : '',
  );
  return splitValues(whole).map((value) => JSON.parse(value));
}

/** Splits `{…}{…}` where brackets outside of texts are balanced. */
export function splitValues(text: string): string[] {
  const values: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token.startsWith('"')) continue;
    depth += token === '{' || token === '[' ? 1 : -1;
    if (depth > 0) continue;
    values.push(text.slice(from, index + 1));
    from = index + 1;
  }
  if (text.slice(from).trim() !== '') throw new Error(`not JSON: ${text.slice(from)}`);
  return values;
}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** @returns where the answer is not what is shown */
export function differences(shown: unknown, got: unknown, path = ''): string[] {
  const differs = [`${path || 'the answer'}: shown ${JSON.stringify(shown)}, got ${JSON.stringify(got)}`];
  if (typeof shown === 'string') {
    if (typeof got !== 'string') return shown === '…' && got !== undefined ? [] : differs;
    return isShown(shown, got, /\.eventTime$/.test(path)) ? [] : differs;
  }
  if (typeof shown === 'number' && /Seconds$/.test(path)) return typeof got === 'number' && got >= 0 ? [] : differs;
  if (shown === null || typeof shown !== 'object') return shown === got ? [] : differs;
  if (Array.isArray(shown)) {
    if (!Array.isArray(got)) return differs;
    if (shown.at(-1) === '…') {
      // For a part of the events the order is not shown: two events of the same millisecond may be in either order.
      if (got.length < shown.length) return differs;
      return shown.slice(0, -1).flatMap((element, i) => nearest(element, got, `${path}[${i}]`));
    }
    if (got.length !== shown.length) return differs;
    return shown.flatMap((element, i) => differences(element, got[i], `${path}[${i}]`));
  }
  if (got === null || typeof got !== 'object') return differs;
  const fields = new Map<string, unknown>(Object.entries(got));
  return Object.entries(shown).flatMap(([name, value]) => differences(value, fields.get(name), `${path}.${name}`));
}

function nearest(shown: unknown, among: readonly unknown[], path: string): string[] {
  const tried = among.map((got) => differences(shown, got, path)).sort((a, b) => a.length - b.length);
  return tried[0] ?? [];
}

/** `…` stands for any text; times at which the app learned something are equal, but not times that the reader sent. */
export function isShown(shown: string, got: string, exactly: boolean): boolean {
  if (time.test(shown) && !exactly) return time.test(got);
  const [first = '', ...rest] = shown.split('…');
  if (rest.length === 0) return shown === got;
  return got.startsWith(first) && got.endsWith(rest.at(-1) ?? '') && got.length > shown.length - 1;
}
