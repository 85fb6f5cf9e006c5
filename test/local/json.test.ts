/** Reading untrusted JSON: edge cases. */
import { expect, test } from 'vitest';
import { parseJson } from '../../src/local/json.ts';

const arrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

test.each(['', '{', 'undefined', '\ufeff{}', "{'a':1}"])('%j is not JSON', (text) => {
  expect(parseJson(text)).toBeUndefined();
});

test.each([arrays(64), objects(64), '[{"__proto__":{"a":1}}]'])('is read', (text) => {
  expect(JSON.stringify(parseJson(text))).toBe(text);
});

test.each([arrays(65), objects(65), arrays(100_000), objects(100_000)])('is too deep', (text) => {
  expect(parseJson(text)).toBeUndefined();
});
