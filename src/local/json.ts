/**
 * Reads untrusted JSON: the local host's files and requests arrive as `unknown`, and every reader would otherwise
 * repeat the same three checks or leave them out.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The depth limit of the host's own reader. Source: JsonSerializerSettings.MaxDepth of Newtonsoft.Json. */
const maxDepth = 64;

/**
 * The value, or `undefined` for text that is not JSON or is nested deeper than the host reads: `JSON.parse` accepts any
 * depth, and recursive code after it, such as `JSON.stringify`, would overflow the stack.
 */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isDeeperThan(maxDepth, value) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
