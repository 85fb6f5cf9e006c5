/**
 * The inline constraints of ASP.NET route templates, `{count:int}` and its siblings, as the host applies them to text.
 * A constraint that is not met means the route does not match, so a wrong rule here is a 404 only Azure shows, or hides.
 * https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints
 */
export type Constraint = (value: string) => boolean;

const INT32 = { min: -2_147_483_648n, max: 2_147_483_647n };
const INT64 = { min: -9_223_372_036_854_775_808n, max: 9_223_372_036_854_775_807n };
const GUID =
  /^\s*(\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|\([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\)|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})\s*$/i;
const DECIMAL = /^\s*[+-]?(\d[\d,]*\.?\d*|\.\d+)\s*$/;
const FLOAT = /^\s*[+-]?((\d[\d,]*\.?\d*|\.\d+)(e[+-]?\d+)?|Infinity|∞|NaN)\s*$/i;

/** `undefined`: there is no such constraint, or it is not written with such arguments. */
export function createConstraint(name: string, argument: string | undefined): Constraint | undefined {
  const key = name.toLowerCase();
  if (key === 'regex') return argument === undefined || argument === '' ? undefined : createRegexConstraint(argument);
  const simple = SIMPLE.get(key);
  if (simple !== undefined) return argument === undefined ? simple : undefined;
  const numbers = argument?.split(',').map(parseInteger) ?? [];
  if (numbers.some((number) => number === undefined)) return undefined;
  const [first, second] = numbers;
  if (first === undefined) return undefined;
  if (second === undefined) return ONE_NUMBER.get(key)?.(first);
  if (numbers.length > 2 || first > second) return undefined;
  return TWO_NUMBERS.get(key)?.(first, second);
}

const SIMPLE = new Map<string, Constraint>([
  ['int', (value) => isWithin(parseInteger(value), INT32.min, INT32.max)],
  ['long', (value) => isWithin(parseInteger(value), INT64.min, INT64.max)],
  ['bool', (value) => /^\s*(true|false)\s*$/i.test(value)],
  ['guid', (value) => GUID.test(value)],
  ['decimal', (value) => DECIMAL.test(value)],
  ['double', (value) => FLOAT.test(value)],
  ['float', (value) => FLOAT.test(value)],
  ['datetime', (value) => value.trim() !== '' && !Number.isNaN(Date.parse(value))],
  ['alpha', (value) => /^[a-z]*$/i.test(value)],
  ['required', (value) => value !== ''],
  ['file', isFileName],
  ['nonfile', (value) => !isFileName(value)],
]);

const ONE_NUMBER = new Map<string, (number: bigint) => Constraint>([
  ['minlength', (least) => (value) => BigInt(value.length) >= least],
  ['maxlength', (most) => (value) => BigInt(value.length) <= most],
  ['length', (length) => (value) => BigInt(value.length) === length],
  ['min', (least) => (value) => isWithin(parseInteger(value), least, INT64.max)],
  ['max', (most) => (value) => isWithin(parseInteger(value), INT64.min, most)],
]);

const TWO_NUMBERS = new Map<string, (least: bigint, most: bigint) => Constraint>([
  ['length', (least, most) => (value) => isWithin(BigInt(value.length), least, most)],
  ['range', (least, most) => (value) => isWithin(parseInteger(value), least, most)],
]);

/** Ignoring case and not anchored, as in .NET; the two dialects agree on everything a route should use. */
function createRegexConstraint(pattern: string): Constraint {
  const expression = new RegExp(pattern, 'i');
  return (value) => expression.test(value);
}

function parseInteger(text: string): bigint | undefined {
  return /^\s*[+-]?\d+\s*$/.test(text) ? BigInt(text.trim().replace(/^\+/, '')) : undefined;
}

function isWithin(value: bigint | undefined, min: bigint, max: bigint): boolean {
  return value !== undefined && value >= min && value <= max;
}

function isFileName(value: string): boolean {
  const last = value.slice(value.lastIndexOf('/') + 1);
  const dot = last.indexOf('.');
  return dot >= 0 && /[^.]/.test(last.slice(dot));
}
