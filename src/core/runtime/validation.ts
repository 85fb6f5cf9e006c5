/**
 * Checks unknown input with a schema, with messages for the sender of the input. The library's own messages, such as "Invalid
 * input: expected string, received undefined", are for the author of the schema.
 */
import type * as z from 'zod';
import type { Parsed } from './parsed.ts';
import { parsed } from './parsed.ts';

/** @param prefix of every field, with the dot at its end */
export function readAs<S extends z.ZodType>(schema: S, input: unknown, prefix = ''): Parsed<z.output<S>> {
  const result = schema.safeParse(input, { error: describeIssue, reportInput: true });
  if (result.success) return parsed(result.data);
  const problems = result.error.issues.flatMap(innermost).map(({ path, message, input: got }) => ({
    field: `${prefix}${toField(path)}`.replace(/\.$/, '') || 'body',
    reason: got === undefined && path.length > 0 ? asRequired(message) : message,
  }));
  return { ok: false, problems };
}

/** For a union of a list and a text: the problems of the list's entries, not that of the union. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  const entries =
    issue.code === 'invalid_union'
      ? issue.errors.find((some) => some.length > 0 && some.every(({ path }) => path.length > 0))
      : undefined;
  return entries?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

/** As JavaScript would write it: `target.digest`, `images[3]`. */
function toField(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

/** For schemas without a message of their own. */
export function describeIssue(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'invalid_type') return issue.input === undefined ? required : toRule(issue.expected);
  if (issue.code === 'too_small') return describeBound(issue.origin, 'at least', issue.minimum, issue.inclusive);
  if (issue.code === 'too_big') return describeBound(issue.origin, 'at most', issue.maximum, issue.inclusive);
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? notAsExpected;
  return notAsExpected;
}

const required = 'is required';
const notAsExpected = 'is not of the form that is expected';

/** The message for a missing field: it is required, and what it must be. */
function asRequired(message: string): string {
  if (message.startsWith(required)) return message;
  return message.startsWith('must ') ? `${required} and ${message}` : `${required}: ${message}`;
}

const rules: Readonly<Record<string, string>> = {
  string: 'must be a text',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
  object: 'must be an object',
  record: 'must be an object',
  array: 'must be a list',
};

function toRule(expected: string): string {
  return rules[expected] ?? notAsExpected;
}

function describeBound(origin: string, bound: string, limit: number | bigint, isInclusive = true): string {
  const unit = units[origin];
  if (unit !== undefined) return limit === 1 ? 'must not be empty' : `must have ${bound} ${limit} ${unit}`;
  return isInclusive ? `must be ${bound} ${limit}` : `must be ${bound === 'at least' ? 'more' : 'less'} than ${limit}`;
}

const units: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };
