/**
 * A part of a body that some senders put in as a value, and others as JSON text.
 * @returns `undefined` for text that is not JSON
 */
export function fromJsonText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
