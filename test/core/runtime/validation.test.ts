import { expect, test } from 'vitest';
import * as z from 'zod';
import { readAs } from '../../../src/core/runtime/validation.ts';

const wordless = z.object({
  text: z.string().min(1).max(3),
  more: z.string().min(8).optional(),
  count: z.int().positive().max(9),
  size: z.number(),
  flag: z.boolean(),
  list: z.array(z.string()).min(1).max(2),
  kind: z.enum(['a', 'b']),
  map: z.record(z.string().regex(/^[a-z]+$/, 'must be letters'), z.string()),
  either: z.union([z.string(), z.number()]),
});
const whole = { text: 'abc', count: 1, size: 0.5, flag: true, list: ['x'], kind: 'a', map: { a: 'b' }, either: 1 };

test('what is right is read', () => {
  expect(readAs(wordless, whole)).toEqual({ ok: true, value: whole });
});

test.each<[object, string, string]>([
  [{ text: undefined }, 'text', 'is required'],
  [{ text: 5 }, 'text', 'must be a text'],
  [{ text: null }, 'text', 'must be a text'],
  [{ text: '' }, 'text', 'must not be empty'],
  [{ text: 'abcd' }, 'text', 'must have at most 3 characters'],
  [{ more: 'short' }, 'more', 'must have at least 8 characters'],
  [{ count: 1.5 }, 'count', 'must be a whole number'],
  [{ count: 0 }, 'count', 'must be more than 0'],
  [{ count: 10 }, 'count', 'must be at most 9'],
  [{ size: '1' }, 'size', 'must be a number'],
  [{ flag: 'yes' }, 'flag', 'must be true or false'],
  [{ list: 'x' }, 'list', 'must be a list'],
  [{ list: [] }, 'list', 'must not be empty'],
  [{ list: ['a', 'b', 'c'] }, 'list', 'must have at most 2 entries'],
  [{ list: [5] }, 'list[0]', 'must be a text'],
  [{ kind: 'c' }, 'kind', 'must be one of a, b'],
  [{ kind: undefined }, 'kind', 'is required and must be one of a, b'],
  [{ map: [] }, 'map', 'must be an object'],
  [{ map: { A: 'b' } }, 'map.A', 'must be letters'],
  [{ either: true }, 'either', 'is not of the form that is expected'],
])('%j is refused with a message', (change, field, reason) => {
  expect(readAs(wordless, { ...whole, ...change })).toEqual({ ok: false, problems: [{ field, reason }] });
});

test('a message of the schema wins, and a missing field is called required', () => {
  const worded = z.object({ id: z.string('must be an id'), name: z.string('a name') }, 'must be a JSON object');
  expect(readAs(worded, undefined)).toEqual({
    ok: false,
    problems: [{ field: 'body', reason: 'must be a JSON object' }],
  });
  expect(readAs(worded, {}, 'data.')).toEqual({
    ok: false,
    problems: [
      { field: 'data.id', reason: 'is required and must be an id' },
      { field: 'data.name', reason: 'is required: a name' },
    ],
  });
  expect(readAs(worded, 5, 'data.')).toMatchObject({ problems: [{ field: 'data' }] });
});
