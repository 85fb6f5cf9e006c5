/**
 * Reading JSON that somebody else wrote: the local host's files and requests arrive as `unknown`, and without this
 * every reader would repeat the same three checks or, worse, leave them out.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value, or `undefined` for text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
