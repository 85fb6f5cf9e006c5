/**
 * Reading JSON that somebody else wrote: the local host's files and requests arrive as `unknown`, and without this
 * every reader would repeat the same three checks or, worse, leave them out.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As deep as the host's own reader goes. Source: JsonSerializerSettings.MaxDepth of Newtonsoft.Json. */
const deepest = 64;

/**
 * The value, or `undefined` for text that is not JSON, or is nested deeper than the host reads: `JSON.parse` takes any
 * depth, and whatever walks through it afterwards, `JSON.stringify` first, runs out of stack.
 */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeeperThan(deepest, value) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
