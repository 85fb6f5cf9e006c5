import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesGlob } from '../../../src/core/runtime/glob.ts';

test.each<[string, string, boolean]>([
  ['*', '', true],
  ['*', 'team/app', true],
  ['**', 'v1', true],
  ['', '', true],
  ['', 'a', false],
  ['v1', 'v1', true],
  ['v1', 'v10', false],
  ['v*', 'v1', true],
  ['v*', 'av1', false],
  ['*-rc', '1-rc', true],
  ['*-rc', '1-rc2', false],
  ['team/*/app', 'team/a/b/app', true],
  ['team/*/app', 'team/app', false],
  // One text cannot stand for two parts of the pattern.
  ['ab*ba', 'aba', false],
  ['ab*ba', 'abba', true],
  ['*ab*ab', 'ab', false],
  ['*a*b', 'ba', false],
  ['1.*', '1x2', false],
  ['a+(b)*', 'a+(b)c', true],
])('%s and %j: %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected);
});

test('it agrees with a regular expression', () => {
  const word = (letters: string[], maxLength: number) => fc.string({ unit: fc.constantFrom(...letters), maxLength });
  fc.assert(
    fc.property(word(['a', 'b', '*'], 6), word(['a', 'b'], 8), (pattern, text) => {
      const regex = new RegExp(`^${pattern.replaceAll(/\*+/g, '.*')}$`);
      expect(matchesGlob(pattern, text)).toBe(regex.test(text));
    }),
    { numRuns: 2_000 },
  );
});

describe('a long tag', () => {
  /** The least of several: what else the machine does only ever makes one slower. */
  function millisecondsOf(pattern: string, text: string): number {
    const times = Array.from({ length: 7 }, () => {
      const startedAt = performance.now();
      for (let i = 0; i < 500; i++) matchesGlob(pattern, text);
      return performance.now() - startedAt;
    });
    return Math.min(...times);
  }

  test.each(['*a*a*b', 'a*a*a*ab', '*aa*aa*b'])('costs %s no more than in proportion to its length', (pattern) => {
    millisecondsOf(pattern, 'a'.repeat(32));
    const [short, long] = [16, 96].map((length) => millisecondsOf(pattern, 'a'.repeat(length))) as [number, number];
    // Six times as long; two stars tried in every way would be 36 times as much, three 216.
    expect(long / Math.max(short, 0.01)).toBeLessThan(20);
  });
});
