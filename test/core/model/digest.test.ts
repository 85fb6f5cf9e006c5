import { describe, expect, test } from 'vitest';
import { isDigest, parseDigest } from '../../../src/core/model/digest.ts';

const hex = '0123456789abcdef'.repeat(4);

const good = [`sha256:${hex}`, `sha256:${'0'.repeat(64)}`, `sha256:${'f'.repeat(64)}`];

const bad: [string, unknown][] = [
  ['nothing', ''],
  ['hex alone', hex],
  ['63 digits', `sha256:${hex.slice(1)}`],
  ['65 digits', `sha256:${hex}0`],
  ['upper-case hex', `sha256:${hex.toUpperCase()}`],
  ['upper-case algorithm', `SHA256:${hex}`],
  // OCI allows it, the registry stores sha256 only.
  ['another algorithm', `sha512:${hex}${hex}`],
  ['masked with x, as documented samples are', `sha256:xxxx${hex.slice(4)}`],
  ['a leading space', ` sha256:${hex}`],
  ['a trailing line feed', `sha256:${hex}\n`],
  ['full-width digits', `sha256:${'０'.repeat(64)}`],
  ['a number', 256],
  ['null', null],
  ['undefined', undefined],
  ['an array that prints like one', [`sha256:${hex}`]],
  ['an object that prints like one', { toString: () => `sha256:${hex}` }],
];

describe('a digest', () => {
  test.each(good)('%s', (text) => {
    expect(parseDigest(text)).toBe(text);
    expect(isDigest(text)).toBe(true);
  });

  test.each(bad)('is not %s', (_what, value) => {
    expect(parseDigest(value)).toBeUndefined();
    expect(isDigest(value)).toBe(false);
  });
});
