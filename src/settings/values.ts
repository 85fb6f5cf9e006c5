/** Reads single settings, and describes their faults without showing a secret. */

import { quote } from '../core/runtime/parsed.ts';
import { isOrigin } from '../core/runtime/url-origin.ts';

/** @returns the setting without surrounding white space; `undefined` when it is not set or empty */
export type Get = (name: string) => string | undefined;
export type Fault = (name: string, reason: string) => void;

export function readNumber(name: string, fallback: number, max: number, get: Get, fault: Fault): number {
  const text = get(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d{1,8}$/.test(text) && value >= 1 && value <= max) return value;
  fault(name, `must be a whole number from 1 to ${max} (got ${show(text)})`);
  return fallback;
}

export function readOrigin(name: string, get: Get, fault: Fault): string | undefined {
  const text = get(name);
  if (text !== undefined && !isOrigin(text))
    fault(name, `must be an https:// origin without a path (got ${show(text)})`);
  return text;
}

/** Accepts JSON, or JSON in base64: azd and other tools write settings into a JSON file without escaping quotes. */
export function parseJson(text: string): unknown {
  return readJson(text) ?? readJson(Buffer.from(text, 'base64').toString('utf8'));
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The value found, for a message. Not shown when it may be a secret: a URL may carry a password or a key, and where
 * settings were mixed up, any may hold the secret of another.
 */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (mayBeSecret(text)) return 'something that may hold a secret, not shown';
  return typeof value === 'string' ? quote(value) : text.slice(0, 80);
}

/** URLs with a user or a query; long opaque texts, like keys and tokens; texts that name a key. */
export function mayBeSecret(text: string): boolean {
  const isOpaque = /^[A-Za-z0-9+/=_-]{24,}$/.test(text) && !text.startsWith('/subscriptions/');
  return isOpaque || /[@?]|-----BEGIN|(?:Key|Signature|Secret|Password|Token)["']?\s*[=:]/i.test(text);
}

/** For a value that is a secret: shows at most its length. */
export function conceal(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? `${value.length} characters, not shown` : 'something else, not shown';
}

/** @param path as a schema reports the place of a fault */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}
