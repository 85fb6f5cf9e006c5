/** How single settings are read, and how a fault shows what was found without showing a secret. */
import { isOrigin } from '../core/origin.ts';
import { quote } from '../core/parsed.ts';

/** @returns the setting without surrounding white space; `undefined` when it is not set or empty */
export type Get = (name: string) => string | undefined;
export type Fault = (name: string, reason: string) => void;

export function readNumber(name: string, fallback: number, most: number, get: Get, fault: Fault): number {
  const text = get(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d{1,8}$/.test(text) && value >= 1 && value <= most) return value;
  fault(name, `must be a whole number from 1 to ${most} (got ${show(text)})`);
  return fallback;
}

export function readOrigin(name: string, get: Get, fault: Fault): string | undefined {
  const text = get(name);
  if (text !== undefined && !isOrigin(text))
    fault(name, `must be an https:// origin without a path (got ${quote(text)})`);
  return text;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What was found, for a message. An address may carry a password, or a key in its query: then it is not repeated. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/[@?]/.test(text)) return 'something that may hold a secret, not shown';
  return typeof value === 'string' ? quote(value) : text.slice(0, 80);
}

/** What was found where a secret may be: how long it is, at most. */
export function conceal(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? `${value.length} characters, not shown` : 'something else, not shown';
}

/** @param path as a schema names what is wrong */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
